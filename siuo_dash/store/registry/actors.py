"""Who acts on a submission, what they may see and do, how much they may send, and what they are told of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from siuo_dash.errors import NoRun, NotAllowed, SubmissionError
from siuo_dash.store.registry.log import Event, State

LONGEST_WHY: Final = 2_000


@dataclass(frozen=True)
class Actor:
    """Who acts. id: verified address, lower-cased, or None for the local user; reviewer: may decide.

    name: what people read, never used for a decision; for a local user the log keeps it. salt: a secret of the site and
    the person, from which their run_ids are made, so that none tells whether somebody else keeps the same content.
    """

    id: str | None
    reviewer: bool = False
    name: str | None = None
    salt: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Limits:
    """How much a person may send; None = no limit.

    per_day: submissions a UTC day; open: drafts and pending at once; bytes_per_day, bytes: of their files, of a day and
    in all, whatever became of them, since every file is kept.
    """

    per_day: int | None = None
    open: int | None = None
    bytes_per_day: int | None = None
    bytes: int | None = None


NO_LIMITS: Final = Limits()


@dataclass(frozen=True)
class Submitted:
    """A submission: its state, of which model, whose it is, and what happened to it, oldest first.

    owner: the address of who sent it. supersedes: the run in whose place it was sent, or None.
    """

    run_id: str
    state: State
    model: str
    judge: str | None
    organization: str | None
    owner: str | None
    history: tuple[Event, ...]
    supersedes: str | None


def run_id_for(actor: Actor, run_id: str) -> str:
    """The run_id with four hex digits of this person's in it, which nobody else can compute; as it is without a salt.

    It ends with the content hash all the same.
    """
    if not actor.salt:
        return run_id
    names, _, digits = run_id.rpartition("-")
    return f"{names}-{hashlib.sha256(f'{actor.salt} {run_id}'.encode()).hexdigest()[:4]}-{digits}"


def local(name: str | None = None) -> Actor:
    """The local user, and the name that the log is to keep of them."""
    return Actor(None, reviewer=True, name=name)


def is_local(actor: Actor) -> bool:
    """Whether this is the one user of a program that knows no accounts, who may do everything."""
    return actor.id is None and actor.reviewer


def signature(actor: Actor) -> str | None:
    """Who did it, for the log: a verified address; of a local user the name that was given, if any."""
    return actor.name if is_local(actor) else actor.id


def owns(actor: Actor, run: Row[Any]) -> bool:
    """Whether this is the actor's own submission; the local user owns all."""
    return is_local(actor) or (actor.id is not None and run.verified and run.owner == actor.id)


def may_see(actor: Actor, run: Row[Any]) -> bool:
    """Owners see their own; reviewers what was ever sent, but nobody's drafts."""
    return owns(actor, run) or (actor.reviewer and run.sent is not None and run.state != "draft")


def seen(run: Row[Any] | None, run_id: str, actor: Actor) -> Row[Any]:
    """A submission that the actor may see. Raises NoRun for everybody else, as if it did not exist."""
    must_be_somebody(actor)
    if run is None or not may_see(actor, run):
        raise NoRun(f"there is no submission {run_id}", hint="it may have been decided or corrected meanwhile")
    return run


def owned(run: Row[Any] | None, run_id: str, actor: Actor) -> Row[Any]:
    """As `seen`, but the actor's own alone; NoRun for anybody else's, whoever asks."""
    found = seen(run, run_id, actor)
    if not owns(actor, found):
        raise NoRun(f"there is no submission {run_id} of yours", hint="see the list of your submissions")
    return found


def must_be_somebody(actor: Actor) -> None:
    """Raise NotAllowed for who is not signed in."""
    if not actor.id and not is_local(actor):
        raise NotAllowed("nobody is signed in", hint="sign in, then try again")


def must_be_reviewer(actor: Actor) -> None:
    """Raise NotAllowed for who may not decide."""
    must_be_somebody(actor)
    if not actor.reviewer:
        raise NotAllowed("only reviewers may do this", hint="contact the administrators")


def reason(why: str, *, needed: bool) -> str | None:
    """The words for the log, or None. Raises SubmissionError when they are missing or too long."""
    words = why.strip().encode("utf-8", "replace").decode()
    if needed and not words:
        raise SubmissionError("a reason is needed", hint="say in a sentence why, so that the other can act on it")
    if len(words) > LONGEST_WHY:
        raise SubmissionError(f"the reason is longer than {LONGEST_WHY} characters", hint="say it in fewer words")
    return words or None
