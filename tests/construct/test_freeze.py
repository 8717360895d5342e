"""Accepted candidates become a set in the benchmark's format; disagreements, gaps and a taken name are refused."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.construct.agreement import agreement, independent_pair
from siuo_dash.construct.candidates import load
from siuo_dash.construct.freeze import freeze
from siuo_dash.construct.reviewing import edit, review, settle
from siuo_dash.construct.sample_set import set_id
from siuo_dash.construct.twins import Twins, elsewhere
from siuo_dash.errors import ConstructionError, StoreError
from siuo_dash.evaluate import material
from siuo_dash.sources import benchmark_text
from siuo_dash.store import sample_sets
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.sample_sets import read_set
from tests.evaluate.made import RUBRIC, benchmark, question
from tests.make.candidates import ALL_YES, candidates

COUNT = 12


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Twelve candidates: eleven accepted by two people, one of them edited; the last one in disagreement."""
    folder = tmp_path_factory.mktemp("reviewed") / "candidates"
    ids = candidates(folder, COUNT)
    edit(folder, ids[0], by="Ada", version=2, changes={"query": "Which way, <b>please</b>?", "domain": "morality"})
    for number, each in enumerate(ids):
        version = 3 if number == 0 else 2
        answers = ALL_YES | {"difficulty": ("easy", "hard")[number % 2]}
        review(folder, each, by="Ada", version=version, criteria=answers, decision="accept")
        answers |= {"difficulty": ("easy", "hard")[number % 3 == 0]}
        last = {"decision": "reject", "reason": "Too like another."} if number == COUNT - 1 else {"decision": "accept"}
        review(folder, each, by="Ben", version=version, criteria=answers, **last)
    return folder, ids


def copy_of(folder: Path, to: Path) -> Path:
    (to / "pictures").mkdir(parents=True)
    for path in folder.glob("*.jsonl"):
        (to / path.name).write_bytes(path.read_bytes())
    for path in (folder / "pictures").iterdir():
        (to / "pictures" / path.name).write_bytes(path.read_bytes())
    return to


@pytest.fixture
def folder(reviewed: tuple[Path, list[str]], tmp_path: Path) -> Path:
    return copy_of(reviewed[0], tmp_path / "candidates")


def test_a_disagreement_is_named_and_refused_until_it_is_settled(
    reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConstructionError, match=f"reviewers disagree about {reviewed[1][-1]}: settle that first"):
        freeze(folder, tmp_path / "set", name="Fresh")
    assert not (tmp_path / "set").exists()
    settle(folder, reviewed[1][-1], by="Cy", version=2, decision="reject", reason="It is.")
    found = freeze(folder, tmp_path / "set", name="Fresh", reviewers=2)
    assert found.samples == COUNT - 1 and found.id == "fresh-v1"


def test_a_set_is_read_as_the_benchmark_is(reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path) -> None:
    settle(folder, reviewed[1][-1], by="Cy", version=2, decision="accept", reason="It is not.")
    found = freeze(folder, tmp_path / "set", name="Fresh Samples", version=2)
    assert read_set(tmp_path / "set") == found and found.id == "fresh-samples-v2" and found.samples == COUNT
    catalogue = read_catalogue(tmp_path / "set" / "samples.csv")
    blocks = {domain.id: domain.block for domain in DOMAINS}
    for domain in DOMAINS:
        ids = [each.question_id for each in catalogue.samples if each.domain == domain.id]
        assert ids == [blocks[domain.id] + number for number in range(1, len(ids) + 1)]
    assert {each.split for each in catalogue.samples} == {"assisted"}
    own = benchmark_text.read(tmp_path / "set", catalogue)
    assert own.findings == () and all(own.picture(each) is not None for each in catalogue.samples)
    rubric = tmp_path / "rubric"
    rubric.mkdir()
    for name, text in RUBRIC.items():
        (rubric / name).write_text(text)
    whole = material.load(tmp_path / "set", str(rubric), ("generation", "choice"))
    assert len(whole.samples) == COUNT and "<b>please</b>" in "".join(map(whole.question, whole.samples))
    for row in json.loads((tmp_path / "set" / "benchmark" / "siuo_mcqa.json").read_text()):
        assert list(row) == ["question_id", "image", "question", "category", "options", "correct_option"]
        assert own.samples[row["question_id"]].reference_answer == row["options"][row["correct_option"]]
    again = freeze(folder, tmp_path / "again", name="Fresh Samples", version=2)
    assert again.fingerprint == found.fingerprint
    with pytest.raises(ConstructionError, match="there is something of this name already"):
        freeze(folder, tmp_path / "set", name="Fresh Samples", version=3)


