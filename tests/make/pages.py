"""Pages without a browser: the app from its first line, as any visitor or as a person whose identity a test states."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest, element_tree
from streamlit.testing.v1.element_tree import Selectbox

from siuo_dash.ui import board_table, identity
from siuo_dash.ui import page as registry
from tests.conftest import ROOT
from tests.make.runs import make_run, share
from tests.make.stores import make_data
from tests.settings.test_settings import AUTH, auth

OpenApp = Callable[..., AppTest]
OpenAs = Callable[..., AppTest]
ISSUER = AUTH["server_metadata_url"].removesuffix("/.well-known/openid-configuration")
HOME = "rankings/leaderboard.py"


def _select_state(box: Selectbox[Any]) -> WidgetState:
    """What a browser sends of a chosen or typed option; AppTest itself fails where the option is a typed one."""
    if box.value is None:
        return WidgetState(id=box.id)
    return WidgetState(id=box.id, string_value=element_tree._format_value_for_widget(box.format_func, box.value))


setattr(Selectbox, "_widget_state", property(_select_state))  # noqa: B010


def app_at(query: Mapping[str, Any]) -> AppTest:
    """The app at an address with this query, not run yet."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    return app


def rows(app: AppTest, place: int = 0) -> list[dict[str, Any]]:
    """The rows of a list of links (ui.rows), of the first on the page or another."""
    lists = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "siuo_rows"]
    return list(json.loads(lists[place].json)["rows"]) if len(lists) > place else []


def opened_row(app: AppTest, place: int = 0) -> str:
    """The id of the row that is marked as open; '' where none is, or no list."""
    lists = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "siuo_rows"]
    return str(json.loads(lists[place].json)["open"]) if len(lists) > place else ""


@pytest.fixture(scope="module")
def _computed_once() -> Iterator[None]:
    """A file's tests share what pages keep, as the visitors of a server do: a figure is computed once for its data."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch, _computed_once: None) -> OpenApp:
    """open_app(data=None, page=HOME, *, first=None, **query): a page that has run; without data on the shipped data.

    first: a page's name; it is opened in place of the home page. AppTest carries the state of the page that was opened
    first over to others, in a way that browsers do not.
    What pages keep is kept between tests: one that changes the program itself has to clear st.cache_resource.
    """

    def opened(data: Path | None = None, page: str = HOME, *, first: str | None = None, **query: Any) -> AppTest:
        if data is None:
            monkeypatch.delenv("SIUO_DATA", raising=False)
        else:
            monkeypatch.setenv("SIUO_DATA", str(data))
        app = app_at(query)
        if first is not None:
            monkeypatch.setattr(registry, "HOME", first)
        elif page != HOME:
            app.switch_page(f"pages/{page}")
        return app.run()

    return opened


def claims(email: str | None, **changed: Any) -> dict[str, Any]:
    """What a provider says of a person; None = nobody is signed in."""
    if email is None:
        return {"is_logged_in": False}
    return {
        "is_logged_in": True,
        "iss": ISSUER,
        "aud": AUTH["client_id"],
        "iat": int(time.time()),
        "email": email,
        "email_verified": True,
        "provider": "default",
    } | changed


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with two published runs."""
    return make_data(
        tmp_path / "data",
        *(make_run(name, share(k), responses_per_sample=1) for name, k in (("First-7B", 90), ("Second-7B", 60))),
    )


@pytest.fixture
def open_as(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAs]:
    """open_as(email, page="contribute/review.py", state={}, said={}, **query): a hosted page that has run."""
    monkeypatch.setenv("SIUO_DATA", str(data))
    monkeypatch.setenv("SIUO_MODE", "hosted")
    monkeypatch.setenv("SIUO_REVIEWERS", "reviewer@example.org, second@example.org")
    secrets = [str(auth(tmp_path))]

    def opened(
        email: str | None,
        page: str = "contribute/review.py",
        /,
        *,
        state: Mapping[str, Any] | None = None,
        said: Mapping[str, Any] | None = None,
        **query: Any,
    ) -> AppTest:
        app = app_at(query)
        app.user = claims(email, **(said or {}))
        for name, value in (state or {}).items():
            app.session_state[name] = value
        app.switch_page(f"pages/{page}")
        return app.run()

    identity.settings.cache_clear()
    before = config.get_option("secrets.files")
    config._set_option("secrets.files", secrets, "a test")
    yield opened
    config._set_option("secrets.files", before, "a test")
    st.secrets._reset()  # or Streamlit goes on signing cookies with this test's secret
    identity.settings.cache_clear()
    st.cache_resource.clear()


def words(app: AppTest) -> str:
    """All that a page says, and what its widgets offer."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.success, app.text)
    said = [element.value for kind in kinds for element in kind]
    said += [str(element.proto) for kind in (app.selectbox, app.button) for element in kind]
    components: list[Any] = [element.proto for element in app.get("bidi_component")]
    said += [str(json.loads(proto.json)) for proto in components if proto.json]
    said += [
        str(board_table.unpacked(proto.bytes)) for proto in components if proto.component_name == "siuo_board_rows"
    ]
    said += [element.value.to_string(max_colwidth=None) for element in app.dataframe]
    said += [element.value for kind in (app.title, app.header, app.subheader) for element in kind]
    return "\n".join(map(str, said))
