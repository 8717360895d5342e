"""All outputs of a store, by name."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.golden import stores, terminal
from tests.golden.canonical import Output, Texts, digest, normal, rounded
from tests.golden.pages import Browser
from tests.golden.views import Views

ROOT: Final = Path(__file__).resolve().parents[2]
FIXTURES: Final = "fixtures"
PARTS: Final = (*stores.STORES, "examples", FIXTURES)


def fixtures(root: Path = ROOT) -> Path:
    """The maintainers' folder of real result files beside the checkout; a clone has none."""
    return root.parent / "shared" / "fixtures"


def collect(part: str, root: Path = ROOT, *, everything: bool = False) -> Texts:
    """{name: text} of one of PARTS: a store's pages and commands, or result files that are taken in."""
    with tempfile.TemporaryDirectory() as made, _imported_from(root):
        folder = Path(made).resolve()
        found: dict[str, Output] = {}
        paths = {folder: "MADE", root: "ROOT", fixtures(root): "FIXTURES"}
        if part in stores.STORES:
            data = stores.make(part, root, folder)
            paths[data] = "DATA"
            found = _pages(part, data, root, everything) | _commands(part, data, root, folder, everything)
        else:
            files, at = (terminal.EXAMPLES, root / "examples")
            if part == FIXTURES:
                files, at = terminal.FIXTURES, fixtures(root)
            command = terminal.Terminal(root / "data")
            for name, chosen in files.items():
                found |= {f"{part}/{each}": output for each, output in command.taking_in(name, chosen, at)}
        return dict(sorted(normal(found, paths).items()))


def digests(texts: Texts, *, by_view: bool = False) -> dict[str, str]:
    """{name: digest}: of each command, and for a page's view of all its charts, tables and downloads each.

    by_view: of a view as one. A dump has every output as a file of its own.
    """
    joined: dict[str, list[str]] = {}
    for name, text in texts.items():
        place, _, part = name.partition("#")
        view, _, output = place.rpartition("/")
        kind = output.partition("-")[0]
        paged = kind in ("chart", "table", "download", "files")
        group = place if not paged else view if by_view else f"{view}/{kind}"
        joined.setdefault(f"{group}#{part}", []).append(f"{place}\n{rounded(text)}")
    return {name: digest("\n".join(sorted(found))) for name, found in sorted(joined.items())}


def _pages(store: str, data: Path, root: Path, everything: bool) -> dict[str, Output]:
    browser = Browser(root)
    found: dict[str, Output] = {}
    with browser.over(data):
        views = list(Views(store, browser, root / "examples", everything=everything).all())
        for view in views:
            name = f"{store}/{view.page}/{view.name.replace(' ', '_')}"
            outputs = {f"{name}/{place}": output for place, output in browser.outputs(view).items()}
            if outputs.keys() & found.keys():
                raise AssertionError(f"two views are named {name}")
            found |= outputs
    return found


def _commands(store: str, data: Path, root: Path, folder: Path, everything: bool) -> dict[str, Output]:
    command = terminal.Terminal(data)
    found = dict(command.reading(everything=everything)) | dict(command.export(folder))
    if store == "shipped":
        found["build"] = Output(terminal.built(root, folder), "")
    return {f"{store}/commands/{name}": output for name, output in found.items()}


@contextmanager
def _imported_from(root: Path) -> Iterator[None]:
    """The program is that of the checkout; what was imported before must be of it, too."""
    at = str(root)
    sys.path.insert(0, at)
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # Streamlit warns of each page that no server runs: hundreds of lines
    try:
        yield
    finally:
        logging.disable(before)
        sys.path.remove(at)
    of: Callable[[str], str] = lambda name: str(getattr(sys.modules[name], "__file__", "") or "")  # noqa: E731
    strangers = [name for name in sys.modules if name.split(".")[0] == "siuo_dash" and not of(name).startswith(at)]
    if strangers:
        raise AssertionError(f"these were imported from another checkout: {strangers[:3]}")
