"""The whole server without Streamlit behind it: every middleware and route, asked in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from siuo_dash.server import application
from siuo_dash.server.api import addresses
from siuo_dash.ui import identity
from tests.conftest import ROOT
from tests.settings.test_settings import HOSTED, auth

Client = TestClient


def client() -> Client:
    app = Starlette(routes=application.routes(), middleware=application.middleware())
    return TestClient(app, base_url="http://127.0.0.1:8501", follow_redirects=False)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """at(data): a local dashboard over a data directory."""
    monkeypatch.setenv("SIUO_MODE", "local")
    identity.settings.cache_clear()

    def over(data: Path = ROOT / "data") -> Client:
        monkeypatch.setenv("SIUO_DATA", str(data))
        return client()

    yield over
    identity.settings.cache_clear()


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """hosted(data, **settings): the same with accounts; settings: as environment variables have them."""
    before = config.get_option("secrets.files")
    config._set_option("secrets.files", [str(auth(tmp_path))], "a test")

    def over(data: Path = ROOT / "data", **settings: Any) -> Client:
        for name, value in {**HOSTED, "SIUO_DATA": str(data), **settings}.items():
            monkeypatch.setenv(name, str(value))
        identity.settings.cache_clear()
        addresses._left.clear()
        return client()

    yield over
    config._set_option("secrets.files", before, "a test")
    identity.settings.cache_clear()
