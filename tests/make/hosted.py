"""Hosted pages without a browser: the app as a person sees it whose identity the test states."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from siuo_dash.ui import identity
from tests.make.stores import make_data, make_run, share
from tests.settings.test_settings import AUTH, auth

OpenAs = Callable[..., AppTest]
ISSUER = AUTH["server_metadata_url"].removesuffix("/.well-known/openid-configuration")


def claims(email: str | None, **changed: Any) -> dict[str, Any]:
    """What a provider says of a person; None = nobody is signed in."""
    if email is None:
        return {"is_logged_in": False}
    return {
        "is_logged_in": True, "iss": ISSUER, "aud": AUTH["client_id"], "iat": int(time.time()), "email": email,
        "email_verified": True, "provider": "default",
    } | changed  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with two published runs."""
    return make_data(
        tmp_path / "data",
        *(make_run(name, share(k), responses_per_sample=1) for name, k in (("First-7B", 90), ("Second-7B", 60))),
    )


@pytest.fixture
def open_as(root: Path, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAs]:
    """open_as(email, page="contribute/review.py", state={}, claims={}, **query): a hosted page that has run."""
    monkeypatch.setenv("SIUO_DATA", str(data))
    monkeypatch.setenv("SIUO_MODE", "hosted")
    monkeypatch.setenv("SIUO_REVIEWERS", "reviewer@example.org, second@example.org")
    secrets = [str(auth(tmp_path))]

    def opened(
        email: str | None,
        page: str = "contribute/review.py",
        /,
        *,
        state: dict[str, Any] | None = None,
        said: dict[str, Any] | None = None,
        **query: Any,
    ) -> AppTest:
        app = AppTest.from_file(str(root / "app.py"), default_timeout=60)
        app.user = claims(email, **(said or {}))
        for name, value in query.items():
            app.query_params[name] = value
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
    said = [element.value for kind in (app.markdown, app.caption, app.info, app.warning, app.error, app.success, app.text) for element in kind]  # fmt: skip
    said += [str(element.proto) for kind in (app.selectbox, app.button) for element in kind]
    said += [element.value.to_string(max_colwidth=None) for element in app.dataframe]
    said += [element.value for kind in (app.title, app.header, app.subheader) for element in kind]
    return "\n".join(map(str, said))
