"""The log: chained, one line of JSON an event, and true to the states of the runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from siuo_dash.store.registry import opening
from siuo_dash.store.registry.log import FOLDERS, MOVES, Event, parse, source_of
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.registry.tables import head, log, runs
from tests.make.registry import events, faults
from tests.store.review_runs import ADA, REVIEWER, RUN, drafted, published, submitted

pytestmark = pytest.mark.postgres(heavy=True)

LINE = {"at": "2025-01-01T00:00:00+00:00", "event": "publish", "run_id": "x", "content_hash": None}


def messages(data_dir: Path) -> list[str]:
    return [finding.message for finding in faults(data_dir)]


def say(data_dir: Path, *lines: bytes, by: str | None = None) -> None:
    with changing(data_dir) as now:
        for line in lines:
            now.add_line(line)
        if not lines:
            now.say("publish", "run-1", "ab" * 32, by)


def test_each_line_carries_the_hash_of_the_line_before(tmp_path: Path) -> None:
    published(tmp_path)
    lines = log_lines(tmp_path)
    records = [json.loads(line) for line in lines]
    assert [record["previous"] for record in records] == [None, hashlib.sha256(lines[0]).hexdigest()]
    assert list(records[1]) == ["at", "event", "run_id", "content_hash", "by", "why", "previous"]
    assert records[0]["at"].endswith("+00:00") and records[0]["model"] == "Example-7B"
    assert faults(tmp_path) == []
    assert opening.version(tmp_path) == 2


def test_no_name_can_break_a_line(tmp_path: Path) -> None:
    by = 'a\nb\r\u2028"}\x00\u202e\udc80'
    say(tmp_path, by=by)
    say(tmp_path, by=by)
    assert [event.by for event in events(tmp_path)] == [by, by]
    assert all(line.isascii() and b"\n" not in line for line in log_lines(tmp_path))


def test_any_line_is_kept_as_it_is(tmp_path: Path) -> None:
    """A log that an older or a later version wrote is taken over with all that is in it."""
    lines = [b"\x00\xff no JSON", json.dumps(LINE | {"state": "of a later version"}).encode(), b"[" * 100_000, b""]
    say(tmp_path, *lines)
    assert log_lines(tmp_path) == lines


@pytest.mark.postgres
@pytest.mark.parametrize("damage", [lambda line: line.replace(b"ada@", b"eve@"), lambda line: b"\xff"])
def test_a_changed_line_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    published(tmp_path)
    with changing(tmp_path) as now:
        line = now.connection.execute(select(log.c.line).where(log.c.seq == 1)).scalar_one()
        now.connection.execute(update(log).where(log.c.seq == 1).values(line=damage(line)))
    assert any("broken before this line" in message for message in messages(tmp_path))


def test_a_removed_line_is_named(tmp_path: Path) -> None:
    published(tmp_path)
    with changing(tmp_path) as now:
        now.connection.execute(delete(log).where(log.c.seq == 1))
    assert any("broken before this line" in message for message in messages(tmp_path))


@pytest.mark.parametrize("lines", [1, 2])
def test_lines_that_were_cut_off_are_missed(tmp_path: Path, lines: int) -> None:
    """What the chain of hashes cannot show: whole lines that are gone from the end, and the last one changed."""
    published(tmp_path)
    with changing(tmp_path) as now:
        now.connection.execute(delete(log).where(log.c.seq > 2 - lines))
    assert any("truncated" in message for message in messages(tmp_path))


def test_the_last_line_changed(tmp_path: Path) -> None:
    published(tmp_path)
    with changing(tmp_path) as now:
        now.connection.execute(update(log).where(log.c.seq == 2).values(line=json.dumps(LINE).encode()))
    assert any("its last line was altered" in message for message in messages(tmp_path))


def test_a_run_whose_state_was_changed_by_hand_is_named(tmp_path: Path) -> None:
    submitted(tmp_path)
    with changing(tmp_path) as now:
        now.connection.execute(update(runs).values(state="published"))
    assert any(RUN in str(finding) for finding in faults(tmp_path))


def test_the_row_at_the_end_holds_what_the_log_ends_with(tmp_path: Path) -> None:
    submitted(tmp_path)
    with changing(tmp_path) as now:
        assert now.connection.execute(head.select()).one() == (
            1,
            1,
            hashlib.sha256(log_lines(tmp_path)[-1]).hexdigest(),
        )


NO_TEXT: tuple[object, ...] = (7, ["a"], {"a": "b"}, True)
NO_TRUTH: tuple[object, ...] = (None, 1, "true", [])
WRONG: list[tuple[str, object]] = [
    *((name, value) for name in ("at", "event", "run_id") for value in (None, *NO_TEXT)),
    *(
        (name, value)
        for name in ("content_hash", "by", "why", "previous", "source", "corrects", "model")
        for value in NO_TEXT
    ),
    *(("reconciled", value) for value in NO_TRUTH),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_line_with_a_value_of_another_type_cannot_be_read(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        parse(json.dumps(LINE | {field: value}).encode())


@pytest.mark.parametrize("line", [b"[" * 150_000, b'{"at":' * 150_000])
def test_a_line_that_is_nested_without_end_cannot_be_read(line: bytes) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse(line)


def test_a_line_is_read_as_it_was_written() -> None:
    event = Event("2025-01-01", "submit", "x", "ab" * 32, "ada", "why", None, True, "review/drafts", "y", "M")
    assert parse(event.line()) == event
    assert parse(json.dumps(LINE | {"of a later version": 1}).encode()) == Event(**LINE)  # type: ignore[arg-type]


def test_an_event_says_from_which_state_it_took_a_run() -> None:
    for name, move in MOVES.items():
        for state in move.sources:
            source = FOLDERS[state] if state is not None and len(move.sources) > 1 else None
            assert source_of(Event("", name, "x", None, source=source)) == state
    for name, source in (("of a later version", None), ("retract", "submissions"), ("retract", "../x")):
        with pytest.raises(ValueError, match="no event"):
            source_of(Event("", name, "x", None, source=source))


def test_reading_makes_no_file_and_waits_for_nobody(tmp_path: Path) -> None:
    assert log_lines(tmp_path) == [] and list(tmp_path.iterdir()) == []
    drafted(tmp_path)
    with changing(tmp_path) as now:
        now.move("retract", now.run(RUN), ADA.id)  # type: ignore[arg-type]
        now.say("publish", "another", None, REVIEWER.id)
        assert len(log_lines(tmp_path)) == 1, "what is not kept yet is not to be seen"
    assert len(log_lines(tmp_path)) == 3
