"""A hosted start beside a real provider: with a working one it serves, with any other it ends and says why."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import PlainTextResponse

from tests.browser.driver import free_port
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running


def settings(secrets: Path) -> dict[str, str]:
    return {
        "SIUO_MODE": "hosted",
        "SIUO_REVIEWERS": "reviewer@example.org",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }


def ended(server: Instance) -> tuple[int, str]:
    """The exit code and what was said."""
    code = server.process.wait(timeout=300)
    said = server.log.read_text(encoding="utf-8")
    assert "Traceback" not in said
    return code, said


def test_a_provider_that_works_after_a_moment_is_enough(tmp_path: Path) -> None:
    with serving(Provider(), free_port()) as provider:
        provider.answers = [PlainTextResponse("starting", 503)]
        environment = settings(provider.secrets_file(tmp_path))
        with running(tmp_path, copy_data(tmp_path / "data"), environment=environment) as server:
            assert server.get("/healthz").text.strip() == "ok"
            assert provider.asked == 2  # once too early, once well: a start asks no more than it needs


def test_a_provider_that_is_another_than_the_settings_mean(tmp_path: Path) -> None:
    with serving(Provider(), free_port()) as provider:
        provider.stated = {"issuer": "https://evil.example", "jwks_uri": "http://evil.example/keys"}
        environment = settings(provider.secrets_file(tmp_path))
        with running(tmp_path, copy_data(tmp_path / "data"), environment=environment, wait=False) as server:
            code, said = ended(server)
    assert code == 78
    assert said.count("refused: ") == 2 and "'https://evil.example'" in said and "jwks_uri" in said
    assert provider.client_secret not in said


def test_a_provider_that_is_away(tmp_path: Path) -> None:
    provider = Provider(issuer=f"http://127.0.0.1:{free_port()}")
    environment = settings(provider.secrets_file(tmp_path))
    with running(tmp_path, copy_data(tmp_path / "data"), environment=environment, wait=False) as server:
        code, said = ended(server)
    assert code == 69
    assert said.count("refused: ") == 1 and "cannot be reached" in said and provider.issuer in said
