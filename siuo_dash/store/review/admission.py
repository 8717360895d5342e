"""What may come in: whose correction, which content, how many. The caller holds the journal's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from siuo_dash.benchmark.identity import make_run_id
from siuo_dash.errors import NotAllowed, SubmissionError
from siuo_dash.store import claims, journal, publish
from siuo_dash.store.journal import DRAFTS, PENDING, PUBLISHED, REJECTED, RETRACTED, SUPERSEDED, WITHDRAWN
from siuo_dash.store.review import reading
from siuo_dash.store.review.ledger import FIRST, OPEN, Ledger, owns
from siuo_dash.store.review.people import STATES, Actor, Limits

CORRECTABLE: Final = (DRAFTS, PENDING, PUBLISHED, WITHDRAWN, REJECTED)


class AlreadySubmitted(SubmissionError):
    """The same content was sent before by the same person."""


def family_of(data_dir: Path, ledger: Ledger, corrects: str | None, actor: Actor) -> list[str]:
    """The line of corrections that a new submission joins; empty for one that corrects nothing.

    Raises NoRun when that is not the actor's own, SubmissionError when it cannot be corrected any more.
    """
    if corrects is None:
        return []
    _, place = reading.owned(data_dir, ledger, corrects, actor)
    if place not in CORRECTABLE:
        raise SubmissionError(
            f"the submission that this one corrects is {STATES[place]}",
            hint="correct the one that stands in its place" if place == SUPERSEDED else "send it as a new one",
        )
    return ledger.family(corrects)


def refuse_known(
    data_dir: Path, ledger: Ledger, run_id: str, key: str | None, digest: str, family: list[str], actor: Actor
) -> None:
    """Raise AlreadyPublished or AlreadySubmitted when this content is in the store and may not come again.

    What others keep or sent, and nobody has published, is no reason: it would tell of it, and who takes somebody's file
    could lock out its author. Reviewers see both, and can publish one of them only (`refuse_public`).
    """
    for holder in _holders(data_dir, run_id, key, digest):
        place = journal.place_of(data_dir, holder)
        if place is None or holder in family:
            continue
        own = owns(actor, ledger.entry(holder))
        if own and place == RETRACTED:
            continue
        if place in (PUBLISHED, WITHDRAWN):
            raise publish.AlreadyPublished(holder, place)
        if own:
            raise AlreadySubmitted(
                f"you sent the same content before, as {holder}, which is {STATES[place]}",
                hint="correct that one, under My submissions",
            )


def refuse_public(data_dir: Path, table: pa.Table, digest: str, but: Sequence[str]) -> None:
    """Raise AlreadyPublished when a run's content is public as another run than these."""
    run_id = make_run_id(str(table.column("model")[0]), str(table.column("judge")[0]), digest)
    for holder in _holders(data_dir, run_id, claims.key(table, digest), digest):
        place = journal.place_of(data_dir, holder)
        if place in (PUBLISHED, WITHDRAWN) and place is not None and holder not in but:
            raise publish.AlreadyPublished(holder, place)


def _holders(data_dir: Path, run_id: str, key: str | None, digest: str) -> list[str]:
    """The runs of this content; of totals only the name tells. run_id: as its names and content give it."""
    if key is not None:
        return claims.holders(data_dir, key)
    place = journal.place_of(data_dir, run_id)
    known = place is not None and publish.hash_of(journal.path_of(data_dir, place, run_id)) == digest
    return [run_id] if known else []


def check_limits(ledger: Ledger, actor: Actor, limits: Limits, run_id: str, replaced: Sequence[str]) -> None:
    """Raise NotAllowed when one more would be too many. Days are those of the log."""
    if actor.id is None:
        return
    own = list(ledger.of(actor.id))
    today = datetime.now(UTC).date().isoformat()
    sent = {each.run_id for each in own for event in each.events if event.event in FIRST and event.at[:10] == today}
    if limits.per_day is not None and len(sent | {run_id}) > limits.per_day:
        raise NotAllowed(f"a person may send {limits.per_day} runs a day here", hint="try again tomorrow (UTC)")
    waiting = {each.run_id for each in own if each.place in OPEN} - set(replaced)
    if limits.open is not None and len(waiting | {run_id}) > limits.open:
        raise NotAllowed(
            f"a person may have {limits.open} drafts and submissions that wait for review at once",
            hint="wait for a decision, or take one back under My submissions",
        )
