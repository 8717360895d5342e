"""One change of the registry: what is read, decided, written and logged in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, Row, insert, select, update

from siuo_dash.benchmark.identity import is_other_judgement, make_run_id
from siuo_dash.benchmark.names import letters
from siuo_dash.errors import SubmissionError
from siuo_dash.store.registry.log import FOLDERS, MOVES, SENDINGS, SHOWN_AS, Event, Move, hash_of, parse
from siuo_dash.store.registry.tables import head, log, runs

_logger: Final = logging.getLogger("siuo_dash.store")


@dataclass(frozen=True)
class Upload:
    """What the registry keeps of a run whose file is ready: `tables` says what each means."""

    run_id: str
    content_hash: str | None
    totals: bool
    file: str
    source_status: str
    model: str
    judge: str | None
    organization: str | None

    @classmethod
    def of(cls, table: pa.Table, run_id: str, content_hash: str | None, file: str) -> Upload:
        """table: the rows of one run under RESULT_SCHEMA."""
        names = ("source_status", "model", "judge", "organization")
        stated = {name: table.column(name)[0].as_py() for name in names}
        totals = table.column("evidence").unique().to_pylist() != ["per_sample"]
        return cls(run_id, content_hash, totals, file, **stated)


@dataclass
class Change:
    """A transaction that holds the row of `head`.

    seq, hash: of the log's last line. size: bytes of the file that comes in.
    """

    connection: Connection
    seq: int
    hash: str | None
    events: list[Event] = field(default_factory=list)
    size: int = 0

    def run(self, run_id: str) -> Row[Any] | None:
        """The run's row."""
        return row_of(self.connection, run_id)

    def same_content(self, run_id: str, run: Upload | Row[Any], *, is_made: bool = False) -> Sequence[Row[Any]]:
        """The runs of the same content, as they came; of totals only the names tell.

        Two judges can say the same of the same responses: see `is_other_judgement`. run_id: as `make_run_id` gives it.
        is_made: whether the run was made here.
        """
        same = (runs.c.content_hash == run.content_hash) & runs.c.totals.is_(run.totals)
        found = self.connection.execute(select(runs).where(same).order_by(runs.c.number)).all()
        if not run.totals:
            stated = (run.judge, run.source_status)
            return [row for row in found if not is_other_judgement(stated, (row.judge, row.source_status), is_made)]
        return [row for row in found if make_run_id(row.model, row.judge or "", row.content_hash) == run_id]

    def names(self, file: str) -> bool:
        """Whether a run names this file, as `runs.file`."""
        return self.connection.execute(select(runs.c.run_id).where(runs.c.file == file)).first() is not None

    def family(self, family: str, states: Sequence[str]) -> Sequence[Row[Any]]:
        """The runs of a line of corrections that are in one of these states, as they came."""
        of_it = (runs.c.family == family) & runs.c.state.in_(states)
        return self.connection.execute(select(runs).where(of_it).order_by(runs.c.number)).all()

    def bring(
        self, event: str, upload: Upload, *, owner: str | None, verified: bool, corrects: Row[Any] | None = None
    ) -> None:
        """Log a new run and put in its row. event: one of log.BEGINNINGS; corrects: the run that it corrects."""
        earlier = None if corrects is None else corrects.run_id
        model = upload.model if verified else None
        self.say(event, upload.run_id, upload.content_hash, owner, corrects=earlier, model=model)
        family = upload.run_id if corrects is None else corrects.family
        self.insert(
            **vars(upload),
            state=MOVES[event].target,
            number=self.seq,
            changed=self.seq,
            sent=self.seq if event in SENDINGS else None,
            owner=owner,
            verified=verified,
            corrects=earlier,
            family=family,
        )

    def insert(self, **columns: Any) -> None:
        """Put in a run's row, without a line in the log. columns: those of `runs`, model_key apart."""
        model = columns["model"]
        columns |= {"model_key": letters(model) or model.casefold()}
        texts = {name: storable(value) for name, value in columns.items() if isinstance(value, str)}
        self.connection.execute(insert(runs).values(columns | texts))

    def move(self, event: str, row: Row[Any], by: str | None, why: str | None = None, **values: Any) -> None:
        """Log an event of a run and move it into the state that follows, as far as `must_allow` does.

        values: other columns that change.
        """
        move = must_allow(event, row)
        source = FOLDERS[row.state] if len(move.sources) > 1 else None
        self.say(event, row.run_id, row.content_hash, by, why=why, source=source)
        if event in SENDINGS and row.sent is None:
            values["sent"] = self.seq
        self.connection.execute(
            update(runs).where(runs.c.run_id == row.run_id).values(state=move.target, changed=self.seq, **values)
        )

    def say(self, event: str, run_id: str, content_hash: str | None, by: str | None, **more: Any) -> None:
        """Append a line of this moment to the log. more: further fields of Event."""
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        said = Event(at, event, run_id, content_hash, by, previous=self.hash, **more)
        self.add_line(said.line()[:-1])
        self.events.append(said)

    def add_line(self, line: bytes) -> None:
        """Append a line to the log as it is, whatever it holds. line: without its newline."""
        try:
            said = parse(line)
        except ValueError:
            said = None
        self.seq, self.hash = self.seq + 1, hash_of(line)
        known = {} if said is None else {"run_id": said.run_id, "event": said.event, "by": said.by, "day": said.at[:10]}
        texts = {name: storable(text) for name, text in known.items()}
        self.connection.execute(insert(log).values(seq=self.seq, hash=self.hash, line=line, **texts))

    def finish(self) -> None:
        """Note the log's new end; the last step before the transaction is kept."""
        self.connection.execute(
            update(head).where(head.c.hash.is_distinct_from(self.hash)).values(seq=self.seq, hash=self.hash)
        )

    def announce(self) -> None:
        """Tell whoever runs the server what was kept."""
        for said in self.events:
            _logger.info(said.event, extra={"event": said.event, "run_id": said.run_id, "by": said.by})


def must_allow(event: str, row: Row[Any]) -> Move:
    """The event's move. Raises SubmissionError when it does not happen to a run in this state: somebody was faster."""
    move = MOVES[event]
    if row.state not in move.sources:
        wanted = " or ".join(SHOWN_AS[state] for state in move.sources if state is not None)
        raise SubmissionError(
            f"this submission is {SHOWN_AS[row.state]}, not {wanted}", hint="reload the page: it was changed meanwhile"
        )
    return move


def row_of(connection: Connection | None, run_id: str) -> Row[Any] | None:
    """The run's row; None for no such run, or without a registry."""
    if connection is None:
        return None
    return connection.execute(select(runs).where(runs.c.run_id == storable(run_id))).first()


def storable(text: str | None) -> str | None:
    """The text without what no database takes: lone surrogates, as in a name from the command line, and zeros."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
