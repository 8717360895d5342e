"""How the program is served: local or hosted, who reviews, how much a person may send. Checked once, at the start.

A setting comes from the environment (SIUO_MODE) or from the section [siuo] of Streamlit's secrets.toml (mode); the
environment wins. Signing in is Streamlit's own section [auth] of the same file.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

from siuo_dash.errors import SettingsError
from siuo_dash.settings.auth import SignIn, is_loopback, is_web, sign_in

MODES: Final = ("local", "hosted")
UPLOADS: Final = ("signed-in", "reviewers", "nobody")
PREFIX: Final = "SIUO_"
SECTION: Final = "siuo"
EXIT_CODE: Final = 78
"""Ends a start that is refused: sysexits' EX_CONFIG, after which a service manager need not try again."""
_OPEN_TO_ALL: Final = ("all", "everybody", "everyone", "anyone", "public", "open", "anonymous")
_ADDRESS: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def address_of(text: object) -> str | None:
    """An e-mail address in the one form in which addresses are compared; None for what is none.

    ASCII only, so that no letter that merely looks like another, or folds to it, makes two people one.
    """
    if not isinstance(text, str) or not text.isascii() or len(text) > 254:
        return None
    folded = text.casefold()
    return folded if _ADDRESS.fullmatch(folded) and ".." not in folded else None


