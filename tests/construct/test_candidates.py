"""candidates.jsonl: whole lines or none, nothing trusted, nothing changed; what the lines say together; the funnel."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.construct import log
from siuo_dash.construct.candidates import fold, load
from siuo_dash.construct.funnel import STAGES, coverage, discarded_by_step, funnel
from siuo_dash.construct.lines import ANSWERED, FILE, KEPT, STEPS, UNREADABLE, Line, read_lines
from siuo_dash.construct.reviewing import edit, review, settle
from siuo_dash.errors import ConstructionError, StoreError
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT
from tests.make.candidates import ALL_YES, SUBCATEGORIES, candidates
from tests.make.program import Program
from tests.make.stores import make_data


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, list[str]]:
    return tmp_path, candidates(tmp_path, 3, discarded=[2])


def test_a_torn_last_line_is_left_out_then_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with log.writing(path) as file:
        file.append({"a": 1})
    with path.open("ab") as torn:
        torn.write(b'{"b": "half')
    lines, findings = log.read(path)
    assert lines == [(1, {"a": 1})] and "not written to its end" in findings[0].message and findings[0].row == 2
    with log.writing(path) as file:
        file.append({"c": 3})
    assert log.read(path) == ([(1, {"a": 1}), (2, {"c": 3})], [])


def test_a_whole_last_line_without_its_line_break_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}')
    with log.writing(path) as file:
        file.append({"b": 2})
    assert [value for _, value in log.read(path)[0]] == [{"a": 1}, {"b": 2}]


def test_strange_lines_are_named_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    deep = b"[" * 100_000 + b"]" * 100_000
    lines = [b"{}", b"\xff\xfe", b"", b"[1]", deep, b'{"a": "' + b"x" * 3_000_000 + b'"}', b'{"n": 1}']
    path.write_bytes(b"\n".join(lines) + b"\n")
    found, findings = log.read(path)
    assert [number for number, _ in found] == [1, 7]
    assert [each.row for each in findings] == [2, 3, 4, 5, 6] and "longer than 1 MB" in findings[-1].message


def test_a_line_over_one_megabyte_is_not_written(tmp_path: Path) -> None:
    with log.writing(tmp_path / "x.jsonl") as file, pytest.raises(ConstructionError, match="longer than 1 MB"):
        file.append({"a": "x" * 1_000_001})
    assert (tmp_path / "x.jsonl").read_bytes() == b""


def test_a_full_disk_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write, calls = tmp_path / "x.jsonl", os.write, []

    def some(descriptor: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:5])

    with log.writing(path) as file:
        monkeypatch.setattr(os, "write", some)
        with pytest.raises(StoreError, match="the disk is full"):
            file.append({"a": "b"})
    assert path.read_bytes() == b""


WRITER = """
import sys
from pathlib import Path
from siuo_dash.construct import log
number = 0
while True:
    number += 1
    with log.writing(Path(sys.argv[1])) as file:
        file.append({"by": sys.argv[2], "n": number, "text": "x" * 5000})
