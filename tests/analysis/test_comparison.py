"""Two runs compared: hand-worked figures, pandas beside SQL, symmetry, and what cannot be paired."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from siuo_dash.analysis import comparison
from siuo_dash.analysis.comparison import Difference, compare, discordant, paired, unpaired
from siuo_dash.analysis.stats.differences import PairedTable, detectable_gap
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import DOMAINS, METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import NoRun
from siuo_dash.store.engine.database import Store
from tests.make.runs import ALPHA, BETA, GAMMA, IDS, judged_run, make_run, run_id_of, share
from tests.make.stores import demo, store_of

SAFE = METRICS["safe"]


def _two(b: int, c: int, both: int) -> tuple[pa.Table, pa.Table]:
    """Two runs over all samples: `both` safe in both, b only in the first, c only in the second."""
    first = {each: place < both + b for place, each in enumerate(IDS)}
    second = {each: place < both or both + b <= place < both + b + c for place, each in enumerate(IDS)}
    return judged_run(ALPHA, "human", first), judged_run(BETA, "human", second)


def test_the_worked_example_comes_out_of_the_store(tmp_path: Path) -> None:
    """Design §5: b = 15, c = 5, n = 167 gives p .0266 and 0.55 to 11.28 points."""
    first, second = _two(15, 5, 60)
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second)).overall["safe"]
    assert found is not None and found.table == PairedTable(60, 15, 5, 87)
    assert (found.first, found.second) == (Tally(75, 167), Tally(65, 167))
    assert found.difference == pytest.approx(10 / 167)
    assert round(found.p, 4) == 0.0266
    assert (round(100 * found.interval.low, 2), round(100 * found.interval.high, 2)) == (0.55, 11.28)
    assert found.significant and found.why_unpaired == ""
    assert found.gap == detectable_gap(167, 20 / 167)


def test_metrics_that_were_not_judged_are_none(tmp_path: Path) -> None:
    first, second = _two(3, 1, 20)
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second))
    assert [metric for metric, each in found.overall.items() if each is None] == [
        "effective",
        "safe_and_effective",
        "mcqa",
    ]
    assert found.domains["effective"] == []


def test_totals_are_compared_unpaired_and_it_says_so(tmp_path: Path) -> None:
    """89 against 68 of 167: Newcombe 1.87 to 22.88 points, score test p .0213."""
    first = judged_run(ALPHA, "human", {each: place < 89 for place, each in enumerate(IDS)})
    second, third = (
        make_run(BETA, share(68), totals=True, responses_per_sample=1),
        make_run(GAMMA, share(68), totals=True, responses_per_sample=1),
    )
    store = store_of(tmp_path, first, second, third)
    found = compare(store, run_id_of(first), run_id_of(second)).overall["safe"]
    assert found is not None and found.table is None
    assert (round(100 * found.interval.low, 2), round(100 * found.interval.high, 2)) == (1.87, 22.88)
    assert round(found.p, 4) == 0.0213
    assert found.why_unpaired == "only totals are published for the second run"
    swapped = compare(store, run_id_of(second), run_id_of(first))
    assert swapped.overall["safe"] is not None
    assert swapped.overall["safe"].why_unpaired == "only totals are published for the first run"
    assert swapped.domains["safe"] == []
    both = compare(store, run_id_of(second), run_id_of(third)).overall["safe"]
    assert both is not None and both.why_unpaired == "only totals are published for both runs"


def test_only_samples_graded_in_both_are_paired(tmp_path: Path) -> None:
    first = judged_run(ALPHA, "human", {1001: True, 1002: False, 1003: None, 1004: True})
    second = judged_run(BETA, "human", {1001: False, 1002: False, 1003: True, 2001: True})
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second)).overall["safe"]
    assert found is not None and found.table == PairedTable(0, 1, 0, 1)
    assert (found.first, found.second) == (Tally(1, 2), Tally(0, 2))


def test_runs_without_a_common_sample_are_compared_by_their_rates(tmp_path: Path) -> None:
    first = judged_run(ALPHA, "human", {1001: True, 1002: False, 1003: True})
    second = judged_run(BETA, "human", {2001: False, 2002: False, 2003: True})
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second)).overall["safe"]
    assert found is not None and found.table is None and found.why_unpaired == "no sample is graded in both runs"
    assert (found.first, found.second) == (Tally(2, 3), Tally(1, 3))


def test_a_run_is_not_compared_with_itself_or_with_nobody(tmp_path: Path) -> None:
    first, second = _two(1, 1, 1)
    store = store_of(tmp_path, first, second)
    with pytest.raises(NoRun, match="with itself"):
        compare(store, run_id_of(first), run_id_of(first))
    with pytest.raises(NoRun, match="no run"):
        compare(store, run_id_of(first), "nobody")


def test_pandas_counts_the_same(tmp_path: Path) -> None:
    demo(tmp_path)
    store = Store(tmp_path)
    a, b = "alpha-7b-gpt-4o-2024-08-06", "beta-7b-gpt-4o-2024-08-06"
    runs = store.frame("SELECT run_id FROM runs ORDER BY run_id")["run_id"]
    first, second = (next(each for each in runs if each.startswith(name)) for name in (a, b))
    rows = pd.read_parquet(tmp_path / "results.parquet").dropna(subset="question_id")
    found = compare(store, first, second)
    for metric in METRICS.values():
        wide = rows[rows["task"] == metric.task].pivot(index="question_id", columns="run_id", values=metric.column)
        x, y = (wide[name].dropna().astype(bool) for name in (first, second))
        x, y = x.align(y, join="inner")
        table = found.overall[metric.id]
        assert table is not None and table.table == PairedTable(
            int((x & y).sum()), int((x & ~y).sum()), int((~x & y).sum()), int((~x & ~y).sum())
        )
        blocks = pd.Series(x.index, index=x.index) // 1000 * 1000
        for each in found.domains[metric.id]:
            block = next(domain.block for domain in DOMAINS if domain.id == each.domain)
            here = blocks == block
            assert each.table is not None
            assert (each.table.n, each.table.first_only) == (int(here.sum()), int((x & ~y)[here].sum()))
        assert [each.domain for each in found.domains[metric.id]] == [domain.id for domain in DOMAINS]


def test_domains_are_adjusted_by_benjamini_and_hochberg(tmp_path: Path) -> None:
    first, second = _two(40, 5, 60)
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second)).domains["safe"]
    expected = multipletests([each.p for each in found], method="fdr_bh")[1]
    assert [each.p_adjusted for each in found] == pytest.approx(list(expected))
    low = next(each for each in found if each.p < 0.05)
    assert low.significant == ((low.p_adjusted or 1.0) < 0.05)


def _mirrored(one: Difference, other: Difference) -> None:
    assert (one.first, one.second) == (other.second, other.first)
    assert one.difference == pytest.approx(-other.difference)
    assert one.interval.low == pytest.approx(-other.interval.high)
    assert one.interval.high == pytest.approx(-other.interval.low)
    assert one.p == pytest.approx(other.p)
    assert one.gap == pytest.approx(other.gap)
    assert one.p_adjusted == (None if other.p_adjusted is None else pytest.approx(other.p_adjusted))


def test_swapping_the_runs_mirrors_everything(tmp_path: Path) -> None:
    demo(tmp_path)
    store = Store(tmp_path)
    runs = store.frame("SELECT run_id FROM runs WHERE evidence = 'per_sample' ORDER BY run_id")["run_id"].tolist()
    for first, second in ((runs[0], runs[1]), (runs[2], runs[-1])):
        there, back = compare(store, first, second), compare(store, second, first)
        assert there.warning == back.warning or set(there.warning) == set(back.warning)
        for metric in METRICS:
            one, other = there.overall[metric], back.overall[metric]
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                _mirrored(one, other)
            for a, b in zip(there.domains[metric], back.domains[metric], strict=True):
                _mirrored(a, b)
        samples, mirrored = (discordant(store, x.first, x.second, SAFE) for x in (there, back))
        assert samples["question_id"].tolist() == mirrored["question_id"].tolist()
        assert samples["others_k"].tolist() == mirrored["others_k"].tolist()
        assert (samples["passed_by"] == "first").tolist() == (mirrored["passed_by"] == "second").tolist()


counts = st.integers(0, 60)


@given(counts, counts, counts, counts)
def test_a_paired_difference_is_bounded_and_mirrored(both: int, b: int, c: int, neither: int) -> None:
    if both + b + c + neither == 0:
        with pytest.raises(ValueError):
            paired(SAFE, PairedTable(0, 0, 0, 0))
        return
    found = paired(SAFE, PairedTable(both, b, c, neither))
    assert 0 <= found.p <= 1 and -1 <= found.interval.low <= found.interval.high <= 1
    assert found.interval.low <= found.difference <= found.interval.high
    assert found.gap is None or 0 < found.gap <= 1
    _mirrored(found, paired(SAFE, PairedTable(both, c, b, neither)))


@given(st.integers(1, 80), st.integers(1, 80), st.data())
def test_an_unpaired_difference_is_bounded_and_mirrored(n1: int, n2: int, data: st.DataObject) -> None:
    first = Tally(data.draw(st.integers(0, n1)), n1)
    second = Tally(data.draw(st.integers(0, n2)), n2)
    found = unpaired(SAFE, first, second, "because")
    assert 0 <= found.p <= 1 and found.interval.low <= found.difference <= found.interval.high
    assert found.gap is None or 0 < found.gap <= 1
    _mirrored(found, unpaired(SAFE, second, first, "because"))


def test_the_unpaired_gap_is_that_of_outcomes_that_know_nothing_of_each_other() -> None:
    """Half of 100 against half of 100: they would differ on half of the samples."""
    found = unpaired(SAFE, Tally(50, 100), Tally(50, 100), "")
    assert found.gap == detectable_gap(100, 0.5)


def test_discordant_samples_in_both_directions(tmp_path: Path) -> None:
    """1001: only A. 1002, 1003: only B; the others pass 1003 more often, so it stands before 1002."""
    first = judged_run(
        ALPHA, "human", {1001: True, 1002: False, 1003: False, 1004: True}, flags={1002: ["cut_off", "empty"]}
    )
    second = judged_run(BETA, "human", {1001: False, 1002: True, 1003: True, 1004: True}, flags={1001: ["cut_off"]})
    third = judged_run(GAMMA, "human", {1001: True, 1002: False, 1003: True, 1004: False})
    fourth = judged_run("Other board", "gpt-4o", {1001: False, 1002: True, 1003: False})
    store = store_of(tmp_path, first, second, third, fourth)
    found = compare(store, run_id_of(first), run_id_of(second))
    samples = discordant(store, found.first, found.second, SAFE)
    assert samples["question_id"].tolist() == [1001, 1003, 1002]
    assert samples["passed_by"].tolist() == ["first", "second", "second"]
    assert list(zip(samples["others_k"], samples["others_n"], strict=True)) == [(1, 1), (1, 1), (0, 1)]
    assert samples["first_flags"].tolist() == [[], [], ["cut_off", "empty"]]
    assert samples["second_flags"].tolist() == [["cut_off"], [], []]
    assert samples["domain"].tolist() == ["self-harm"] * 3
    more = discordant(store, found.first, found.second, SAFE, neither=True)
    assert more["question_id"].tolist() == samples["question_id"].tolist(), "1004 is passed by both"


def test_samples_that_both_fail_are_given_when_asked_for(tmp_path: Path) -> None:
    runs = [judged_run(name, "human", {1001: name == ALPHA, 1002: False}) for name in (ALPHA, BETA)]
    store = store_of(tmp_path, *runs)
    found = compare(store, run_id_of(runs[0]), run_id_of(runs[1]))
    samples = discordant(store, found.first, found.second, SAFE, neither=True).set_index("question_id")
    assert samples["passed_by"].to_dict() == {1001: "first", 1002: "neither"}


def test_across_boards_it_warns_and_inside_one_it_does_not(tmp_path: Path) -> None:
    human, machine = judged_run(ALPHA, "human", {1001: True}), judged_run(ALPHA, "gpt-4o", {1001: False})
    other = judged_run(BETA, "human", {1001: False})
    store = store_of(tmp_path, human, machine, other)
    warning = compare(store, run_id_of(human), run_id_of(machine)).warning
    assert "different boards" in warning and "human, 1 response" in warning and "gpt-4o, 1 response" in warning
    assert compare(store, run_id_of(human), run_id_of(other)).warning == ""
    assert comparison.board_warning([Protocol("human", 1), Protocol("human", 3)]) != ""
    assert comparison.board_warning([]) == ""
