"""Every setting, every refusal: what is said at the start, and that no secret is in it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal
from unittest import mock

import pytest

from siuo_dash import settings as program
from siuo_dash.errors import SettingsError
from siuo_dash.settings import NAMES, PREFIX, VARIABLES, Serving, Settings, check
from siuo_dash.settings.auth import is_loopback
from siuo_dash.settings.values import address_of
from siuo_dash.sources.benchmark_fetch import Sources
from tests.conftest import ROOT

SECRET = "0123456789abcdef-a-cookie-secret"
AUTH = {
    "redirect_uri": "https://siuo.example.org/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "the-client",
    "client_secret": "a-client-s-key",
    "server_metadata_url": "https://accounts.example.org/.well-known/openid-configuration",
}
HOSTED = {"SIUO_MODE": "hosted", "SIUO_REVIEWERS": "Reviewer@Example.org"}


def read(environment: dict[str, str], secrets: Sequence[Path] = ()) -> Settings:
    """The settings of a process with nothing but this environment."""
    with mock.patch.dict(os.environ, environment, clear=True):
        return program.read(secrets)


def auth(folder: Path, more: str = "", /, **changed: str | None) -> Path:
    """A secrets file with [auth]; None leaves a key out."""
    lines = [f'{key} = "{value}"' for key, value in (AUTH | changed).items() if value is not None]
    path = folder / "secrets.toml"
    path.write_text("[auth]\n" + "\n".join(lines) + f"\n{more}\n", encoding="utf-8")
    return path


def faults(environment: dict[str, str], *secrets: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read(environment, secrets)
    return str(refused.value).splitlines()


def test_nothing_said_is_local() -> None:
    settings = read({})
    assert settings == Settings() and not settings.hosted and settings.sign_in is None
    check(settings, Serving())


def test_hosted(tmp_path: Path) -> None:
    settings = read(HOSTED | {"SIUO_QUOTA_PER_DAY": " 7 "}, [tmp_path / "none.toml", auth(tmp_path)])
    assert settings.hosted and settings.reviewers == ("reviewer@example.org",) and settings.quota_per_day == 7
    assert settings.sign_in is not None and settings.sign_in.issuer == "https://accounts.example.org"
    check(settings, Serving(address=None), ask=lambda _: None)


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    path = auth(tmp_path, '[siuo]\nmode = "hosted"\nreviewers = ["A@b.org", "c@d.org", "a@B.org"]\nquota_open = 3')
    assert read({}, [path]).reviewers == ("a@b.org", "c@d.org") and read({}, [path]).quota_open == 3
    there = read({"SIUO_REVIEWERS": "e@f.org;\n g@h.org", "SIUO_QUOTA_OPEN": "4", "SIUO_MODE": ""}, [path])
    assert there.hosted and there.reviewers == ("e@f.org", "g@h.org") and there.quota_open == 4
    assert not read({"SIUO_MODE": "Local"}, [path]).hosted


@pytest.mark.parametrize("key", AUTH)
@pytest.mark.parametrize("value", [None, "", "xxx", "your-value-here", "<fill in>", "changeme"])
def test_a_part_of_auth_that_is_not_there(tmp_path: Path, key: str, value: str | None) -> None:
    (fault,) = faults(HOSTED, auth(tmp_path, **{key: value}))
    assert fault.startswith(f"[auth] {key} ") and ("missing" in fault or "placeholder" in fault)


@pytest.mark.parametrize("value", ["short", "a" * 64, "abcabc" * 20])
def test_a_cookie_secret_that_can_be_guessed(tmp_path: Path, value: str) -> None:
    (fault,) = faults(HOSTED, auth(tmp_path, cookie_secret=value))
    assert "can be guessed" in fault and value not in fault


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("redirect_uri", "http://siuo.example.org/oauth2callback", "unprotected"),
        ("redirect_uri", "http://10.0.0.3/oauth2callback", "unprotected"),
        ("redirect_uri", "javascript://x/oauth2callback", "unprotected"),
        ("redirect_uri", "https://user:pw@x.org/oauth2callback", "unprotected"),
        ("redirect_uri", "https://siuo.example.org/", "must end with /oauth2callback"),
        ("redirect_uri", "https://x.org/oauth2callback?a=1", "must end with"),
        ("redirect_uri", "https://x.org:port/oauth2callback", "no web address"),
        ("server_metadata_url", "http://x.org/.well-known/openid-configuration", "unprotected"),
        ("server_metadata_url", "https://x.org", "must end with /.well-known"),
        ("server_metadata_url", "https://[x/.well-known/openid-configuration", "no web address"),
    ],
)
def test_an_address_that_gives_identities_away(tmp_path: Path, key: str, value: str, words: str) -> None:
    (fault,) = faults(HOSTED, auth(tmp_path, **{key: value}))
    assert key in fault and words in fault


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:{port}", "[::1]:8501"])
def test_this_machine_needs_no_protection_on_the_way(tmp_path: Path, host: str) -> None:
    assert read(HOSTED, [auth(tmp_path, redirect_uri=f"http://{host}/oauth2callback")]).hosted


def test_hosted_without_auth_at_all(tmp_path: Path) -> None:
    (fault,) = faults(HOSTED)
    assert "no section [auth]" in fault
    path = tmp_path / "secrets.toml"
    path.write_text('auth = "yes"')
    assert "no section [auth]" in faults(HOSTED, path)[0]


def test_where_nobody_uploads_nobody_need_sign_in(tmp_path: Path) -> None:
    found = read({"SIUO_MODE": "hosted", "SIUO_UPLOADS": "nobody"}, [tmp_path / "none.toml"])
    check(found, Serving(address=None))
    assert found.hosted and found.sign_in is None and "nobody signs in" in program.summary(found)
    # Who has a section [auth] means it, and its faults are told.
    signing = HOSTED | {"SIUO_UPLOADS": "nobody"}
    assert read(signing, [auth(tmp_path)]).sign_in is not None
    assert "client_id" in faults(signing, auth(tmp_path, client_id=None))[0]


def test_secrets_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    places = [tmp_path / "one.toml", tmp_path / "two" / "secrets.toml"]
    (fault,) = faults(HOSTED, *places)
    assert all(str(place) in fault for place in places) and "there is no secrets file" in fault
    assert "docs/settings.md says what it holds" in fault
    # One that is there, and says nothing of signing in, is another matter.
    places[0].write_text("")
    (fault,) = faults(HOSTED, *places)
    assert "no section [auth]" in fault and "docs/settings.md says what it holds" in fault
    assert not read({}, places[1:]).hosted  # locally nobody signs in


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SIUO_UPLOAD", "SIUO_UPLOADS"),
        ("SIUO_REVIEWER", "SIUO_REVIEWERS"),
        ("SIUO_QUOTA_PERDAY", "SIUO_QUOTA_PER_DAY"),
        ("SIUO_SIGNIN_HOURS", "SIUO_SIGN_IN_HOURS"),
        ("SIUO_DATE", "SIUO_DATA"),
        ("siuo_mode", "SIUO_MODE"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_right_name(name: str, meant: str) -> None:
    (fault,) = faults({name: "top-secret"})
    assert fault == f"{name} is not a setting; do you mean {meant}?"


def test_a_variable_like_none_of_ours_is_refused_with_all_names() -> None:
    one, two = faults({"SIUO_ZZZZZZ": "", "SIUO_": "1", "MODE": "x", "XSIUO_MODE": "x"})
    assert one.startswith("SIUO_ is not a setting; there are SIUO_MODE, ")
    assert two.startswith("SIUO_ZZZZZZ is not a setting")
    assert all(f"{PREFIX}{name.upper()}" in one for name in NAMES) and "SIUO_DATA" in one


def test_every_variable_that_the_program_reads_is_known() -> None:
    """The program's files name no variable that a start would refuse; SIUO_GEN and SIUO_MCQ are names of data sets."""
    files = [*ROOT.glob("siuo_dash/**/*.py"), *ROOT.glob("hosting/*"), ROOT / "Makefile", *ROOT.glob("docs/*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.is_file())
    named = set(re.findall(r"\bSIUO_[A-Z_]*[A-Z]\b(?!_?[{*])", text)) - {"SIUO_GEN", "SIUO_MCQ"}
    assert {"SIUO_DATA", "SIUO_MODE", "SIUO_BENCHMARK_PICTURES"} <= named <= set(VARIABLES)
    assert read(dict.fromkeys(VARIABLES, "") | {"SIUO_DATA": "/x", "SIUO_TEST_CONTROL": "1"}) == Settings()
    every = Sources.from_environment({f"SIUO_BENCHMARK_{each.name.upper()}": each.name for each in fields(Sources)})
    assert every == Sources(*(each.name for each in fields(Sources)))
    assert {f"SIUO_BENCHMARK_{each.name.upper()}" for each in fields(Sources)} <= set(VARIABLES)


def test_several_providers_are_not_supported(tmp_path: Path) -> None:
    (fault,) = faults(HOSTED, auth(tmp_path, '[auth.other]\nclient_id = "a"'))
    assert "one provider only" in fault
    assert read(HOSTED, [auth(tmp_path, '[auth.client_kwargs]\nscope = "openid email"')]).hosted
    (fault,) = faults(HOSTED, auth(tmp_path, '[auth.client_kwargs]\nscope = "openid profile"'))
    assert "lacks email" in fault


@pytest.mark.parametrize(
    "value", ["", " , ", "nobody", "a@b@c", "a b@c.org x@", "ä@b.org", "a@b.org\u212a", "x" * 250 + "@b.org"]
)
def test_reviewers_must_be_addresses(tmp_path: Path, value: str) -> None:
    (fault,) = faults({"SIUO_MODE": "hosted", "SIUO_REVIEWERS": value}, auth(tmp_path))
    assert "reviewer" in fault.casefold()


@pytest.mark.parametrize("value", ["all", "Everybody", "public"])
def test_uploads_open_to_all_are_refused(tmp_path: Path, value: str) -> None:
    (fault,) = faults(HOSTED | {"SIUO_UPLOADS": value}, auth(tmp_path))
    assert "open to all are not served" in fault
    assert read(HOSTED | {"SIUO_UPLOADS": "nobody"}, [auth(tmp_path)]).uploads == "nobody"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIUO_MODE", "public"),
        ("SIUO_UPLOADS", "some"),
        ("SIUO_QUOTA_PER_DAY", "0"),
        ("SIUO_QUOTA_PER_DAY", "many"),
        ("SIUO_QUOTA_OPEN", "-1"),
        ("SIUO_UPLOAD_MB", "1.5"),
        ("SIUO_SIGN_IN_HOURS", "721"),
        ("SIUO_ISSUER", "accounts.example.org"),
        ("SIUO_ISSUER", "http://accounts.example.org"),
        ("SIUO_ISSUER", "https://[x"),
    ],
)
def test_a_value_that_is_not_understood_is_named(name: str, value: str) -> None:
    (fault,) = faults({name: value})
    assert fault.startswith(f"{name}: ")


