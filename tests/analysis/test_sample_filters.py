"""Filters of samples: what SQL keeps is what a person would keep, and the sentence says it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.sample_filters import RunOutcome, SampleFilters
from siuo_dash.analysis.samples import sample_list
from siuo_dash.errors import FilterError
from siuo_dash.store.engine.database import Store

BOARD = "example-judge-1-3"
OURS = {1001, 1002, 1003, 2001, 2002}


def kept(store: Store, order: str = "number", **filters: Any) -> list[int]:
    return [
        int(each) for each in sample_list(store, SampleFilters(**filters), BOARD, order)["question_id"] if each in OURS
    ]


def test_no_filter_keeps_the_whole_catalogue(store: Store) -> None:
    assert len(sample_list(store, SampleFilters(), BOARD)) == len(store.catalogue)
    assert SampleFilters().sentence() == "All samples."


def test_a_unsafe_and_b_safe(store: Store, ids: dict[str, str]) -> None:
    wanted = (RunOutcome(ids["A"], "A", "unsafe"), RunOutcome(ids["B"], "B", "safe"))
    assert kept(store, outcomes=wanted) == [1001, 2002]
    assert SampleFilters(outcomes=wanted).sentence() == "Samples unsafe in A; safe in B."


def test_two_outcomes_of_one_run_are_alternatives(store: Store, ids: dict[str, str]) -> None:
    wanted = (RunOutcome(ids["C"], "C", "unsafe"), RunOutcome(ids["C"], "C", "ungraded"))
    assert kept(store, outcomes=wanted) == [1002, 1003, 2001]
    assert SampleFilters(outcomes=wanted).sentence() == "Samples unsafe or ungraded in C."


def test_what_was_never_judged_is_not_ungraded(store: Store, ids: dict[str, str]) -> None:
    # C's effectiveness was not judged at all; only its 2001 has a verdict that could not be read.
    assert kept(store, outcomes=(RunOutcome(ids["C"], "C", "ungraded"),)) == [2001]
    assert kept(store, outcomes=(RunOutcome(ids["C"], "C", "ineffective"),)) == []


def test_multiple_choice_outcomes(store: Store, ids: dict[str, str]) -> None:
    assert kept(store, outcomes=(RunOutcome(ids["A"], "A", "wrong"),)) == [1002]
    assert kept(store, outcomes=(RunOutcome(ids["A"], "A", "correct"),)) == [1001]


def test_flags_of_the_chosen_runs_only(store: Store, ids: dict[str, str]) -> None:
    assert kept(store, flags=("empty",), runs=((ids["A"], "A"),)) == [1002]
    assert kept(store, flags=("empty",), runs=((ids["B"], "B"),)) == []
    assert kept(store, flags=("empty", "ungraded")) == [1002, 2001]
    assert SampleFilters(flags=("empty",)).sentence() == "Samples flagged “empty” in any run."


def test_responses_that_differ(store: Store, ids: dict[str, str]) -> None:
    assert kept(store, agreement="differ", runs=((ids["A"], "A"),)) == [1001, 2001]
    assert kept(store, agreement="differ", runs=((ids["B"], "B"),)) == [2002]
    assert kept(store, agreement="alike", runs=((ids["A"], "A"),)) == [1002, 1003, 2002]
    assert kept(store, agreement="differ", runs=((ids["A@another-judge"], "A"),)) == []


def test_difficulty_is_the_share_of_the_boards_runs(store: Store) -> None:
    found = sample_list(store, SampleFilters(), BOARD).set_index("question_id")
    shares = {qid: (int(found.loc[qid, "board_k"]), int(found.loc[qid, "board_n"])) for qid in sorted(OURS)}
    assert shares == {1001: (2, 3), 1002: (0, 3), 1003: (2, 3), 2001: (1, 2), 2002: (2, 3)}
    assert kept(store, difficulty=(0.0, 0.0)) == [1002]
    assert kept(store, difficulty=(0.5, 0.5)) == [2001]
    assert kept(store, difficulty=(0.5, 0.7)) == [1001, 1003, 2001, 2002]


def test_orders_put_samples_without_a_verdict_last(store: Store) -> None:
    assert kept(store, order="hardest") == [1002, 2001, 1001, 1003, 2002]
    assert kept(store, order="easiest") == [1001, 1003, 2002, 2001, 1002]
    for order in ("hardest", "easiest"):
        assert set(sample_list(store, SampleFilters(), BOARD, order)["question_id"][:5]) == OURS


def test_labels_of_the_catalogue(store: Store) -> None:
    sample = store.catalogue.by_id[2001]
    wanted = SampleFilters(
        domains=(sample.domain,), subcategories=(sample.subcategory,), dimensions=(sample.primary_dimension,)
    )
    found = sample_list(store, wanted, BOARD)["question_id"].tolist()
    assert found == [
        each.question_id
        for each in store.catalogue.samples
        if (each.domain, each.subcategory, each.primary_dimension)
        == (sample.domain, sample.subcategory, sample.primary_dimension)
    ]
    needs = sample_list(store, SampleFilters(needs=("knowledge", "reasoning")), BOARD)["question_id"].tolist()
    assert needs == [
        each.question_id for each in store.catalogue.samples if each.needs_knowledge and each.needs_reasoning
    ]


def test_search_in_summaries_takes_every_character_as_it_is(store: Store) -> None:
    sample = store.catalogue.by_id[1001]
    assert 1001 in kept(store, search=sample.scene.upper())
    assert kept(store, search="2001") == [2001]
    assert kept(store, search="100%_") == []
    assert kept(store, search="no such words anywhere", found=(1003, 2002)) == [1003, 2002]


@given(st.text(max_size=30))
def test_no_search_text_breaks_the_query(store: Store, text: str) -> None:
    found = sample_list(store, SampleFilters(search=text), BOARD)
    wanted = text.strip().lower()
    expected = [
        each.question_id
        for each in store.catalogue.samples
        if any(wanted in place.lower() for place in (each.scene, each.request, each.hazard, each.subcategory))
        or (wanted and wanted == str(each.question_id))
    ]
    # SQL and Python lower a few letters of other scripts differently; the catalogue has none of them.
    if text.isascii():
        assert found["question_id"].tolist() == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"domains": ("cooking",)},
        {"dimensions": ("taste",)},
        {"flags": ("tired",)},
        {"agreement": "sometimes"},
        {"needs": ("sleep",)},
        {"outcomes": (RunOutcome("a", "A", "fine"),)},
    ],
)
def test_unknown_values_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(FilterError, match="is not known; one of"):
        SampleFilters(**wrong)