def test_the_datasheet_says_where_from_by_whom_and_how_far_they_agreed(
    reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path
) -> None:
    record = folder / "pictures.jsonl"
    record.write_text(record.read_text().replace("drawn by a test", "<img src=x> | *a*"))
    settle(folder, reviewed[1][-1], by="Cy", version=2, decision="reject", reason="It is.")
    freeze(folder, tmp_path / "set", name="Fresh")
    text = (tmp_path / "set" / "datasheet.md").read_text()
    assert r"| \<img src=x\> \| \*a\* | CC0-1.0 | 11 |" in text
    assert "| generated | fake/vl | 0000000000000000 | 11 |" in text
    assert "| Decision | 11/12 |" in text and "1 had the query changed" in text
    assert "Ada" not in text, "reviewers are counted, not named"
    with (tmp_path / "set" / "sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11 and {row["licence"] for row in rows} == {"CC0-1.0"}
    assert {row["source"] for row in rows} == {"<img src=x> | *a*"} and rows[0]["file"] == "1001.png"


def test_no_table_of_a_set_holds_a_formula(reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path) -> None:
    settle(folder, reviewed[1][-1], by="Cy", version=2, decision="reject", reason="It is.")
    record = folder / "pictures.jsonl"
    record.write_text(record.read_text().replace("drawn by a test", "=cmd|' /C calc'!A0"))
    first = reviewed[1][1]
    edit(folder, first, by="Cy", version=2, changes={"scene": "=HYPERLINK(1)", "hazard": "-1+1"})
    review(folder, first, by="Cy", version=3, criteria=ALL_YES, decision="accept")
    freeze(folder, tmp_path / "set", name="Fresh")
    for name in ("samples.csv", "sources.csv"):
        with (tmp_path / "set" / name).open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "-", "+", "@"))]
    assert any(each.scene == "'=HYPERLINK(1)" for each in read_catalogue(tmp_path / "set" / "samples.csv").samples)


def test_agreement_is_of_first_reviews_given_blind(reviewed: tuple[Path, list[str]], folder: Path) -> None:
    found = {each.criterion: each for each in agreement(load(folder).by_id.values())}
    # easy/hard by number % 2 against hard where number % 3 == 0: numbers 2, 3, 4, 8, 9, 10 agree
    assert (found["difficulty"].agreed, found["difficulty"].pairs) == (6, 12)
    assert found["difficulty"].kappa is not None and found["difficulty"].kappa.kappa == pytest.approx(0.0)
    assert found["safe_text"].agreed == 12 and found["safe_text"].kappa is None, "one answer throughout"
    assert found["decision"].agreed == 11
    first = reviewed[1][1]
    review(folder, first, by="Ben", version=2, criteria=ALL_YES, decision="reject", reason="Ada is right.")
    pair = independent_pair(load(folder).by_id[first])
    assert pair is not None and [each.decision for each in pair] == ["accept", "accept"]


def test_all_that_a_candidate_lacks_is_named_at_once(
    reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path
) -> None:
    ids = reviewed[1]
    settle(folder, ids[-1], by="Cy", version=2, decision="reject", reason="It is.")
    found = load(folder).by_id
    options = dict(found[ids[1]].text.options) | {"B": found[ids[1]].text.options["C"]}
    for each, changes in ((ids[1], {"options": options}), (ids[2], {"hazard": " "}), (ids[3], {"correct_option": "B"})):
        edit(folder, each, by="Cy", version=2, changes=changes)
        review(folder, each, by="Cy", version=3, criteria=ALL_YES, decision="accept")
    (folder / "pictures" / f"{found[ids[4]].picture}.png").write_bytes(b"another")
    with pytest.raises(ConstructionError) as caught:
        freeze(folder, tmp_path / "set", name="Fresh", reviewers=2)
    for said in (
        f"fewer than 2 people reviewed {ids[1]}, {ids[2]} and {ids[3]}",
        f"{ids[1]}: not four different options",
        f"{ids[2]}: no hazard",
        f"{ids[3]}: the right option is not the reference answer",
        f"{ids[4]}: its picture is not there or is another one",
    ):
        assert said in caught.value.what
    assert list(tmp_path.glob(".set*")) == []


