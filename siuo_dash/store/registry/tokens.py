"""Personal tokens: what lets a program send runs as its owner. A token is shown once and kept as a hash alone.

A revoked or expired token is refused at the next request of any instance: each asks the registry. Signing out ends no
token, and a token signs nobody in: it can do what its scope says, and nothing else.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from siuo_dash.errors import NoRun, NotAllowed, StoreError, SubmissionError
from siuo_dash.store.registry.actors import Actor
from siuo_dash.store.registry.opening import changing, rows
from siuo_dash.store.registry.tables import tokens
from siuo_dash.text import one_line

SUBMIT: Final = "submit"
"""The scope of a token that sends runs and follows them."""
SCOPES: Final = (SUBMIT,)
DAYS: Final = (7, 30, 90, 365)
"""For how long a token can be made."""
MOST: Final = 20
"""Tokens that a person can have at once."""
LONGEST_NAME: Final = 60
_BEGINNING: Final = "siuo_"
LOOKS_LIKE_ONE: Final = re.compile(rf"{_BEGINNING}[A-Za-z0-9_-]{{43}}")
"""Fixed and rare, so that programs that look for secrets in code find a token."""
_PART_OF_ONE: Final = re.compile(rf"{_BEGINNING}[A-Za-z0-9_-]{{12,}}")
_DAY: Final = 86_400.0
_NOTED_EVERY: Final = 60.0
"""Seconds within which further uses of a token are not written down."""


@dataclass(frozen=True)
class Token:
    """A token, without the token itself. used: None = never."""

    token_id: str
    name: str
    scope: str
    made: datetime
    expires: datetime
    used: datetime | None


def make(data_dir: Path, actor: Actor, name: str, days: int, scope: str = SUBMIT) -> tuple[str, Token]:
    """A new token of this person, and its record; only now can it be read.

    Raises NotAllowed when nobody is signed in or they have MOST, SubmissionError for a name or time that cannot be.
    """
    if actor.id is None:
        raise NotAllowed("tokens belong to people who signed in", hint="sign in, then try again")
    named = one_line(name).strip()
    if not named or len(named) > LONGEST_NAME or scope not in SCOPES or days not in DAYS:
        raise SubmissionError(
            f"a token has a name of 1 to {LONGEST_NAME} characters, and lasts {', '.join(map(str, DAYS))} days",
            hint="name it after the job that will use it",
        )
    token, now = f"{_BEGINNING}{secrets.token_urlsafe(32)}", time.time()
    row: dict[str, Any] = {"token_id": secrets.token_hex(8), "owner": actor.id, "name": named, "scope": scope}
    row |= {"hash": _hash(token), "made": now, "expires": now + days * _DAY, "used": None}
    with changing(data_dir) as change:
        change.connection.execute(delete(tokens).where(tokens.c.owner == actor.id, tokens.c.expires <= now))
        held = change.connection.execute(select(tokens.c.token_id).where(tokens.c.owner == actor.id)).all()
        if len(held) >= MOST:
            raise NotAllowed(f"a person may have {MOST} tokens at once", hint="revoke one that is no longer used")
        change.connection.execute(insert(tokens).values(row))
        made = change.connection.execute(select(tokens).where(tokens.c.token_id == row["token_id"])).one()
        return token, _told(made)


def own(data_dir: Path, actor: Actor) -> list[Token]:
    """The actor's tokens, the latest first; expired ones until another is made."""
    held = select(tokens).where(tokens.c.owner == actor.id).order_by(tokens.c.made.desc())
    return [_told(row) for row in rows(data_dir, held)] if actor.id else []


def revoke(data_dir: Path, actor: Actor, token_id: str) -> None:
    """End one's own token. Raises NoRun when there is none: of others' nobody is told whether there are any."""
    if not (actor.id and _end(data_dir, (tokens.c.owner == actor.id) & (tokens.c.token_id == token_id))):
        raise NoRun("there is no such token of yours", hint="it may be revoked already")


def revoke_all(data_dir: Path, owner: str) -> int:
    """End all tokens of a person, for whoever keeps the data directory; how many there were."""
    return _end(data_dir, tokens.c.owner == owner)


def owner_of(data_dir: Path, token: str, scope: str) -> str:
    """Whose token this is; its use is noted. NotAllowed: it is unknown, revoked, expired or for something else.

    StoreError when the registry cannot be asked: nobody is let in then.
    """
    digest, now = _hash(token), time.time()
    row = next(iter(rows(data_dir, select(tokens).where(tokens.c.hash == digest))), None)
    if row is None:
        raise NotAllowed("this token is not known, or was revoked", hint="make another one on the upload page")
    if row.expires <= now:
        ended = datetime.fromtimestamp(row.expires, UTC)
        raise NotAllowed(f"this token expired on {ended:%Y-%m-%d}", hint="make another one on the upload page")
    if row.scope != scope:
        raise NotAllowed(f"this token is for {row.scope}, not for {scope}", hint="make another one on the upload page")
    if row.used is None or abs(now - row.used) >= _NOTED_EVERY:  # a clock may have been set back
        with suppress(StoreError), changing(data_dir) as change:  # else it is noted the next time
            change.connection.execute(update(tokens).where(tokens.c.hash == digest).values(used=now))
    return str(row.owner)


def hidden(text: str) -> str:
    """A text for a log, without whatever could be a token or most of one."""
    return _PART_OF_ONE.sub(f"{_BEGINNING}…", text)


def _hash(token: str) -> str:
    """SHA-256 is enough for 32 random bytes: nobody can try them all."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _end(data_dir: Path, condition: ColumnElement[bool]) -> int:
    if not rows(data_dir, select(tokens.c.token_id).where(condition)):
        return 0
    with changing(data_dir) as change:
        return int(change.connection.execute(delete(tokens).where(condition)).rowcount)


def _told(row: Row[Any]) -> Token:
    def at(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC)

    used = None if row.used is None else at(row.used)
    return Token(row.token_id, row.name, row.scope, at(row.made), at(row.expires), used)