def test_what_stands_in_the_file_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    for text, words in (
        ('[siuo]\nreviewer = "a@b.org"', "'reviewer' is not a setting; there are mode, reviewers"),
        ("[siuo]\nquota_open = true", "[siuo] quota_open: True is no whole number"),
        ("[siuo]\nreviewers = 3", "[siuo] reviewers: write the addresses as a list"),
        ('siuo = "hosted"', "is no section"),
        ("[auth]\ncookie_secret = topsecret", "is not TOML (line 2)"),
    ):
        path.write_text(text)
        (fault,) = faults({}, path)
        assert words in fault and "topsecret" not in fault
    path.write_bytes(b"\xff")
    assert "is not TOML" in faults({}, path)[0]
    assert "cannot be read" in faults({}, tmp_path)[0]


def test_all_faults_are_named_at_once_and_no_secret(tmp_path: Path) -> None:
    found = faults({"SIUO_MODE": "hosted", "SIUO_QUOTA_OPEN": "x"}, auth(tmp_path, client_id="xxx", redirect_uri=None))
    assert len(found) == 4 and SECRET not in "".join(found)


@pytest.mark.parametrize("address", [None, "0.0.0.0", "::", "192.168.1.4", "example.org", "10.0.0.1", ""])
def test_local_mode_listens_on_this_machine_only(address: str | None) -> None:
    with pytest.raises(SettingsError, match="SIUO_MODE=hosted"):
        check(Settings(), Serving(address=address))
    check(Settings(mode="hosted"), Serving(address=address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "LocalHost"])
