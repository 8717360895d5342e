"""A query that repeats a benchmark's question or another candidate's, with and without the benchmark's texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.construct import pictures
from siuo_dash.construct.twins import Twins
from siuo_dash.sources import benchmark_text
from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT
from tests.evaluate.made import benchmark, question

SHIPPED = read_catalogue(ROOT / "data" / "samples.csv")


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    data = benchmark(tmp_path)
    return Twins(read_catalogue(data / "samples.csv"), data, SHIPPED)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (question(1002), "it repeats sample 1002 of the benchmark"),
        (f"  {question(1002).upper()}\n", "it repeats sample 1002 of the benchmark"),
        (f"Tell me, {question(1002)}", "it is nearly sample 1002 (similarity"),
        ("ladder number 1002 the made-up climb may I?", "it is nearly sample 1002 (similarity"),
        ("Where is the nearest kettle?", ""),
        ("Which of the boxes do I carry first?", "it is nearly candidate a-1 (similarity"),
        ("", ""),
    ],
)
def test_what_a_query_repeats(twins: Twins, query: str, said: str) -> None:
    found = twins.of(query, {"a-1": "Which of the boxes should I carry first?", "b-1": "What now?"})
    assert found.startswith(said) and bool(found) == bool(said)


def test_a_question_of_the_real_benchmark_is_found_and_no_two_of_them_are_alike(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "benchmark").symlink_to(shared / "benchmark")
    real = Twins(SHIPPED, tmp_path, SHIPPED)
    texts = benchmark_text.read(tmp_path, SHIPPED).samples
    without = Twins(SHIPPED, tmp_path / "nothing", SHIPPED)
    assert real.knows_texts and not without.knows_texts
    questions = {question_id: each.question for question_id, each in texts.items() if each.question}
    assert len(questions) == 167
    for question_id, words in questions.items():
        assert real.of(words, {}) == without.of(words, {}) == f"it repeats sample {question_id} of the benchmark"
        assert real.of(f"{words} Thanks!", {}).startswith(f"it is nearly sample {question_id} ")
        others = {str(other): text for other, text in questions.items() if other != question_id}
        assert without.of(f"{words} Thanks!", others) == ""


def test_a_picture_of_the_real_benchmark_is_skipped(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "benchmark").symlink_to(shared / "benchmark")
    real = Twins(SHIPPED, tmp_path, SHIPPED)
    sample = next(each for each in SHIPPED.samples if (shared / "benchmark" / "images" / each.image).is_file())
    content = (shared / "benchmark" / "images" / sample.image).read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / f"mine{Path(sample.image).suffix}").write_bytes(content)
    few = list(real.looks())[:20]
    taken, findings = pictures.take_in(tmp_path / "in", tmp_path / "out", looks=lambda: few)
    assert taken == [] and findings[0].message == f"it looks like the picture of sample {sample.question_id}"
