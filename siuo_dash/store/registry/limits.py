"""How much a person may send: runs a day, drafts and submissions that wait, bytes of a day and in all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from siuo_dash.errors import NotAllowed
from siuo_dash.store import blobs
from siuo_dash.store.registry.actors import Actor, Limits
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.log import BEGINNINGS, OPEN
from siuo_dash.store.registry.tables import log, runs
from siuo_dash.text import counted, megabytes


def check_limits(now: Change, actor: Actor, limits: Limits, run_id: str, replaced: Sequence[str]) -> None:
    """Raise NotAllowed when one more would be too many. Days are those of the log."""
    if actor.id is None:
        return
    own = runs.c.verified & (runs.c.owner == actor.id)
    today = select(log.c.run_id).join(runs, runs.c.run_id == log.c.run_id).where(own, log.c.by == actor.id)
    today = today.where(log.c.day == datetime.now(UTC).date().isoformat(), log.c.event.in_(BEGINNINGS))
    if limits.per_day is not None and len({*now.connection.execute(today).scalars(), run_id}) > limits.per_day:
        raise NotAllowed(
            f"a person may send {counted(limits.per_day, 'run')} a day here", hint="try again tomorrow (UTC)"
        )
    waiting = {*now.connection.execute(select(runs.c.run_id).where(own, runs.c.state.in_(OPEN))).scalars()}
    if limits.open is not None and len((waiting - {*replaced}) | {run_id}) > limits.open:
        most = counted(limits.open, "draft or submission", "drafts and submissions")
        raise NotAllowed(
            f"a person may have {most} waiting at once",
            hint="wait for a decision, or take one back under My submissions",
        )


def check_disk(data_dir: Path, now: Change, actor: Actor, limits: Limits, file: str) -> None:
    """Raise NotAllowed when the file that comes in would make a person's files too large; the same file counts once."""
    if actor.id is None or (limits.bytes is None and limits.bytes_per_day is None):
        return
    mine = runs.c.verified & (runs.c.owner == actor.id)
    day = datetime.now(UTC).date().isoformat()
    asked = select(runs.c.file, log.c.day).join(log, log.c.seq == runs.c.number).where(mine)
    # A file that several of their runs name counts on the day of the first.
    days = {name: at for name, at in now.connection.execute(asked.order_by(runs.c.number.desc()))}
    kept = blobs.of(data_dir)
    sizes = {name: kept.size(name) for name in days} | {file: now.size}
    today = sum(size for name, size in sizes.items() if days.get(name, day) == day)
    if limits.bytes_per_day is not None and today > limits.bytes_per_day:
        raise NotAllowed(
            f"a person's submissions of one day may take {megabytes(limits.bytes_per_day)} here, and with this one "
            f"yours would take {megabytes(today)}",
            hint="try again tomorrow (UTC)",
        )
    if limits.bytes is not None and sum(sizes.values()) > limits.bytes:
        raise NotAllowed(
            f"a person's submissions may take {megabytes(limits.bytes)} here, and with this one yours would take "
            f"{megabytes(sum(sizes.values()))}; what was taken back or rejected is kept, and counts",
            hint="contact the administrators",
        )