def test_this_machine(address: str) -> None:
    assert is_loopback(address)
    check(Settings(), Serving(address=address))


def test_a_way_of_serving_that_lets_people_be_forged() -> None:
    hosted = Settings(mode="hosted")
    with pytest.raises(SettingsError, match="enableXsrfProtection"):
        check(hosted, Serving(xsrf_protection=False))
    with pytest.raises(SettingsError, match="trustedUserHeaders"):
        check(hosted, Serving(trusted_headers=True))


@pytest.mark.parametrize("mode", ["local", "hosted"])
def test_an_upload_limit_that_streamlit_does_not_let_come(mode: Literal["local", "hosted"]) -> None:
    with pytest.raises(SettingsError, match=r"SIUO_UPLOAD_MB is 100, but server\.maxUploadSize is 99,"):
        check(Settings(mode=mode, upload_mb=100), Serving(max_upload_mb=99))
    check(Settings(mode=mode, upload_mb=100), Serving(max_upload_mb=100))


def test_without_options_said_the_shipped_ones_hold() -> None:
    shipped = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
    assert Serving() == Serving(
        shipped["address"], shipped["enableXsrfProtection"], "trustedUserHeaders" in shipped, shipped["maxUploadSize"]
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Some.Body+x@Example.ORG", "some.body+x@example.org"),
        ("\u212aim@example.org", None),  # the Kelvin sign folds to k
        ("\u017fam@example.org", None),  # a long s folds to s
        ("a@b..org", None),
        ("a@b.org\n", None),
        ("<script>@b.org", None),
        ("a@b.org,c@d.org", None),
        ("=cmd@b.org", "=cmd@b.org"),  # allowed by the mail's rules; exports defuse it
        (["a@b.org"], None),
        (None, None),
    ],
)
def test_addresses_are_compared_in_one_form(text: object, address: str | None) -> None:
    assert address_of(text) == address


def test_the_page_of_settings_says_what_the_program_does() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `SIUO_(\w+)` \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    assert [name.casefold() for name, _, _ in rows] == list(NAMES)
    for name, default, meaning in rows:
        each = Settings.model_fields[name.casefold()]
        assert default == (f"`{each.default}`" if each.default else "none"), PREFIX + name
        assert each.description is not None and meaning == " ".join(each.description.split()), PREFIX + name
