"""Pages opened without a browser by their address, and what stands on them: charts, tables, downloads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy, StreamlitTheme
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.golden import canonical
from tests.golden.canonical import Output

HOME: Final = "leaderboard"
_PATIENCE: Final = 300


@dataclass(frozen=True)
class View:
    """A page in one state of its address. files: what is dropped on it; fields: what is typed, by label."""

    page: str
    name: str
    query: Mapping[str, str | list[str]] = field(default_factory=dict)
    dark: bool = False
    width: str = "wide"
    plus_minus: bool = False
    files: tuple[Path, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


class Browser:
    """Opens pages of a checkout over a data directory, and catches what their buttons would download."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.caught: list[tuple[str, bytes]] = []
        self.theme = "light"
        self.width = "wide"

    @contextmanager
    def over(self, data: Path) -> Iterator[None]:
        """Within this, pages show this data; exports are open. What is computed in the background is waited for."""
        result, button, component, popover = Future.result, st.download_button, st._bidi_component, st.popover

        def wait(future: Future[Any], timeout: float | None = None) -> Any:
            return result(future, _PATIENCE)

        def download(label: str, data: Any, *args: Any, **options: Any) -> Any:
            content = data() if callable(data) else data
            name = str(options.get("file_name") or args[0])
            self.caught.append((name, content.encode() if isinstance(content, str) else bytes(content)))
            return button(label, data, *args, **options)

        def opened(*args: Any, **options: Any) -> Any:
            shown = popover(*args, **options)
            if options.get("on_change"):  # what is made only while it is open, such as exports
                shown.open = True
            return shown

        def mounted(*args: Any, **options: Any) -> Any:
            if "width" in (options.get("default") or {}):
                options["default"] = options["default"] | {"width": self.width}
            return component(*args, **options)

        theme = property(lambda _: StreamlitTheme({"type": self.theme}))
        with (
            mock.patch.dict(os.environ, {"SIUO_DATA": str(data)}),
            mock.patch.object(Future, "result", wait),
            mock.patch.object(st, "download_button", download),
            mock.patch.object(st, "popover", opened),
            mock.patch.object(st, "_bidi_component", mounted),
            mock.patch.object(ContextProxy, "theme", theme),
            # Else every opened page looks through all installed packages for components, a third of its time.
            mock.patch.object(manifest_scanner, "scan_component_manifests", lambda *_, **__: []),
        ):
            _forget()
            try:
                yield
            finally:
                _forget()

    def open(self, view: View) -> AppTest:
        """The page after its last run; `caught` holds what could be downloaded from it then."""
        self.theme, self.width = "dark" if view.dark else "light", view.width
        app = AppTest.from_file(str(self.root / "app.py"), default_timeout=_PATIENCE)
        for name, value in view.query.items():
            app.query_params[name] = value
        if view.page != HOME:  # by its address, which stays when the page's file moves
            app._page_hash = calc_hash(view.page)
        self._run(app)
        if view.files:
            app.file_uploader[0].set_value([(path.name, path.read_bytes(), "") for path in view.files])
            self._run(app)
        if view.fields:
            for label, text in view.fields.items():
                fields = [*app.text_input, *(each for each in app.selectbox if each.label == f"{label} *")]
                next(each for each in fields if each.label.rstrip(" *") == label).set_value(text)
            self._run(app)
        if view.plus_minus:
            for each in app.button_group:
                if "plus-minus" in str(each.key) or str(each.key).endswith("-intervals"):
                    each.set_value("plus-minus")
            self._run(app)
        return app

    def _run(self, app: AppTest) -> None:
        self.caught.clear()
        app.run()
        if app.exception:
            raise AssertionError(f"the page failed: {[(each.message, each.stack_trace) for each in app.exception]}")

    def outputs(self, view: View) -> dict[str, Output]:
        """Everything that stands on the page, by the place where it stands."""
        app = self.open(view)
        found: dict[str, Output] = {}
        charts: list[Any] = [each.proto for each in app.get("plotly_chart")]
        for place, proto in enumerate(charts):
            found[f"chart-{place}"] = canonical.chart(proto.spec, proto.config)
        for place, shown in enumerate(app.dataframe):
            found[f"table-{place}"] = canonical.table(shown.value)
        for place, (name, content) in enumerate(self.caught):
            found[f"download-{place:02d}.{name.rpartition('.')[2]}"] = canonical.file(name, content)
        if len(app.download_button) != len(self.caught):
            raise AssertionError(
                f"of {len(app.download_button)} downloads {len(self.caught)} were caught: Browser.over"
            )
        counts = f"{len(charts)} charts, {len(app.dataframe)} tables"
        return found | {"files": Output("\n".join([counts, *(name for name, _ in self.caught)]))}


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


def choices(browser: Browser, page: str, key: str) -> list[str]:
    """What a chooser of a page offers, as the address names it."""
    app = browser.open(View(page, "choices"))
    choosers: list[Any] = [each for each in (*app.selectbox, *app.multiselect) if each.key == key]
    return list(choosers[0].options) if choosers else []