def _of(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """All settings. What a field means stands in its metadata, and so in docs/settings.md."""

    mode: Literal["local", "hosted"] = _of(
        "local",
        "`local`: one person on this machine, no accounts, what is uploaded is published. `hosted`: everybody reads, "
        "people sign in to upload, reviewers decide.",
    )
    reviewers: tuple[str, ...] = _of(
        (), "The reviewers' e-mail addresses, separated by commas or white space; in the file a list. Hosted needs one."
    )
    uploads: Literal["signed-in", "reviewers", "nobody"] = _of(
        "signed-in",
        "Who may upload when hosted: `signed-in`, `reviewers` or `nobody`. Without sign-in, no one ever may.",
    )
    quota_per_day: int = _of(
        20, "How many submissions a person may make in a day (UTC), drafts among them. Hosted only."
    )
    quota_open: int = _of(10, "How many drafts and pending submissions a person may have at once. Hosted only.")
    upload_mb: int = _of(64, "How many megabytes the files of one upload may have together.")
    sign_in_hours: int = _of(
        24, "After how many hours a person must sign in again to upload or to decide. Hosted only."
    )
    issuer: str = _of(
        "",
        "Who must have issued an identity; empty: what `server_metadata_url` of [auth] says before "
        "`/.well-known/openid-configuration`, which is so for nearly every provider.",
    )
    sign_in: SignIn | None = None
    """From [auth]; None locally."""

    @property
    def hosted(self) -> bool:
        """Whether people must sign in to upload, and reviewers decide."""
        return self.mode == "hosted"


NAMES: Final = tuple(each.name for each in fields(Settings) if each.name != "sign_in")
LIMITS: Final = {"quota_per_day": (1, 10_000), "quota_open": (1, 1_000), "upload_mb": (1, 1_024), "sign_in_hours": (1, 720)}  # fmt: skip
"""The least and the most that a number may be."""
VARIABLES: Final = (
    *(PREFIX + name.upper() for name in NAMES),
    *(PREFIX + name for name in ("DATA", "BENCHMARK_GENERATION", "BENCHMARK_MULTIPLE_CHOICE", "BENCHMARK_PICTURES")),
)
"""All of the program's environment variables."""
_OF_TESTS: Final = f"{PREFIX}TEST_"


@dataclass(frozen=True)
class Serving:
    """How the server was told to listen, from Streamlit's own options. address: None = on every interface."""

    address: str | None = "127.0.0.1"
    xsrf_protection: bool = True
    trusted_headers: bool = False
    max_upload_mb: int = 64


def read(environment: Mapping[str, str], secrets: Sequence[Path] = ()) -> Settings:
    """The settings. SettingsError with every fault, one a line; how the server listens is `check_serving`'s matter.

    secrets: the secrets files that Streamlit reads, in its order; those that are not there are passed over.
    """
    faults = _misspelt(environment)
    missing: list[Path] = []
    tables = _tables(secrets, missing, faults)
    given = _given(environment, tables.get(SECTION, {}), faults)
    values = {name: _value(name, raw, where, faults) for name, (raw, where) in given.items()}
    settings = Settings(**{name: value for name, value in values.items() if value is not None})
    if settings.hosted:
        found = None
        if missing and len(missing) == len(secrets):
            faults.append(
                f"hosted, but there is no secrets file, so nobody could sign in: looked for "
                f"{', '.join(str(path.absolute()) for path in missing)}; docs/settings.md says what it holds"
            )
        else:
            found = sign_in(tables.get("auth"), settings.issuer, faults)
        settings = Settings(**{name: getattr(settings, name) for name in NAMES}, sign_in=found)
        if not settings.reviewers and values.get("reviewers", ()) is not None:
            faults.append("no reviewer is named, so nothing could ever be published: set SIUO_REVIEWERS to addresses")
    _raise(faults)
    return settings


def check_serving(settings: Settings, serving: Serving) -> None:
    """Refuse a way of listening that does not go with the mode. SettingsError with every fault, one a line."""
    faults = []
    if not settings.hosted and not is_loopback(serving.address):
        faults.append(
            f"local mode asks nobody who they are, and would listen on {serving.address or 'every interface'}: "
            "listen on 127.0.0.1, or set SIUO_MODE=hosted (docs/settings.md)"
        )
    if settings.hosted and not serving.xsrf_protection:
        faults.append("server.enableXsrfProtection is off, and without it nobody can sign in: remove that option")
    if settings.hosted and serving.trusted_headers:
        faults.append(
            "server.trustedUserHeaders is set, so that a request's header could name any person: remove that option"
        )
    if settings.upload_mb > serving.max_upload_mb:
        faults.append(
            f"SIUO_UPLOAD_MB is {settings.upload_mb}, but server.maxUploadSize is {serving.max_upload_mb}, so no such upload "
            "could come: raise server.maxUploadSize (and a proxy's limit) as well, or lower SIUO_UPLOAD_MB"
        )
    _raise(faults)


def summary(settings: Settings) -> str:
    """What the settings come to, in a line without secrets."""
    if not settings.hosted:
        return "local: no accounts; what is uploaded is published; listens on this machine only"
    assert settings.sign_in is not None
    count = len(settings.reviewers)
    return (
        f"hosted: {count} {'reviewer' if count == 1 else 'reviewers'}; uploads: {settings.uploads}; "
        f"identities from {settings.sign_in.issuer}, which sends people back to {settings.sign_in.redirect_uri}"
    )


def _raise(faults: Sequence[str]) -> None:
    if faults:
        raise SettingsError("\n".join(faults))


def _misspelt(environment: Mapping[str, str]) -> list[str]:
    """A fault for each variable that looks like ours and is none, which would change nothing and tell nobody."""
    faults = []
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(PREFIX) or name in VARIABLES or name.startswith(_OF_TESTS):
            continue
        # Compared without what all of them begin with, which would make any two alike.
        short = {each.removeprefix(PREFIX): each for each in VARIABLES}
        near = difflib.get_close_matches(upper.removeprefix(PREFIX), short, n=1)
        hint = f"do you mean {short[near[0]]}?" if near else f"there are {', '.join(VARIABLES)}"
        faults.append(f"{name} is no setting; {hint}")
    return faults


def _tables(secrets: Sequence[Path], missing: list[Path], faults: list[str]) -> dict[str, Any]:
    """The files' sections; a later file's section stands for an earlier one's, as Streamlit has it.

    missing: takes the files that are not there.
    """
    found: dict[str, Any] = {}
    for path in secrets:
        try:
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            missing.append(path)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            # What a parser says may quote the line, and the line may hold a secret.
            place = re.search(r"line \d+", str(error))
            what = "cannot be read" if isinstance(error, OSError) else "is not TOML"
            faults.append(
                f"{path} {what}{f' ({place.group()})' if place else ''}: correct the file, or its permissions"
            )
    return found


def _given(environment: Mapping[str, str], section: object, faults: list[str]) -> dict[str, tuple[Any, str]]:
    """{name: (what was said, where)}; an empty variable is as good as none."""
    given: dict[str, tuple[Any, str]] = {}
    if not isinstance(section, Mapping):
        faults.append(f"[{SECTION}] of secrets.toml is no section: write `[{SECTION}]` on a line of its own")
        section = {}
    for name, value in section.items():
        if name not in NAMES:
            faults.append(f"[{SECTION}] of secrets.toml: {name!r} is no setting; there are {', '.join(NAMES)}")
        else:
            given[name] = (value, f"[{SECTION}] {name}")
    for name in NAMES:
        variable = PREFIX + name.upper()
        if environment.get(variable, "").strip():
            given[name] = (environment[variable], variable)
    return given


def _value(name: str, raw: Any, where: str, faults: list[str]) -> Any:
    """A setting's value, or None and a fault."""
    match name:
        case "mode":
            return _one_of(raw, MODES, where, faults)
        case "uploads":
            if isinstance(raw, str) and raw.strip().casefold() in _OPEN_TO_ALL:
                faults.append(
                    f"{where}: uploads open to all are not served, since nobody could be asked about a submission; "
                    "let people sign in (signed-in), or only reviewers upload (reviewers)"
                )
                return None
            return _one_of(raw, UPLOADS, where, faults)
        case "reviewers":
            return _addresses(raw, where, faults)
        case "issuer":
            return _issuer(raw, where, faults)
    low, high = LIMITS[name]
    try:
        number = int(raw) if isinstance(raw, str) else raw
    except ValueError:
        number = None
    if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
        return number
    faults.append(f"{where}: {raw!r} is no whole number from {low:,} to {high:,}")
    return None


def _one_of(raw: Any, allowed: Sequence[str], where: str, faults: list[str]) -> str | None:
    word = raw.strip().casefold() if isinstance(raw, str) else None
    if word in allowed:
        return cast(str, word)
    faults.append(f"{where}: {raw!r} is not one of {', '.join(allowed)}")
    return None


def _addresses(raw: Any, where: str, faults: list[str]) -> tuple[str, ...] | None:
    listed = re.split(r"[\s,;]+", raw.strip(" ,;\n")) if isinstance(raw, str) else raw
    if not isinstance(listed, list):
        faults.append(f"{where}: write the addresses as a list")
        return None
    wrong = [each for each in listed if address_of(each) is None]
    if wrong:
        faults.append(f"{where}: {wrong[0]!r} is no e-mail address")
        return None
    return tuple(dict.fromkeys(cast(str, address_of(each)) for each in listed))


def _issuer(raw: Any, where: str, faults: list[str]) -> str | None:
    try:
        if isinstance(raw, str) and is_web(urlsplit(raw.strip())):
            return raw.strip()
    except ValueError:
        pass
    faults.append(f"{where}: the issuer is no web address; it begins with https://")
    return None
