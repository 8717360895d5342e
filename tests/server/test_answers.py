"""What every answer carries, and what no answer may hold."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from siuo_dash.server import guards
from tests.conftest import ROOT
from tests.server.instance import Instance, running

WANTED = {name.lower(): value for name, value in guards.always()}
ANSWERS = (
    ("/", 200),
    ("/method", 200),
    ("/leaderboard", 307),
    ("/healthz", 200),
    ("/metrics", 200),
    ("/_stcore/health", 200),
    ("/_stcore/host-config", 200),
    ("/favicon.png", 200),
    ("/media/0123.png", 404),
    ("/static/js/", 301),
    ("/..%2f..%2fapp.py", 400),
    ("/_stcore/agent/interact", 404),
)
SECRET = "secret-marker-8d1f"


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_answer_carries_the_headers(server: Instance, path: str, status: int) -> None:
    answer = server.get(path)
    assert answer.status == status or (status >= 400 and answer.status >= 400)
    assert {name: answer.headers.get(name) for name in WANTED} == WANTED


def test_the_policy_names_no_other_host_and_no_eval() -> None:
    rules = dict(rule.split(" ", 1) for rule in guards.policy().split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    sources = {source for rule in rules.values() for source in rule.split()}
    hashes = {source for source in sources if source.startswith("'sha256-")}
    assert sources - hashes == {"'none'", "'self'", "'unsafe-inline'", "data:", "blob:"}
    assert "unsafe-inline" not in rules["script-src"] and hashes <= set(rules["script-src"].split())


# What Streamlit answers to any path that is no file of its own is its page, which shows "page not found".
ESCAPES = [
    f"{before}{path}"
    for path in (
        "app.py",
        "data/samples.csv",
        ".streamlit/secrets.toml",
        ".streamlit/config.toml",
        "pyproject.toml",
        ".git/config",
    )
    for before in (
        "/",
        "/static/",
        "/static/../",
        "/static/../../",
        "/static/%2e%2e/%2e%2e/",
        "/..%2f..%2f",
        "/%2e%2e%5c",
        "/app/static/",
        "/app/static/../",
        "/media/",
        "/media/..%2f",
        "/component/x/../../",
        "/_stcore/bidi-components/screen/../",
        "//",
        "/static/..%252f..%252f",
    )
]


@pytest.mark.parametrize("path", ESCAPES)
def test_no_file_of_the_server_can_be_had(server: Instance, path: str) -> None:
    answer = server.get(path)
    if answer.status == 200:
        assert answer.headers["content-type"].startswith("text/html") and '<div id="root"></div>' in answer.text
        # What Streamlit's own page and the folder's names have in common ends here.
        for file in ("app.py", "data/samples.csv", ".streamlit/config.toml", "pyproject.toml"):
            assert (ROOT / file).read_text(encoding="utf-8")[:60] not in answer.text
    else:
        assert answer.status in (301, 307, 308, 400, 404)
        assert len(answer.body) < 200


def test_secrets_and_folders_of_an_own_installation_stay_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data", data)
    (data / "secrets.toml").write_text(f'key = "{SECRET}"\n')
    with running(tmp_path, data) as server:
        for name in ("secrets.toml", str(data / "secrets.toml"), quote(str(data / "secrets.toml"), safe="")):
            for before in ("/", "/static/", "/media/", "/data/", "/component/data/"):
                assert SECRET not in server.get(before + name).text


def test_another_site_cannot_upload_or_connect(server: Instance) -> None:
    path = "/_stcore/upload_file/0123/4567"
    refused = server.get(path, method="PUT", body=b"x", origin="https://elsewhere.example")
    assert refused.status == 403
    assert WANTED.items() <= refused.headers.items()
    socket: dict[str, Any] = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec_websocket_version": "13",
        "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    assert server.get("/_stcore/stream", origin="https://elsewhere.example", **socket).status == 403
    # A name that another site points at this machine is refused by the Host, which a page cannot change.
    rebound = "elsewhere.example:8501"
    assert server.get("/_stcore/stream", host=rebound, origin=f"http://{rebound}", **socket).status == 403


def test_cookies_stay_on_this_site(server: Instance) -> None:
    cookie = server.get("/_stcore/health").headers["set-cookie"]
    assert "SameSite=Lax" in cookie and "Secure" not in cookie  # plain http on this machine
    behind = server.get("/_stcore/health", x_forwarded_proto="https", x_forwarded_for="192.0.2.1")
    assert behind.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_is_the_operators_is_not_answered_through_a_proxy(server: Instance, path: str) -> None:
    answer = server.get(path, x_forwarded_for="192.0.2.1")
    assert (answer.status, answer.text) == (404, "not found\n")
