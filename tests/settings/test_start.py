"""A start that is refused: the command for service managers, and the server itself, from the outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.settings.test_settings import HOSTED, SECRET, auth


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SIUO_", "STREAMLIT_"))}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=plain | environment, capture_output=True, text=True, timeout=100
    )


def test_the_command_says_what_the_settings_come_to(tmp_path: Path) -> None:
    local = run("siuo_dash", "check-settings", HOME=str(tmp_path))
    assert (local.returncode, local.stdout[:6], local.stderr) == (0, "local:", "")
    hosted = run("siuo_dash", "check-settings", "--secrets", str(auth(tmp_path)), **HOSTED)
    assert hosted.returncode == 0 and "1 reviewer;" in hosted.stdout and SECRET not in hosted.stdout
    # As a service manager's unit says it, once for the check and for the server.
    same = run("siuo_dash", "check-settings", STREAMLIT_SECRETS_FILES=str(auth(tmp_path)), **HOSTED)
    assert same.stdout == hosted.stdout


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, "listen on 127.0.0.1, or set SIUO_MODE=hosted"),
        (HOSTED, "no section [auth]"),
        ({"SIUO_MODE": "open"}, "SIUO_MODE: 'open' is not one of local, hosted"),
    ],
)
def test_the_command_refuses(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    refused = run("siuo_dash", "check-settings", HOME=str(tmp_path), **environment)
    assert refused.returncode == 78 and refused.stdout == ""
    assert refused.stderr.startswith("error: ") and words in refused.stderr


def start(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # The port is taken from the system; a start that is not refused would run into the time limit.
    return run(
        "streamlit", "run", "app.py", "--server.port", "0", "--server.fileWatcherType", "none", *options, **environment
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 78, done
    assert "Traceback" not in done.stdout + done.stderr and SECRET not in done.stdout + done.stderr
    for each in words:
        assert each in done.stderr


def test_a_local_server_open_to_the_world_does_not_start(tmp_path: Path) -> None:
    refused(start("--server.address", "0.0.0.0"), "refused: local mode", "SIUO_MODE=hosted")


def test_a_hosted_server_without_its_parts_does_not_start(tmp_path: Path) -> None:
    path = auth(tmp_path, cookie_secret="xxx", redirect_uri="http://siuo.example.org/oauth2callback")
    done = start("--secrets.files", str(path), SIUO_MODE="hosted", SIUO_UPLOADS="everybody")
    refused(done, "open to all are not served", "no reviewer is named", "cookie_secret still holds a placeholder")


def test_a_hosted_server_that_believes_headers_does_not_start(tmp_path: Path) -> None:
    path = str(auth(tmp_path))
    refused(
        start("--secrets.files", path, "--server.trustedUserHeaders", '{"X-Email": "email"}', **HOSTED),
        "trustedUserHeaders",
    )
    refused(start("--secrets.files", path, "--server.enableXsrfProtection", "false", **HOSTED), "enableXsrfProtection")
