"""A start that is refused: the command for service managers, and the server itself, from the outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from streamlit import config

from siuo_dash.errors import SettingsError
from siuo_dash.ui import start_check
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.make import program
from tests.oidc.provider import COOKIE_SECRET, Provider, serving
from tests.settings.test_settings import HOSTED, SECRET, auth


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return program.run(*command, environment=surroundings() | environment)


def run_in(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As a shell starts it, in this folder."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=surroundings() | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("SIUO_", "STREAMLIT_"))}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(Provider(), free_port()) as running:
        yield running


def test_the_command_says_what_the_settings_come_to(tmp_path: Path, provider: Provider) -> None:
    local = run_in(ROOT, "siuo_dash", "check-settings", HOME=str(tmp_path))
    assert (local.returncode, local.stdout[:6], local.stderr) == (0, "local:", "")
    secrets = str(provider.secrets_file(tmp_path))
    hosted = run("siuo_dash", "check-settings", "--secrets", secrets, **HOSTED)
    assert hosted.returncode == 0 and "1 reviewer;" in hosted.stdout and COOKIE_SECRET not in hosted.stdout
    assert provider.asked == 1
    # As a service manager's unit says it, once for the check and for the server.
    same = run("siuo_dash", "check-settings", STREAMLIT_SECRETS_FILES=secrets, **HOSTED)
    assert same.stdout == hosted.stdout and same.stdout


def test_the_command_asks_the_provider(tmp_path: Path, provider: Provider) -> None:
    secrets = str(provider.secrets_file(tmp_path))
    provider.stated = {"issuer": "https://evil.example"}
    wrong = run("siuo_dash", "check-settings", "--secrets", secrets, **HOSTED)
    assert (wrong.returncode, wrong.stdout) == (78, "") and "'https://evil.example'" in wrong.stderr
    provider.answers = [PlainTextResponse("later", 503) for _ in range(3)]
    away = run("siuo_dash", "check-settings", "--secrets", secrets, **HOSTED)
    assert (away.returncode, away.stdout) == (69, "") and "it answers 503" in away.stderr
    assert len(away.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false"}, "enableXsrfProtection is off"),
        ({"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-Email": "email"}'}, "trustedUserHeaders is set"),
        ({"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": "X-Email"}, "bad JSON value for server.trustedUserHeaders"),
        ({"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}, "client.showErrorDetails shows an error's own words"),
        ({"STREAMLIT_SERVER_ENABLE_AGENT_API": "true"}, "server.enableAgentApi is on"),
        ({"STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "63"}, "SIUO_UPLOAD_MB is 64, but server.maxUploadSize is 63"),
        ({"STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "much"}, "'much' is not a valid integer"),
        ({"SIUO_UPLOAD_MB": "65"}, "SIUO_UPLOAD_MB is 65, but server.maxUploadSize is 64"),
    ],
)
def test_the_command_goes_by_what_streamlit_would_use(
    tmp_path: Path, provider: Provider, environment: dict[str, str], words: str
) -> None:
    secrets = str(provider.secrets_file(tmp_path))
    found = run("siuo_dash.ui.start_check", **HOSTED, STREAMLIT_SECRETS_FILES=secrets, **environment)
    assert (found.returncode, found.stdout) == (78, "")
    assert words in found.stderr and "Traceback" not in found.stderr and len(found.stderr.splitlines()) == 1


def test_the_command_goes_by_streamlits_files_too(tmp_path: Path) -> None:
    """A person's own file says where to listen, and the program's says otherwise; the environment is above both."""
    (tmp_path / ".streamlit").mkdir()
    config = tmp_path / ".streamlit" / "config.toml"
    config.write_text('[server]\naddress = "0.0.0.0"\nmaxUploadSize = "much"\n')
    assert run("siuo_dash", "check-settings", HOME=str(tmp_path)).returncode == 0
    elsewhere = run_in(tmp_path, "siuo_dash", "check-settings", PYTHONPATH=str(ROOT))
    assert elsewhere.returncode == 0, "the program's own file lies beside app.py, and is read last"
    over = run("siuo_dash", "check-settings", HOME=str(tmp_path), STREAMLIT_SERVER_ADDRESS="::")
    assert over.returncode == 78 and "would listen on ::" in over.stderr
    above = run("siuo_dash", "check-settings", "--address", "127.0.0.1", STREAMLIT_SERVER_ADDRESS="::")
    assert above.returncode == 0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, "listen on 127.0.0.1, or set SIUO_MODE=hosted"),
        (HOSTED, "there is no secrets file"),
        ({"SIUO_UPLOAD": "nobody"}, "SIUO_UPLOAD is not a setting; do you mean SIUO_UPLOADS?"),
        ({"SIUO_MODE": "open"}, "SIUO_MODE: 'open' is not one of local, hosted"),
    ],
)
def test_the_command_refuses(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    refused = run("siuo_dash", "check-settings", HOME=str(tmp_path), **environment)
    assert refused.returncode == 78 and refused.stdout == ""
    assert refused.stderr.startswith("error: ") and words in refused.stderr


@pytest.mark.parametrize("value", ["128", True, None])
def test_a_file_in_which_the_limit_is_no_number_is_refused_in_words(value: object) -> None:
    before = config.get_option("server.maxUploadSize")
    config._set_option("server.maxUploadSize", value, "a test")
    try:
        with pytest.raises(SettingsError, match="must be a number of megabytes"):
            start_check.serving()
    finally:
        config._set_option("server.maxUploadSize", before, "a test")
    assert start_check.serving().max_upload_mb == before


def test_nothing_lets_other_sites_in_in_either_mode(tmp_path: Path, provider: Provider) -> None:
    options = {
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_GLOBAL_DEVELOPMENT_MODE": "true",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "*",
    }
    wanted = ("server.enableCORS is off", "global.developmentMode is on", "server.allowedHosts allows every name")
    hosted = HOSTED | {"STREAMLIT_SECRETS_FILES": str(provider.secrets_file(tmp_path))}
    for environment in ({}, hosted):
        found = run("siuo_dash", "check-settings", **environment, **options)
        assert found.returncode == 78 and found.stderr.count("\nerror: ") >= 2 and "Traceback" not in found.stderr
        assert all(f"error: {words}" in found.stderr for words in wanted)
    refused(start(STREAMLIT_SERVER_ENABLE_CORS="false"), "refused: server.enableCORS is off", "remove that option")


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


def test_a_server_with_a_misspelt_setting_or_too_high_a_limit_does_not_start() -> None:
    refused(start(SIUO_REVIEWER="x"), "refused: SIUO_REVIEWER is not a setting; do you mean SIUO_REVIEWERS?")
    refused(start(SIUO_UPLOAD_MB="65"), "refused: SIUO_UPLOAD_MB is 65, but server.maxUploadSize is 64")


def test_a_hosted_server_without_its_secrets_file_does_not_start(tmp_path: Path) -> None:
    path = str(tmp_path / "none.toml")
    refused(start(STREAMLIT_SECRETS_FILES=path, **HOSTED), f"looked for {path}; docs/settings.md")


def test_a_hosted_server_that_believes_headers_does_not_start(tmp_path: Path, provider: Provider) -> None:
    path = str(provider.secrets_file(tmp_path))
    refused(
        start("--secrets.files", path, "--server.trustedUserHeaders", '{"X-Email": "email"}', **HOSTED),
        "trustedUserHeaders",
    )
    refused(start("--secrets.files", path, "--server.enableXsrfProtection", "false", **HOSTED), "enableXsrfProtection")
