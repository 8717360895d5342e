"""Pages without a browser: the app from its first line, on the shipped data or on a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

OpenApp = Callable[..., AppTest]


@pytest.fixture
def open_app(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenApp]:
    """open_app(data=None, page="rankings/leaderboard.py", **query): a page that has run, its address carrying the query."""

    def opened(data: Path | None = None, page: str = "rankings/leaderboard.py", **query: Any) -> AppTest:
        if data is None:
            monkeypatch.delenv("SIUO_DATA", raising=False)
        else:
            monkeypatch.setenv("SIUO_DATA", str(data))
        app = AppTest.from_file(str(root / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(f"pages/{page}") if page != "rankings/leaderboard.py" else None
        return app.run()

    yield opened
    st.cache_resource.clear()
