"""How the program is served: local or hosted, who reviews, how much a person may send. Checked once, at the start.

A setting comes from the environment (SIUO_MODE) or from the section [siuo] of Streamlit's secrets.toml (mode); the
environment wins. Signing in is Streamlit's own section [auth] of the same file.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from siuo_dash.errors import SettingsError
from siuo_dash.settings import provider, storage
from siuo_dash.settings.auth import SignIn, is_loopback, sign_in
from siuo_dash.settings.values import addresses, one_of, web_address, within
from siuo_dash.text import counted

PREFIX: Final = "SIUO_"
SECTION: Final = "siuo"


class Settings(BaseSettings):
    """All settings; what a field means is said again in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, validate_default=False, use_attribute_docstrings=True
    )

    mode: Annotated[Literal["local", "hosted"], one_of("local", "hosted")] = "local"
    """`local`: one person on this machine, no accounts, what is uploaded is published. `hosted`: everybody reads,
    people sign in to upload, reviewers decide."""
    reviewers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(addresses)] = ()
    """The reviewers' e-mail addresses, separated by commas or white space; in the file a list. Hosted needs one."""
    uploads: Annotated[Literal["signed-in", "reviewers", "nobody"], one_of("signed-in", "reviewers", "nobody")] = (
        "signed-in"
    )
    """Who may upload when hosted: `signed-in`, `reviewers` or `nobody`, which needs no sign-in and no reviewer."""
    quota_per_day: Annotated[int, within(1, 10_000)] = 20
    """How many submissions a person may make in a day (UTC), drafts among them. Hosted only."""
    quota_mb_per_day: Annotated[int, within(1, 1_000_000)] = 200
    """How many megabytes of submissions a person may have kept in a day (UTC), as they lie on the disk. Hosted only."""
    quota_mb: Annotated[int, within(1, 1_000_000)] = 1_000
    """How many megabytes of submissions a person may have kept in all, whatever became of them. Hosted only."""
    quota_open: Annotated[int, within(1, 1_000)] = 10
    """How many drafts and pending submissions a person may have at once. Hosted only."""
    upload_mb: Annotated[int, within(1, 1_024)] = 64
    """How many megabytes the files of one upload may have together."""
    pages_per_address: Annotated[int, within(1, 10_000)] = 50
    """How many pages one address may have open at an instance without signing in. Hosted only."""
    api_per_minute: Annotated[int, within(1, 1_000_000)] = 300
    """How many requests a minute one address may make to the API at an instance. Hosted only."""
    sign_in_hours: Annotated[int, within(1, 720)] = 24
    """After how many hours a person must sign in again to upload or to decide. Hosted only."""
    instances: Annotated[int, within(0, 10_000)] = 0
    """How many instances serve this store; 0: not said. Needed only for a bucket (SIUO_BLOBS) without SIUO_REGISTRY,
    where it must be 1."""
    issuer: Annotated[str, BeforeValidator(web_address)] = ""
    """Who must have issued an identity; empty: what `server_metadata_url` of [auth] says before
    `/.well-known/openid-configuration`, which is so for nearly every provider."""
    sign_in: SignIn | None = None
    """From [auth]; None locally."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: `read` reads the environment, and a test's settings do not depend on it."""
        return (init_settings,)

    @property
    def hosted(self) -> bool:
        """Whether people must sign in to upload, and reviewers decide."""
        return self.mode == "hosted"


NAMES: Final = tuple(name for name in Settings.model_fields if name != "sign_in")
PLACES: Final = (
    *("data", "registry", "blobs", "engine"),
    *(f"benchmark_{name}" for name in ("generation", "multiple_choice", "pictures", "rubric")),
    "responses",
)
"""What is read where it is needed: where data lie, and where the benchmark is fetched from."""
TOKEN: Final = f"{PREFIX}TOKEN"
"""What `submit --server` sends with; nothing of the server."""
VARIABLES: Final = (*(PREFIX + name.upper() for name in (*NAMES, *PLACES)), TOKEN)
"""All of the program's environment variables."""
_OF_TESTS: Final = f"{PREFIX}TEST_"


@dataclass(frozen=True)
class Serving:
    """How the server was told to listen, from Streamlit's own options. address: None = on every interface.

    open_to: what lets others in than the dashboard's own pages and names, each an option and what it does.
    """

    address: str | None = "127.0.0.1"
    xsrf_protection: bool = True
    trusted_headers: bool = False
    max_upload_mb: int = 64
    open_to: tuple[str, ...] = ()


