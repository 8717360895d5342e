"""One model judged twice, and rates corrected for a judge's errors."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from siuo_dash.analysis import judges
from siuo_dash.analysis.stats.differences import PairedTable
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import SchemaError
from siuo_dash.store.runs.run_file import response_fingerprints
from tests.make.runs import ALPHA, BETA, GAMMA, IDS, judged_run, make_run, run_id_of, sentences, share
from tests.make.stores import store_of

SAFE = METRICS["safe"]


def _outcomes(first: str) -> dict[int, list[bool | None]]:
    """'1 0 -' of the samples in order."""
    return {each: [{"1": True, "0": False, "-": None}[mark]] for each, mark in zip(IDS, first, strict=False)}


def _judged(model: str, judge: str, marks: str, texts: str | None = None) -> pa.Table:
    verdicts = _outcomes(marks)
    return judged_run(model, judge, verdicts, text=sentences(texts) if texts else None)


def test_agreement_kappa_and_the_differing_samples_by_hand(tmp_path: Path) -> None:
    """50 samples: both safe 20, both unsafe 15, only the first 5, only the second 10: kappa .40 (.15 to .65)."""
    human = _judged(ALPHA, "human", "1" * 20 + "1" * 5 + "0" * 10 + "0" * 15, "same")
    machine = _judged("alpha-7b ", "gpt-4o", "1" * 20 + "0" * 5 + "1" * 10 + "0" * 15, "same")
    store = store_of(tmp_path, machine, human, _judged(BETA, "human", "1" * 50))
    assert judges.judged_twice(store)[["name", "runs", "boards"]].values.tolist() == [["alpha-7b", 2, 2]]
    (pair,) = judges.judgements(store, "alpha-7b", SAFE)
    assert (pair.first.run_id, pair.second.run_id) == tuple(map(run_id_of, (human, machine))), (
        "human verdicts stand first"
    )
    assert pair.responses == "same" and pair.left_out == 0
    assert pair.table == PairedTable(20, 5, 10, 15) and pair.agreement == Tally(35, 50)
    assert pair.kappa is not None and pair.kappa.interval is not None
    assert round(pair.kappa.kappa, 4) == 0.4
    assert (round(pair.kappa.interval.low, 2), round(pair.kappa.interval.high, 2)) == (0.15, 0.65)
    assert pair.differing == {each: place < 5 for place, each in enumerate(IDS[20:35])}


def test_only_the_samples_with_the_same_responses_are_compared(tmp_path: Path) -> None:
    """Of ten samples, two were answered anew: they are left out, and said to be."""

    def anew(question_id: int, place: int) -> str:
        return sentences("y" if question_id in IDS[8:10] else "x")(question_id, place)

    human = judged_run(ALPHA, "human", _outcomes("1" * 10), text=sentences("x"))
    machine = judged_run(ALPHA, "gpt-4o", _outcomes("1" * 8 + "00"), text=anew)
    (pair,) = judges.judgements(store_of(tmp_path, human, machine), "alpha-7b", SAFE)
    assert pair.responses == "same" and pair.left_out == 2
    assert pair.table == PairedTable(8, 0, 0, 0) and pair.differing == {}
    assert pair.kappa is None, "one label throughout: kappa is not defined"


def test_other_responses_are_said_to_be_other(tmp_path: Path) -> None:
    human = _judged(ALPHA, "human", "1100", "first evaluation")
    machine = _judged(ALPHA, "gpt-4o", "1010", "second evaluation")
    (pair,) = judges.judgements(store_of(tmp_path, human, machine), "alpha-7b", SAFE)
    assert pair.responses == "other" and pair.table == PairedTable(1, 1, 1, 1)


def test_without_texts_nobody_knows_whether_they_are_the_same(tmp_path: Path) -> None:
    store = store_of(tmp_path, _judged(ALPHA, "human", "11-0"), _judged(ALPHA, "gpt-4o", "1000", "x"))
    (pair,) = judges.judgements(store, "alpha-7b", SAFE)
    assert pair.responses == "unknown" and pair.table == PairedTable(1, 1, 0, 1), "ungraded is left out"


def test_totals_are_no_second_judgement(tmp_path: Path) -> None:
    store = store_of(tmp_path, _judged(ALPHA, "gpt-4o", "10"), make_run(ALPHA, share(3, 9), totals=True))
    assert judges.judged_twice(store).empty


def test_a_few_equal_answers_do_not_make_the_responses_the_same() -> None:
    import pandas as pd

    prints = {1: "a", 2: "b", 3: "c", 4: "d"}
    samples = pd.Index([1, 2, 3, 4])
    assert judges.same_responses(prints, prints | {3: "x", 4: "x"}, samples) is not None
    assert judges.same_responses(prints, prints | {3: "x", 4: "x"}, samples).tolist() == []  # type: ignore[union-attr]
    assert judges.same_responses(prints, prints | {4: "x"}, samples).tolist() == [1, 2, 3]  # type: ignore[union-attr]
    assert judges.same_responses(prints, {}, samples) is None


def test_fingerprints_ignore_order_case_and_white_space_and_need_every_text(tmp_path: Path) -> None:
    verdicts = {each: [True, True] for each in IDS[:3]}
    these: dict[int, list[str | None]] = {IDS[0]: ["A  b", "c"], IDS[1]: ["x", None], IDS[2]: ["p", "q"]}
    those = {IDS[0]: ["C", "a B "], IDS[1]: ["x", "y"], IDS[2]: ["p", "r"]}
    one_way = judged_run(ALPHA, "human", verdicts, text=lambda each, place: these[each][place])
    other = judged_run(ALPHA, "gpt-4o", verdicts, text=lambda each, place: those[each][place])
    store = store_of(tmp_path, one_way, other)
    first, second = (response_fingerprints(store, run_id_of(each)) for each in (one_way, other))
    assert sorted(first) == [IDS[0], IDS[2]] and sorted(second) == IDS[:3]
    assert first[IDS[0]] == second[IDS[0]] and first[IDS[2]] != second[IDS[2]]
    assert response_fingerprints(store, "nobody") == {}
    (tmp_path / "results.parquet").write_bytes(b"broken")
    with pytest.raises(SchemaError, match=r"results\.parquet"):
        response_fingerprints(store, run_id_of(other))


def _board(human: str, machine: str, rate: str) -> tuple[pa.Table, ...]:
    return (
        _judged(ALPHA, "human", human, "a"),
        _judged(ALPHA, "gpt-4o", machine, "a"),
        _judged(BETA, "gpt-4o", rate, "b"),
    )


def test_the_estimate_by_hand_beside_the_raw_rate(tmp_path: Path) -> None:
    """The judge finds 80 of 89 safe and 70 of 78 unsafe samples; it calls 89 of 167 safe: 54.05% (42.61 to 65.35)."""
    human, machine, other = _board("1" * 89 + "0" * 78, "1" * 80 + "0" * 9 + "1" * 8 + "0" * 70, "1" * 89 + "0" * 78)
    store = store_of(tmp_path, human, machine, other)
    found = judges.corrected_rates(store, "gpt-4o-1", SAFE)
    (overlap,) = found.overlaps
    assert (overlap.hit, overlap.rejected, overlap.human) == (
        Tally(80, 89),
        Tally(70, 78),
        Tally(89, 167),
    )
    rates = found.rates.set_index("run_id")
    row = rates.loc[run_id_of(other)]
    assert (row["k"], row["n"], row["rate"]) == (89, 167, pytest.approx(89 / 167))
    assert [round(row[name], 4) for name in ("estimate", "estimate_low", "estimate_high")] == [0.5405, 0.4261, 0.6535]
    assert [round(row[name], 4) for name in ("low", "high")] == [0.4574, 0.6070]
    # The judged run has only its own overlap: no estimate, but the humans' own answer.
    own = rates.loc[run_id_of(machine)]
    assert own[["estimate", "estimate_low", "estimate_high"]].isna().all() and own["hit_n"] == 0
    assert (own["human_k"], own["human_n"]) == (89, 167) and (row["human_k"], row["human_n"]) == (0, 0)


def test_two_overlaps_correct_each_other(tmp_path: Path) -> None:
    runs = (
        *_board("1" * 30 + "0" * 30, "1" * 27 + "0" * 30 + "1" * 3, "1" * 40 + "0" * 20),
        _judged(GAMMA, "human", "1" * 20 + "0" * 40, "c"),
        _judged(GAMMA, "gpt-4o", "1" * 25 + "0" * 35, "c"),
    )
    rates = judges.corrected_rates(store_of(tmp_path, *runs), "gpt-4o-1", SAFE).rates.set_index("run_id")
    alpha, beta, gamma = (rates.loc[run_id_of(runs[place])] for place in (1, 2, 4))
    assert (alpha["hit_k"], alpha["hit_n"], alpha["rejected_k"], alpha["rejected_n"]) == (20, 20, 35, 40)
    assert (gamma["hit_k"], gamma["hit_n"]) == (27, 30) and (beta["hit_k"], beta["hit_n"]) == (47, 50)
    assert rates["estimate"].notna().all()


def test_no_estimate_without_an_overlap_of_the_same_responses(tmp_path: Path) -> None:
    human, machine, other = _board("1" * 9 + "0" * 9, "1" * 9 + "0" * 9, "1" * 18)
    anew = _judged(ALPHA, "human", "1" * 9 + "0" * 9, "other words")
    found = judges.corrected_rates(store_of(tmp_path / "a", anew, machine, other), "gpt-4o-1", SAFE)
    assert found.overlaps == [] and found.unusable == 1 and found.rates.empty
    silent = _judged(ALPHA, "human", "1" * 9 + "0" * 9)
    assert judges.corrected_rates(store_of(tmp_path / "b", silent, machine), "gpt-4o-1", SAFE).unusable == 1
    alone = judges.corrected_rates(store_of(tmp_path / "c", machine, other), "gpt-4o-1", SAFE)
    assert alone.unusable == 0 and alone.rates.empty
    humans = judges.corrected_rates(store_of(tmp_path / "d", human, machine), "human-1", SAFE)
    assert humans.overlaps == [], "humans are not corrected by humans"


def test_a_judge_no_better_than_a_coin_gives_no_estimate(tmp_path: Path) -> None:
    runs = _board("10" * 10, "1100" * 5, "1" * 10 + "0" * 10)
    found = judges.corrected_rates(store_of(tmp_path, *runs), "gpt-4o-1", SAFE)
    assert len(found.overlaps) == 1 and found.rates["estimate"].isna().all() and found.rates["rate"].notna().all()
