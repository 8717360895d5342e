"""Who acts on a submission, how much a person may send, and what is told of a submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from siuo_dash.errors import NotAllowed, SubmissionError
from siuo_dash.store import journal, log
from siuo_dash.store.publish import LONGEST_WHY

State = Literal["draft", "pending", "published", "rejected", "superseded", "withdrawn"]
STATES: Final[dict[str, State]] = {
    journal.DRAFTS: "draft",
    journal.PENDING: "pending",
    journal.PUBLISHED: "published",
    journal.REJECTED: "rejected",
    journal.SUPERSEDED: "superseded",
    journal.WITHDRAWN: "withdrawn",
    journal.RETRACTED: "withdrawn",
}
"""{folder: the state of a submission whose file lies there}."""
EVENTS: Final = tuple(journal.MOVES)


@dataclass(frozen=True)
class Actor:
    """Who acts. id: verified address, lower-cased, or None for the local user; reviewer: may decide.

    name: what people read, never used for a decision.
    """

    id: str | None
    reviewer: bool = False
    name: str | None = None


@dataclass(frozen=True)
class Limits:
    """How much a person may send. per_day: submissions a UTC day; open: drafts and pending at once; None = no limit."""

    per_day: int | None = None
    open: int | None = None


NO_LIMITS: Final = Limits()


@dataclass(frozen=True)
class Submitted:
    """A submission: where it stands, of which model, whose it is, and what happened to it, oldest first.

    owner: the address of who sent it. supersedes: the run in whose place it was sent, or None.
    """

    run_id: str
    state: State
    model: str
    judge: str | None
    organization: str | None
    owner: str | None
    history: tuple[log.Event, ...]
    supersedes: str | None


def is_local(actor: Actor) -> bool:
    """Whether this is the one user of a program that knows no accounts, who may do everything."""
    return actor.id is None and actor.reviewer


def must_be_somebody(actor: Actor) -> None:
    """Raise NotAllowed for who is not signed in."""
    if not actor.id and not is_local(actor):
        raise NotAllowed("nobody is signed in", hint="sign in, then try again")


def must_be_reviewer(actor: Actor) -> None:
    """Raise NotAllowed for who may not decide."""
    must_be_somebody(actor)
    if not actor.reviewer:
        raise NotAllowed("only reviewers may do this", hint="ask the people who run this place")


def reason(why: str, *, needed: bool) -> str | None:
    """The words for the log, or None. Raises SubmissionError when they are missing or too long."""
    words = why.strip().encode("utf-8", "replace").decode()
    if needed and not words:
        raise SubmissionError("a reason is needed", hint="say in a sentence why, so that the other can act on it")
    if len(words) > LONGEST_WHY:
        raise SubmissionError(f"the reason is longer than {LONGEST_WHY} characters", hint="say it in fewer words")
    return words or None