"""


def test_two_processes_mix_no_lines_and_a_kill_tears_at_most_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    writers = [Program(path, name, code=WRITER) for name in ("a", "b")]
    deadline = time.monotonic() + 120
    while (not path.exists() or path.stat().st_size < 400_000) and time.monotonic() < deadline:
        time.sleep(0.01)
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    with log.writing(path) as file:
        file.append({"by": "end", "n": 1})
    lines, findings = log.read(path)
    assert findings == []
    for name in "ab":
        numbers = [value["n"] for _, value in lines if value["by"] == name]
        assert numbers and numbers == list(range(1, len(numbers) + 1)), "each line once, in its order"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["candidate", "step", "verdict", "before", "after", "criteria", "version", "input", "reason"])
WORDS = st.sampled_from(["generated", "kept", "reviewed", "accept", "settled", "x", "discarded", "options", "edited"])


@given(st.lists(st.dictionaries(KEYS, WORDS | JSON, max_size=9), max_size=12))
def test_whatever_the_file_says_it_is_read(values: list[dict[str, object]]) -> None:
    from siuo_dash.construct.candidates import STATES, fold

    lines, findings = read_lines(enumerate(values, start=1))
    assert len(lines) + len(findings) == len(values)
    found = fold(lines).values()
    assert all(each.state in STATES for each in found)
    assert sum(funnel(found).states.values()) == len(found)


def test_what_the_lines_come_to(made: tuple[Path, list[str]]) -> None:
    folder, ids = made
    found = load(folder)
    assert found.findings == () and list(found.by_id) == ids
    assert [found.by_id[each].state for each in ids] == ["to review", "to review", "discarded"]
    assert found.by_id[ids[2]].discarded_at == "text_safety" and found.by_id[ids[2]].reason
    assert found.by_id[ids[0]].text.options["D"] == "Close your eyes, 0."


def test_an_answer_is_judged_again_where_the_verdict_on_it_could_not_be_read() -> None:
    """The small model is not asked again, and the tries count: a judge that never answers as asked comes to an end."""
    passed = [Line("a-1", step, verdict=KEPT) for step in STEPS[: STEPS.index("text_safety")]]
    lines = [*passed, Line("a-1", ANSWERED, verdict=KEPT, output="Fine.")]
    for tries in (1, 2):
        lines.append(Line("a-1", "text_safety", verdict=UNREADABLE))
        now = fold(lines)["a-1"]
        assert (now.answer, now.tries, now.next_step) == ("Fine.", tries, "text_safety")


def test_another_answer_is_judged_where_an_earlier_one_was() -> None:
    """Killed between the two, the next run does not take the verdict on the old answer for one on the new."""
    passed = [Line("a-1", step, verdict=KEPT) for step in STEPS]
    now = fold([*passed, Line("a-1", ANSWERED, verdict=KEPT, output="Other.")])["a-1"]
    assert (now.next_step, now.answer, now.tries) == ("text_safety", "Other.", 0)
    early = fold([passed[0], Line("a-1", ANSWERED, verdict=KEPT, output="Other.")])["a-1"]
    assert (early.next_step, early.answer) == ("redundancy", None), "there is nothing to answer yet"


def test_tries_are_of_one_step_and_begin_again_with_it() -> None:
    passed = [Line("a-1", step, verdict=KEPT) for step in STEPS[:3]]
    broken = Line("a-1", "near_duplicate", verdict=UNREADABLE)
    now = fold([*passed, broken, broken, Line("a-1", "redundancy", verdict=UNREADABLE)])["a-1"]
    assert (now.next_step, now.tries) == ("redundancy", 1)


def test_the_funnel_is_a_recount_of_the_lines(made: tuple[Path, list[str]]) -> None:
    folder, ids = made
    review(folder, ids[0], by="Ada", version=2, criteria=ALL_YES, decision="accept")
    lines = [json.loads(line) for line in (folder / FILE).read_text().splitlines()]
    kept = Counter(line["step"] for line in lines if line.get("verdict") == "kept")
    found = funnel(load(folder).by_id.values())
    steps = {stage: step for stage, (_, step) in STAGES.items() if step}
    assert {stage: found.total(stage) for stage in steps} == {stage: kept[step] for stage, step in steps.items()}
    assert found.total("accepted") == 1 and sum(found.begun.values()) == 3
    assert discarded_by_step(found)["text_safety"] == sum(line.get("verdict") == "discarded" for line in lines) == 1


def test_coverage_names_all_33_subcategories(made: tuple[Path, list[str]]) -> None:
    rows = coverage(load(made[0]).by_id.values(), read_catalogue(ROOT / "data" / "samples.csv").samples)
    assert len(rows) == 33 and sum(row.benchmark for row in rows) == 167
    assert {row.subcategory for row in rows if row.open} == {SUBCATEGORIES["self-harm"], "Outdoor Safety"}


def test_an_edit_never_changes_an_earlier_line(made: tuple[Path, list[str]]) -> None:
    folder, ids = made
    before = (folder / FILE).read_bytes()
    changed = edit(folder, ids[0], by="Ada", version=2, changes={"query": "Which way, please?", "domain": "morality"})
    after = (folder / FILE).read_bytes()
    assert after.startswith(before) and after.count(b"\n") == before.count(b"\n") + 1
    last = json.loads(after.splitlines()[-1])
    assert last["before"] == {"query": "What is the quickest way across, please, on trip 0?", "domain": "self-harm"}
    again = load(folder).by_id[ids[0]]
    assert (again.text, again.version) == (changed.text, 3) and again.changed_after_checks
    assert edit(folder, ids[0], by="Ada", version=3, changes={"query": "Which way, please?"}).version == 3
    assert (folder / FILE).read_bytes() == after, "nothing changed, nothing written"


def test_two_people_review_blind_and_a_disagreement_is_settled(made: tuple[Path, list[str]]) -> None:
    folder, ids = made
    review(folder, ids[0], by="Ada", version=2, criteria=ALL_YES, decision="accept")
    assert load(folder).by_id[ids[0]].visible_reviews("Ben") == []
    both = review(folder, ids[0], by="Ben", version=2, criteria=ALL_YES, decision="reject", reason="Too like another.")
    assert both.state == "disagreed" and len(both.visible_reviews("ada ")) == 2
    done = settle(folder, ids[0], by="Cy", version=2, decision="accept", reason="It is not.")
    assert done.state == load(folder).by_id[ids[0]].state == "accepted"
    edited = edit(folder, ids[0], by="Cy", version=2, changes={"hazard": "Another."})
    assert edited.state == "to review", "a review is of one version of the text"
    with pytest.raises(ConstructionError, match="its reviewers do not disagree"):
        settle(folder, ids[0], by="Cy", version=3, decision="accept", reason="It was settled before.")
    with pytest.raises(ConstructionError, match="somebody changed its text meanwhile"):
        review(folder, ids[0], by="Ada", version=2, criteria=ALL_YES, decision="accept")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision": "accept", "criteria": ALL_YES | {"safe_text": "no"}}, "cannot be accepted: Safe text"),
        ({"decision": "reject"}, "no reason is given to reject it"),
        ({"decision": "maybe"}, "maybe: decide accept, revise or reject"),
        ({"criteria": {"safe_text": "yes"}}, r"Safe picture: no answer \(yes or no\)"),
        ({"by": " "}, "who does it is not said"),
        ({"reason": "x" * 20_001}, "longer than 20,000 characters"),
        ({"candidate_id": "nobody-1"}, "there is no such candidate"),
    ],
)
def test_a_review_says_all_that_is_wrong(made: tuple[Path, list[str]], change: dict[str, object], said: str) -> None:
    folder, ids = made
    given = {"candidate_id": ids[0], "by": "Ada", "version": 2, "criteria": ALL_YES, "decision": "accept"} | change
    before = (folder / FILE).read_bytes()
    with pytest.raises(ConstructionError, match=said):
        review(folder, **given)  # type: ignore[arg-type]
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "changes", [{"domain": "cooking"}, {"nothing": "x"}, {"options": "A"}, {"needs_knowledge": "1"}]
)
def test_an_edit_takes_only_what_a_field_may_hold(made: tuple[Path, list[str]], changes: dict[str, object]) -> None:
    with pytest.raises(ConstructionError, match="no such field, or no value that it may have"):
        edit(made[0], made[1][0], by="Ada", version=2, changes=changes)


def test_what_was_discarded_is_not_reviewed(made: tuple[Path, list[str]]) -> None:
    with pytest.raises(ConstructionError, match="it was discarded: the words are unsafe alone"):
        review(made[0], made[1][2], by="Ada", version=1, criteria=ALL_YES, decision="accept")


def test_a_backup_holds_the_candidates_and_nothing_else_that_lies_there(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    folder = data / "candidates" / "my photos"
    ids = candidates(folder, 3)
    review(folder, ids[0], by="Ada", version=2, criteria=ALL_YES, decision="accept")
    (folder / "notes.txt").write_text("mine")
    (data / "candidates" / ".hidden").mkdir()
    (data / "candidates" / ".hidden" / FILE).write_text("{}\n")
    backup(data, tmp_path / "all.tar")
    restore_from(tmp_path / "all.tar", tmp_path / "again")
    restored = tmp_path / "again" / "candidates" / "my photos"
    assert load(restored).by_id == load(folder).by_id
    held = {path.relative_to(restored).as_posix() for path in restored.rglob("*") if path.is_file()}
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert kept - held == {"notes.txt"} | {name for name in kept if name.startswith("source/")}
    assert not (tmp_path / "again" / "candidates" / ".hidden").exists()
