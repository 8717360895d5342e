"""Filters: the SQL of every combination against pandas, the sentence, and hostile words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.filters import HEALTH, WEIGHTS, Filters
from siuo_dash.analysis.queries import RUNS
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS
from siuo_dash.errors import FilterError
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run
from tests.make.stores import make_data

NAMES = ("Alpha-7B", "alpha_7B", "100% Safe", 'O\'Brien "quoted"', r"back\slash", "$search; --", "Ünïcode 模型", "ΟΔΟΣ")
ORGANIZATIONS = (None, "Alpha Lab", "O'Brien & Co", "50%", "a_b")
ANY_FLAG = tuple(FLAGS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    runs = []
    eta: dict[str, Any] = {"base_model": "Alpha-7B", "method": "ETA"}
    for place in range(40):
        totals = place % 3 == 0
        runs.append(
            make_run(
                f"{NAMES[place % 8]} {place}",
                [True, False],
                mcqa=[True] if place % 5 == 0 else [],
                totals=totals,
                flags=None if totals or place % 4 == 1 else {place % 2: [ANY_FLAG[place % 10], ANY_FLAG[place % 7]]},
                organization=ORGANIZATIONS[place % 5],
                params_b=None if place % 4 == 0 else float(place),
                open_weights=(None, True, False)[place % 3 if place % 2 else 1],
                judge=("human", "gpt-4o", "exact match")[place % 7 % 3],
                responses_per_sample=(3, 1, None)[place % 3],
                **(eta if place % 6 == 1 else {}),
            )
        )
    return Store(make_data(tmp_path_factory.mktemp("filters") / "data", *runs))


@pytest.fixture(scope="module")
def table(store: Store) -> pd.DataFrame:
    frame = store.frame("SELECT * FROM runs")
    flags = store.frame("SELECT run_no, flag FROM flagged")
    return frame.assign(flags=[set(flags.loc[flags["run_no"] == run_no, "flag"]) for run_no in frame["run_no"]])


def lower(text: str) -> str:
    return text.lower().replace("ς", "σ")  # Python alone has a letter of its own for the end of a word


def kept_by_pandas(table: pd.DataFrame, filters: Filters) -> set[str]:
    """The same filters, said another way."""

    def keeps(run: Any) -> bool:
        size = None if pd.isna(run.params_b) else run.params_b
        text = lower(filters.search.strip())
        in_size = (size is None and filters.unknown_sizes) or (
            size is not None
            and (filters.size_low is None or size >= filters.size_low)
            and (filters.size_high is None or size <= filters.size_high)
        )
        if filters.size_low is None and filters.size_high is None and filters.unknown_sizes:
            in_size = True
        organization = None if pd.isna(run.organization) else run.organization
        weights = {"any": True, "open": run.open_weights is True, "closed": run.open_weights is False}
        health = {
            "any": True,
            "clean": run.evidence == "per_sample" and not run.flags,
            "flagged": bool(run.flags),
            "unexamined": run.evidence == "totals",
        }
        return (
            (
                filters.board is None
                or run.board == filters.board
                or (filters.board == "exact-match-1" and run.mcqa_n > 0)
            )
            and (text in lower(run.model) or text in lower(organization or ""))
            and (not filters.organizations or organization in filters.organizations)
            and (not filters.plain or pd.isna(run.method))
            and weights[filters.weights]
            and in_size
            and (not filters.evidence or run.evidence in filters.evidence)
            and health.get(filters.health, filters.health in run.flags)
        )

    return {run.run_id for run in table.astype({"open_weights": object}).itertuples() if keeps(run)}


some = st.sampled_from
words = st.one_of(
    st.just(""),
    some(NAMES).flatmap(lambda name: st.integers(0, len(name) - 1).map(lambda start: name[start : start + 4].upper())),
    some(("alpha", "%", "_", "\\", "'", "' OR 1=1 --", "$search", "{where}", " 7b ", "Σ", "模", "\x00", "%%", "\\%")),
    st.text(st.characters(codec="utf-8", max_codepoint=0x12F), max_size=3),
)
sizes = st.tuples(st.none() | st.integers(0, 40), st.none() | st.integers(0, 40)).map(
    lambda pair: pair if None in pair else tuple(sorted(pair))  # type: ignore[type-var]
)


@st.composite
def filter_sets(draw: st.DrawFn) -> Filters:
    low, high = draw(sizes)
    return Filters(
        board=draw(some((None, "human-3", "gpt-4o-unstated", "exact-match-1", "no-such-board"))),
        search=draw(words),
        organizations=tuple(
            draw(st.lists(some(("Alpha Lab", "O'Brien & Co", "50%", "nobody")), max_size=2, unique=True))
        ),
        weights=draw(some(tuple(WEIGHTS))),
        size_low=low,
        size_high=high,
        unknown_sizes=draw(st.booleans()),
        evidence=tuple(draw(st.lists(some(tuple(EVIDENCE)), max_size=2, unique=True))),
        health=draw(some(tuple(HEALTH))),
        plain=draw(st.booleans()),
    )


@given(filters=filter_sets())
def test_sql_and_pandas_keep_the_same_runs(store: Store, table: pd.DataFrame, filters: Filters) -> None:
    found = RUNS.run(store, where=filters.where())
    assert set(found["run_id"]) == kept_by_pandas(table, filters)


@given(filters=filter_sets())
def test_the_sentence_names_each_filter(filters: Filters) -> None:
    sentence = filters.sentence()
    search = filters.search.strip()
    expected = {
        "whose model or organization contains": bool(search),
        f"with {filters.weights} weights": filters.weights != "any",
        "B parameters": filters.size_low is not None or filters.size_high is not None,
        "unknown sizes left out": not filters.unknown_sizes and (filters.size_low, filters.size_high) != (None, None),
        "whose size is published": not filters.unknown_sizes and (filters.size_low, filters.size_high) == (None, None),
        "with evidence: ": bool(filters.evidence),
        "of plain models, without a method": filters.plain,
    }
    plain = sentence.replace(f"“{search}”", "")
    for words_, is_set in expected.items():
        assert (words_ in plain) == is_set, words_
    for part in (
        search,
        *filters.organizations,
        *(f"{size:g}" for size in (filters.size_low, filters.size_high) if size),
    ):
        assert part in sentence
    if filters.health not in ("any", "clean", "flagged", "unexamined"):
        assert f"with the flag “{FLAGS[filters.health].label.lower()}”" in sentence
    if not filters.where().words:
        assert sentence == "All runs."


def test_a_sentence_as_it_is_read() -> None:
    filters = Filters(
        board="human-3",
        search=" LLaVA ",
        organizations=("Meta", "Google", "Alibaba"),
        weights="open",
        size_low=7,
        size_high=13.5,
        unknown_sizes=False,
        evidence=("per_sample", "totals"),
        health="unclosed_reasoning",
    )
    assert filters.sentence() == (
        "Runs whose model or organization contains “LLaVA”; by Meta, Google or Alibaba; with open weights; "
        "of 7 to 13.5 B parameters (unknown sizes left out); with evidence: sample-level or published totals; "
        "with the flag “unclosed reasoning”."
    )
    assert Filters(size_low=7).sentence() == "Runs of at least 7 B parameters (unknown sizes kept)."
    assert Filters(health="clean").sentence() == "Runs that were examined and carry no health flag."


@pytest.mark.parametrize("search", ["%", "_", "\\", "O'Brien", '"quoted"', "$search", "ΟΔΟΣ", "模型", "ALPHA lab"])
def test_wildcards_and_quotes_are_letters(store: Store, table: pd.DataFrame, search: str) -> None:
    found = RUNS.run(store, where=Filters(search=search).where())
    holds = table["model"] + " " + table["organization"].fillna("")
    assert set(found["run_id"]) == set(table.loc[holds.map(lower).str.contains(lower(search), regex=False), "run_id"])
    assert 0 < len(found) < len(table)


def test_an_attack_finds_nothing(store: Store) -> None:
    assert RUNS.run(store, where=Filters(search="' OR 1=1 --", organizations=("x') OR (TRUE",)).where()).empty


@pytest.mark.parametrize(
    ("wrong", "words_"),
    [
        ({"weights": "ajar"}, "weights 'ajar' is not known; one of any, open, closed"),
        ({"health": "ill"}, "health 'ill' is not known; one of any, clean"),
        ({"evidence": ("hearsay",)}, "evidence 'hearsay' is not known; one of per_sample, totals"),
        ({"size_low": 8.0, "size_high": 7.0}, "size from 8 to 7 B holds nothing; swap the two"),
        ({"size_low": float("nan")}, "a size is not a number"),
    ],
)
def test_a_filter_that_cannot_be_meant(wrong: dict[str, Any], words_: str) -> None:
    with pytest.raises(FilterError, match="^" + words_.replace("(", r"\(")):
        Filters(**wrong)


def test_the_data_directory_is_not_changed_by_a_search(store: Store) -> None:
    before: list[Path] = sorted(store.data_dir.rglob("*"))
    RUNS.run(store, where=Filters(search="'; COPY runs TO 'x.csv'; --").where())
    assert sorted(store.data_dir.rglob("*")) == before