def read(secrets: Sequence[Path] = ()) -> Settings:
    """The settings of this process. SettingsError with every fault, one a line; how it listens is `check`'s.

    secrets: the secrets files that Streamlit reads, in its order; those that are not there are passed over.
    """
    faults = _misspelt(os.environ)
    missing: list[Path] = []
    tables = _tables(secrets, missing, faults)
    # pydantic-settings would take `siuo_mode` for SIUO_MODE, which `_misspelt` refuses.
    exact = {name for name in NAMES if PREFIX + name.upper() in os.environ}
    said = {name: raw for name, raw in EnvSettingsSource(Settings)().items() if name in exact}
    given = _section(tables, faults) | said
    wrong: dict[str, str] = {}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = str(each["loc"][0])
            where = f"{PREFIX}{name.upper()}" if name in said else f"[{SECTION}] {name}"
            wrong[name] = f"{where}: {each['ctx']['error']}"  # a check's own words: each field has one
        # What else is wrong is said at once, so the checks go on with the values that are right.
        settings = Settings(**{name: raw for name, raw in given.items() if name not in wrong})
    faults.extend(wrong.values())
    # Where nobody can upload, nobody need sign in; a section [auth] says that people shall all the same.
    reading = settings.uploads == "nobody" or storage.only_shows()
    if settings.hosted and not (reading and "auth" not in tables):
        if missing and len(missing) == len(secrets):
            faults.append(
                f"hosted, but there is no secrets file, so nobody could sign in: looked for "
                f"{', '.join(str(path.absolute()) for path in missing)}; docs/settings.md says what it holds"
            )
        else:
            found = sign_in(tables.get("auth"), settings.issuer, faults)
            settings = settings.model_copy(update={"sign_in": found})
        if not settings.reviewers and "reviewers" not in wrong:
            faults.append("no reviewer is named, so nothing could ever be published: set SIUO_REVIEWERS to addresses")
    _raise(faults)
    return settings


def check(settings: Settings, serving: Serving, ask: Callable[[SignIn], None] = provider.check) -> None:
    """Refuse what cannot be served as it is set up, listens, and has people sign in. SettingsError with every fault."""
    faults = []
    if not settings.hosted and not is_loopback(serving.address):
        faults.append(
            f"local mode asks nobody who they are, and would listen on {serving.address or 'every interface'}: "
            "listen on 127.0.0.1, or set SIUO_MODE=hosted (docs/settings.md)"
        )
    faults.extend(storage.faults(hosted=settings.hosted, instances=settings.instances, uploads=settings.uploads))
    faults.extend(f"{each}: remove that option" for each in serving.open_to)
    if settings.hosted and not serving.xsrf_protection:
        faults.append("server.enableXsrfProtection is off, and without it nobody can sign in: remove that option")
    if settings.hosted and serving.trusted_headers:
        faults.append(
            "server.trustedUserHeaders is set, so that a request's header could name any person: remove that option"
        )
    if settings.upload_mb > serving.max_upload_mb:
        faults.append(
            f"SIUO_UPLOAD_MB is {settings.upload_mb}, but server.maxUploadSize is {serving.max_upload_mb}, so no such "
            "upload could come: raise server.maxUploadSize (and a proxy's limit) as well, or lower SIUO_UPLOAD_MB"
        )
    try:
        if settings.sign_in is not None:
            import_module("authlib.integrations.starlette_client")  # Streamlit does so at the first sign-in only
            ask(settings.sign_in)
    except ImportError as error:
        faults.append(f"hosted, but nobody can sign in, since a library is missing ({error}): install requirements.txt")
    except SettingsError as error:
        if not faults:
            raise  # it may be one that passes, after which another start helps
        faults.append(str(error))
    _raise(faults)


def summary(settings: Settings) -> str:
    """What the settings come to, in a line without secrets."""
    if not settings.hosted:
        return "local: no accounts; what is uploaded is published; listens on this machine only"
    if settings.sign_in is None:
        what = "shows snapshots only" if storage.only_shows() else "everybody reads, nothing can be uploaded"
        return f"hosted: {what}; nobody signs in"
    return (
        f"hosted: {counted(len(settings.reviewers), 'reviewer')}; uploads: {settings.uploads}; "
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
        faults.append(f"{name} is not a setting; {hint}")
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


def _section(tables: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """What the section [siuo] says, without unknown names."""
    section = tables.get(SECTION, {})
    if not isinstance(section, Mapping):
        faults.append(f"[{SECTION}] of secrets.toml is no section: write `[{SECTION}]` on a line of its own")
        return {}
    for name in section:
        if name not in NAMES:
            faults.append(f"[{SECTION}] of secrets.toml: {name!r} is not a setting; there are {', '.join(NAMES)}")
    return {name: value for name, value in section.items() if name in NAMES}
