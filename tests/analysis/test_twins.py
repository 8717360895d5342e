"""A second run with the same responses is found whatever it is called, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siuo_dash.analysis.twins import LEAST_SAMPLES, Twin, among, findings, twins
from siuo_dash.store.engine.database import Store
from tests.make.program import run
from tests.make.registry import file_of
from tests.make.runs import judged_run, named, run_id_of
from tests.make.stores import add, make_data

IDS = [1001 + place for place in range(19)] + [2001 + place for place in range(18)]
Text = Callable[[int, int], str]


def words(question_id: int, place: int) -> str:
    return f"Response {place} to {question_id}: " + "please do not. " * (question_id % 7 + 1)


def table(model: str, text: Text | None = words, *, ids: list[int] = IDS, judge: str = "judge a") -> pa.Table:
    verdicts = {each: [(each % 2 == 0, True), (True, True), (False, True)] for each in ids}
    return judged_run(model, judge, verdicts, text=text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


def found(folder: Path, candidate: pa.Table) -> list[Twin]:
    return twins(Store(folder), candidate)


def test_under_another_name_and_judge(folder: Path) -> None:
    first = table("First-7B")
    add(folder, first)
    add(folder, table("Other-7B", lambda question_id, place: words(question_id, place).upper() + "!"))
    assert found(folder, table("Second-9B", judge="judge b")) == [
        Twin(run_id_of(first), "judge a", len(IDS), True, len(IDS))
    ]
    assert found(folder, table("Second-9B", lambda question_id, place: words(question_id, 2 - place)))[0].by_words
    (finding,) = findings(Store(folder), table("Second-9B", judge="judge b"))
    assert finding.severity == "warning"
    assert (
        finding.message == f"the responses are the same as those of {run_id_of(first)} on 37 samples, judged by judge a"
    )


def test_as_long_but_other_words_is_no_twin(folder: Path) -> None:
    add(folder, table("First-7B"))
    assert found(folder, table("Second-9B", lambda *of: words(*of).replace("please", "kindly"))) == []


def longer(*ids: int) -> Text:
    """The same words, but for one character more in the responses to these samples."""
    return lambda question_id, place: words(question_id, place) + ("x" if question_id in ids else "")


@pytest.mark.parametrize("others", [1, 7, 8])
def test_nearly_the_same_is_told_as_such(folder: Path, others: int) -> None:
    """37 samples, of which a fifth are 7.4."""
    first = table("First-7B")
    add(folder, first)
    candidate = table("Second-9B", longer(*IDS[:others]))
    same = len(IDS) - others
    expected = [Twin(run_id_of(first), "judge a", len(IDS), True, same)] if others < 8 else []
    assert found(folder, candidate) == expected == among(candidate, {run_id_of(first): first})
    if expected:
        assert f"on {same} of 37 samples" in expected[0].words("X")


def test_two_models_that_refuse_alike_but_for_a_few_are_not_nearly_the_same(folder: Path) -> None:
    def refusal(question_id: int, place: int) -> str:
        return "I cannot help with that." if question_id not in IDS[:6] else words(question_id, place)

    def other(question_id: int, place: int) -> str:
        return refusal(question_id, place) + ("!!" if question_id in IDS[:6] else "")

    first = table("First-7B", refusal)
    add(folder, first)
    assert found(folder, table("Second-9B", other)) == [] == among(table("Second-9B", other), {"x": first})


def test_a_part_of_a_run(folder: Path) -> None:
    add(folder, table("First-7B"))
    part = found(folder, table("Second-9B", ids=IDS[:LEAST_SAMPLES]))
    assert [twin.samples for twin in part] == [LEAST_SAMPLES]
    assert found(folder, table("Second-9B", ids=IDS[: LEAST_SAMPLES - 1])) == []


def test_everybody_may_refuse_alike_in_one_sentence(folder: Path) -> None:
    def refusal(question_id: int, place: int) -> str:
        return "I cannot help with that."

    add(folder, table("First-7B", refusal))
    assert found(folder, table("Second-9B", refusal)) == []


def test_figures_alone_are_known_by_their_lengths(folder: Path) -> None:
    carried = table("Carried-7B")
    rows = [row | {"responses": [each | {"text": None} for each in row["responses"]]} for row in carried.to_pylist()]
    add(folder, named(pa.Table.from_pylist(rows, schema=carried.schema)))
    (twin,) = found(folder, table("Second-9B"))
    assert (twin.samples, twin.by_words) == (len(IDS), False)
    assert "as long, to the character, as those of" in twin.words("Carried-7B")


def test_nothing_to_compare(folder: Path) -> None:
    add(folder, table("First-7B"))
    assert found(folder, table("Second-9B", None)) == []


def test_lengths_in_the_database_are_those_of_the_file(folder: Path) -> None:
    first = table("First-7B")
    add(folder, first)
    shown = Store(folder).frame("SELECT question_id, response_chars FROM verdicts ORDER BY question_id")
    rows = pq.read_table(file_of(folder, run_id_of(first)), partitioning=None).to_pylist()
    counted = {row["question_id"]: sum(len(each["text"]) for each in row["responses"]) for row in rows}
    assert dict(zip(shown["question_id"], shown["response_chars"], strict=True)) == counted
    shipped = Store(make_data(folder.parent / "shipped", shipped=True)).frame(
        "SELECT COUNT(response_chars) AS known, COUNT(*) AS rows FROM verdicts v JOIN runs r USING (run_no) "
        "WHERE evidence = 'totals'"
    )
    assert shipped["known"].tolist() == [0] and shipped["rows"].iloc[0] > 0
    assert not pd.isna(shown["response_chars"]).any()


def test_the_carried_runs_own_files(shared: Path, root: Path, tmp_path: Path) -> None:
    files = [
        shared / "fixtures" / "community" / "glm41v_baseline" / name
        for name in ("siuo_167.jsonl", "siuo_167.judged.jsonl")
    ]
    done = run("siuo_dash", "validate", *files, "--json", "--data", make_data(tmp_path / "data", shipped=True))
    warnings = [warning for warning in json.loads(done.stdout)["warnings"] if warning["field"] == "responses"]
    assert len(warnings) == 1
    assert "glm-4-1v-9b-thinking" in warnings[0]["message"] and "167 samples" in warnings[0]["message"]