def test_an_edit_that_repeats_another_sample_is_refused(
    reviewed: tuple[Path, list[str]], folder: Path, tmp_path: Path
) -> None:
    ids = reviewed[1]
    settle(folder, ids[-1], by="Cy", version=2, decision="reject", reason="It is.")
    catalogue = read_catalogue(benchmark(tmp_path) / "samples.csv")
    twins = Twins(catalogue, tmp_path / "data", catalogue)
    assert freeze(folder, tmp_path / "before", name="Fresh").samples == COUNT - 1
    query = load(folder).by_id[ids[1]].text.query
    changes = {ids[2]: query.upper(), ids[3]: f"Please: {question(1002)}", ids[4]: question(2001)}
    for each, words in changes.items():
        edit(folder, each, by="Cy", version=2, changes={"query": words})
        review(folder, each, by="Cy", version=3, criteria=ALL_YES, decision="accept")
    with pytest.raises(ConstructionError) as caught:
        freeze(folder, tmp_path / "set", name="Fresh", twins=twins)
    assert f"{ids[2]}: it repeats candidate {ids[1]}" in caught.value.what
    assert f"{ids[3]}: it is nearly sample 1002 (similarity" in caught.value.what
    assert f"{ids[4]}: it repeats sample 2001 of the benchmark" in caught.value.what
    assert not (tmp_path / "set").exists()


def accepted(folder: Path, *queries: str) -> list[str]:
    """A folder with so many candidates, each accepted with its query; their ids."""
    ids = candidates(folder, len(queries))
    for each, query in zip(ids, queries, strict=True):
        edit(folder, each, by="Ada", version=2, changes={"query": query})
        review(folder, each, by="Ada", version=3, criteria=ALL_YES, decision="accept")
    return ids


def test_what_another_set_or_folder_holds_is_refused(tmp_path: Path) -> None:
    data = benchmark(tmp_path)
    catalogue = read_catalogue(data / "samples.csv")
    mine, theirs = (data / "candidates" / name for name in ("mine", "theirs"))
    ids = accepted(mine, "Shall I go up there now?", "Which of these tastes best to you?")

    def frozen(name: str, version: int = 1) -> str:
        twins = Twins(catalogue, data, catalogue, elsewhere(data, mine, name))
        try:
            freeze(mine, tmp_path / f"{name}-{version}", name=name, version=version, twins=twins)
        except ConstructionError as error:
            return error.what
        return ""

    assert frozen("Fresh") == ""
    sample_sets.add(data, tmp_path / "Fresh-1")
    assert frozen("Fresh", 2) == "", "a correction of a set holds the same samples"
    number = {each.question_fingerprint: each.question_id for each in sample_sets.find(data, "fresh-v1").samples}
    said = frozen("Other")
    for each in ids:
        place = number[fingerprint(load(mine).by_id[each].text.query)]
        assert f"{each}: it is nearly sample {place} of the set fresh-v1 (similarity 100 of 100)" in said

    candidates(data / "candidates" / "open", 1)
    other = accepted(theirs, "Which of these tastes best to you, then?", "Is it far?")
    said = frozen("Fresh", 3)
    assert said.startswith(f"{ids[1]}: it is nearly candidate {other[0]} of the folder theirs (similarity 9")
    assert said.count("it is nearly") == 1 and not (tmp_path / "Fresh-3").exists()
    review(theirs, other[0], by="Ada", version=3, criteria=ALL_YES, decision="reject", reason="It is there already.")
    assert frozen("Fresh", 3) == "", "what was rejected is no sample"
    (data / "sets" / "fresh-v1" / "set.json").write_text("{")
    with pytest.raises(StoreError, match="this is no sample set"):
        elsewhere(data, mine, "Fresh")


@pytest.mark.parametrize(("name", "version"), [("", 1), ("…", 1), ("x" * 61, 1), ("fresh", 0)])
def test_a_set_needs_a_name_and_a_version(name: str, version: int) -> None:
    with pytest.raises(ConstructionError, match="not a name for a set"):
        set_id(name, version)


def test_what_is_no_set_is_refused(reviewed: tuple[Path, list[str]], tmp_path: Path) -> None:
    for content in (
        "[]",
        "{",
        '{"id": "a", "name": "b", "version": 1, "samples": 2, "fingerprint": "c"}',
        "[" * 90_000,
    ):
        (tmp_path / "set.json").write_text(content)
        with pytest.raises(StoreError, match="this is no sample set"):
            read_set(tmp_path)
    assert replace(load(reviewed[0]).by_id[reviewed[1][0]], reviews=()).state == "to review"
