"""The log: chained, never losing a piece, and as quick to extend when it is long."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.store import log


def extend(data_dir: Path, count: int, by: str | None = None) -> None:
    for number in range(count):
        log.append(data_dir, log.next_event(data_dir, "publish", f"run-{number}", "ab" * 32, by=by))


def messages(data_dir: Path) -> list[tuple[int | None, str]]:
    return [(finding.row, finding.message) for finding in log.check(data_dir)]


def test_each_line_carries_the_hash_of_the_line_before(tmp_path: Path) -> None:
    extend(tmp_path, 3)
    lines = (tmp_path / log.LOG).read_bytes().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["previous"] for record in records] == [
        None,
        hashlib.sha256(lines[0]).hexdigest(),
        hashlib.sha256(lines[1]).hexdigest(),
    ]
    assert set(records[0]) == {"at", "event", "run_id", "content_hash", "by", "why", "previous"}
    assert records[0]["at"].endswith("+00:00")
    assert [event.run_id for event in log.read(tmp_path)] == ["run-0", "run-1", "run-2"]
    assert log.check(tmp_path) == []


def test_no_name_can_break_a_line(tmp_path: Path) -> None:
    by = 'a\nb\r\u2028"}\x00\u202e\udc80'
    extend(tmp_path, 2, by)
    assert (tmp_path / log.LOG).read_bytes().count(b"\n") == 2
    assert [event.by for event in log.read(tmp_path)] == [by, by]
    assert log.check(tmp_path) == []


def test_fields_of_a_later_version_are_passed_over_and_stay(tmp_path: Path) -> None:
    extend(tmp_path, 1)
    record = json.loads((tmp_path / log.LOG).read_bytes()) | {"previous": log.last_hash(tmp_path), "state": "pending"}
    with (tmp_path / log.LOG).open("a") as file:
        file.write(json.dumps(record) + "\n")
    extend(tmp_path, 1)
    assert len(log.read(tmp_path)) == 3
    assert log.check(tmp_path) == []


def test_an_empty_and_a_missing_log_are_sound(tmp_path: Path) -> None:
    assert (log.read(tmp_path), log.check(tmp_path), log.last_hash(tmp_path)) == ([], [], None)
    (tmp_path / log.LOG).touch()
    assert (log.read(tmp_path), log.check(tmp_path), log.last_hash(tmp_path)) == ([], [], None)
    assert log.heal(tmp_path) is None


@pytest.mark.parametrize("change", [b"run-7", b"run-\xff"], ids=["edited", "unreadable"])
def test_a_changed_line_is_named(tmp_path: Path, change: bytes) -> None:
    extend(tmp_path, 3)
    path = tmp_path / log.LOG
    path.write_bytes(path.read_bytes().replace(b"run-1", change))
    assert (3, "the chain of hashes is broken before this line") in messages(tmp_path)
    assert [event.run_id for event in log.read(tmp_path)][-1] == "run-2"


def test_a_removed_line_is_named(tmp_path: Path) -> None:
    extend(tmp_path, 3)
    path = tmp_path / log.LOG
    first, _, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + third)
    assert messages(tmp_path) == [(2, "the chain of hashes is broken before this line")]


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
def test_a_line_with_a_value_of_another_type_is_named_and_passed_over(
    tmp_path: Path, field: str, value: object
) -> None:
    extend(tmp_path, 1)
    record = json.loads((tmp_path / log.LOG).read_bytes()) | {"previous": log.last_hash(tmp_path), field: value}
    with (tmp_path / log.LOG).open("a") as file:
        file.write(json.dumps(record) + "\n")
    extend(tmp_path, 1)
    ((row, message),) = messages(tmp_path)
    assert row == 2 and field in message
    assert len(log.read(tmp_path)) == 2


@pytest.mark.parametrize("line", [b"[" * 200_000, b'{"at":' * 200_000])
def test_a_line_that_is_nested_without_end_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / log.LOG).write_bytes(line + b"\n")
    assert log.read(tmp_path) == []
    ((row, message),) = messages(tmp_path)
    assert row == 1 and "nested too deeply" in message


@pytest.mark.parametrize("piece", [b'{"at": "2025-', b"\x00" * 50, b'{"at": "x", "event": "e", "run_id": "r"}'])
def test_a_torn_last_line_is_set_aside_whole(tmp_path: Path, piece: bytes) -> None:
    extend(tmp_path, 2)
    path = tmp_path / log.LOG
    sound = path.read_bytes()
    path.write_bytes(sound + piece)
    assert [event.run_id for event in log.read(tmp_path)] == ["run-0", "run-1"]
    assert messages(tmp_path) == [(None, "the last line was cut short")]
    kept = log.heal(tmp_path)
    assert kept is not None
    assert kept.read_bytes() == piece
    assert path.read_bytes() == sound
    extend(tmp_path, 1)
    assert log.check(tmp_path) == []


def test_two_torn_lines_are_kept_apart(tmp_path: Path) -> None:
    for piece in (b"first", b"second"):
        with (tmp_path / log.LOG).open("ab") as file:
            file.write(piece)
        log.heal(tmp_path)
    assert [path.read_bytes() for path in sorted(tmp_path.glob("log.torn-*"))] == [b"first", b"second"]


def test_a_line_that_only_lacks_its_newline_stays(tmp_path: Path) -> None:
    extend(tmp_path, 2)
    path = tmp_path / log.LOG
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert log.heal(tmp_path) is None
    assert path.read_bytes() == whole
    assert list(tmp_path.glob("log.torn-*")) == []


@given(
    lines=st.lists(st.binary(max_size=400).map(lambda line: line.replace(b"\n", b" ")), max_size=6),
    torn=st.binary(max_size=400).map(lambda line: line.replace(b"\n", b" ")),
    block=st.integers(1, 300),
)
def test_the_end_is_found_whatever_the_lines_and_the_size_of_a_read(
    lines: list[bytes], torn: bytes, block: int
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_BLOCK", block)
        path = Path(directory) / log.LOG
        path.write_bytes(b"".join(line + b"\n" for line in lines) + torn)
        assert log._tail(path) == (lines[-1] if lines else None, torn)
