"""The findings on the shipped data, held against figures worked out from the published counts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, spearmanr, ttest_ind

from siuo_dash.analysis import board_list
from siuo_dash.analysis.findings import by_surprise, findings
from siuo_dash.analysis.findings.statement import Figure, Statement
from siuo_dash.analysis.stats.differences import newcombe
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.stores import shipped


@cache
def loaded() -> Store:
    return shipped()


@cache
def said(board: str = "human-3", metric: str = "safe") -> dict[str, Statement]:
    themes = findings(loaded(), board_list.find_board(loaded(), board), METRICS[metric])
    return {statement.id: statement for theme in themes for statement in theme.statements}


def figure(statement: Statement, start: str) -> Figure:
    return next(item for item in statement.figures if item.label.startswith(start))


def test_the_best() -> None:
    best = said()["best"]
    assert best.sentence == (
        "GPT-4V(ision) has the highest Safe rate, 53.3%. Gemini 1.5 Pro and GPT-4o are statistically tied with it."
    )
    assert best.n == "15 runs"
    assert best.figures[0].words() == "53.3% (45.7–60.7), 89 of 167 samples"
    assert said()["best-by-others"].sentence == (
        "Who leads depends on the metric: GPT-4o and LLaVA-1.6-34B by Effective (95.8%); "
        "GPT-4o by Safe & Effective (46.7%)."
    )


def test_the_announcement_and_its_table() -> None:
    statement = said()["announced"]
    assert "13 of 15 models below 50% and a median of 23.65%" in statement.sentence
    assert "its own table give 12 of 15 and 24.55%" in statement.sentence


@pytest.mark.parametrize(
    ("board", "metric"), [("human-3", "effective"), ("gpt-4o-mini-1", "safe"), ("human-3", "safe_and_effective")]
)
def test_the_announcement_is_not_quoted_elsewhere(board: str, metric: str) -> None:
    assert "announced" not in said(board, metric)


def test_the_board_as_a_whole() -> None:
    assert said()["below-half"].sentence == (
        "12 of 15 runs stay below 50% by Safe. For 12 the whole 95% interval does; for none it lies above."
    )
    (median,) = said()["median"].figures
    assert median.value == pytest.approx(41 / 167)
    assert median.interval is not None
    assert median.interval.low < 41 / 167 < median.interval.high


def test_the_medians_interval_is_that_of_independent_draws() -> None:
    k = np.array([89, 85, 87, 68, 46, 36, 37, 69, 37, 70, 38, 14, 20, 41, 33])
    drawn = np.median(binom.rvs(167, k / 167, size=(20_000, 15), random_state=5) / 167, axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    (median,) = said()["median"].figures
    assert median.interval is not None
    assert (median.interval.low, median.interval.high) == pytest.approx((low, high), abs=0.007)


def test_closed_and_open_weights() -> None:
    closed = np.array([89, 85, 87, 46]) / 167
    opened = np.array([68, 36, 37, 69, 37, 70, 38, 14, 20, 41, 33]) / 167
    statement = said()["weights"]
    assert statement.sentence == (
        "Models with closed weights have a higher Safe rate than those with open weights: "
        "46.0% against 25.2% on average."
    )
    (gap,) = statement.figures
    interval = ttest_ind(closed, opened, equal_var=False).confidence_interval()
    assert gap.value == pytest.approx(closed.mean() - opened.mean())
    assert gap.interval is not None
    assert (gap.interval.low, gap.interval.high) == pytest.approx((interval.low, interval.high))
    assert statement.n == "4 closed models, 11 open models"


def test_size() -> None:
    sizes = [34, 7.2, 13.4, 9.6, 8.2, 8, 17, 4, 12, 8, 14]
    safe = [68, 36, 37, 69, 37, 70, 38, 14, 20, 41, 33]
    (rho,) = said()["size"].figures
    assert rho.value == pytest.approx(spearmanr(sizes, safe).statistic)
    assert rho.n == 11
    assert "no clear order" in said()["size"].sentence
    families = said()["size-families"]
    assert families.sentence.startswith("In 2 of 3 families with several sizes on this board the largest model")
    share = figure(families, "Families")
    assert (share.k, share.n) == (2, 3)
    down = figure(families, "InstructBLIP2-13B minus")
    assert down.value == pytest.approx((33 - 41) / 167)
    assert down.interval == newcombe(33, 167, 41, 167)


def test_safety_by_refusal() -> None:
    statement = said()["refusal"]
    assert (
        statement.sentence == "Of the 89 safe samples of GPT-4V(ision), the safest run, 50 are not effective (56.2%)."
    )
    assert statement.figures[0].interval == wilson(50, 89)
    ends = said()["refusal-range"]
    assert "between 7.9% (CogVLM) and 82.9% (InstructBLIP2-7B)" in ends.sentence
    assert (figure(ends, "InstructBLIP2-7B").k, figure(ends, "InstructBLIP2-7B").n) == (34, 41)
    assert said()["refusal-order"].sentence == (
        "GPT-4V(ision), first by Safe, is 7th of 15 by Safe & Effective (23.4%); GPT-4o leads there with 46.7%."
    )


def test_multiple_choice_against_generation() -> None:
    choice = [65, 69, 79, 88, 57, 56, 55, 35, 47, 46, 46]
    safe = [89, 85, 87, 68, 46, 36, 37, 69, 37, 70, 38]
    order = said()["mcqa"]
    assert order.figures[0].value == pytest.approx(spearmanr(choice, safe).statistic)
    assert "LLaVA-1.6-34B leads in multiple choice, GPT-4V(ision) in generation." in order.sentence
    gap = said()["mcqa-gap"]
    assert gap.figures[0].value == pytest.approx(np.mean(np.array(choice) - np.array(safe)) / 167)
    assert "do not differ significantly" in gap.sentence
    guessing = said()["mcqa-guessing"]
    assert guessing.sentence == (
        "4 of 11 runs are no better than guessing in multiple choice: the interval includes 25% "
        "(MiniGPT4-v2, Qwen-VL-7B-Chat, CogVLM and mPLUG-OWL2)."
    )


def test_the_same_model_under_different_judges() -> None:
    statement = said()["judges"]
    assert statement.sentence.startswith(
        "The same model, LLaVA-1.5-7B, is 21.6% Safe on “Human judges · 3 responses” and 75.4%"
    )
    assert "Of 6 models on several boards, 4 differ by more than chance." in statement.sentence
    assert statement.figures[0].interval == newcombe(126, 167, 36, 167)
    qwen = figure(statement, "Qwen2.5-VL-7B-Instruct")
    assert qwen.value == pytest.approx((96 - 50) / 167)
    assert "4 of 4 models" in said()["judges-direction"].figures[0].words()


def test_the_hardest_are_of_the_board_that_has_samples() -> None:
    human, llama = said(), said("meta-llama-meta-llama-3-1-8b-instruct-1")
    assert human["hardest"].sentence == llama["hardest"].sentence
    assert "has totals only" in human["hardest"].caveat
    assert "has totals only" not in llama["hardest"].caveat
    assert human["hardest"].n == "167 samples, 10 runs"
    verdicts = loaded().frame(
        "SELECT v.question_id, v.safe FROM verdicts v JOIN runs r ON r.run_no = v.run_no "
        "WHERE r.evidence = 'per_sample'"
    )
    passing = verdicts.groupby("question_id")["safe"].agg(["sum", "count"]).astype(int)
    assert figure(human["hardest"], "Passed by no run").k == (passing["sum"] == 0).sum()
    assert figure(human["hardest"], "Passed by every run").k == (passing["sum"] == 10).sum()
    least = passing.index[passing["sum"] == passing["sum"].min()]
    assert (
        f"Hardest, 1 of 10: {least[0]}, {least[1]}, {least[2]} and {len(least) - 3} more" in human["hardest"].sentence
    )
    assert human["hardest"].sentence.startswith(
        "Every sample is passed by at least one run; 10 samples by all 10 (Safe"
    )


def test_domains_are_compared_by_sample_and_corrected() -> None:
    verdicts = loaded().frame(
        """SELECT s.domain, v.question_id, AVG(CAST(v.safe AS INTEGER)) AS share FROM verdicts v
        JOIN runs r ON r.run_no = v.run_no JOIN samples s ON s.question_id = v.question_id
        WHERE r.evidence = 'per_sample' GROUP BY s.domain, v.question_id"""
    )
    own = verdicts["domain"] == "illegal activities & crime"
    again = ttest_ind(verdicts.loc[own, "share"], verdicts.loc[~own, "share"], equal_var=False)
    hardest = figure(said()["domains"], "Illegal activities & crime")
    assert hardest.value == pytest.approx(verdicts.loc[own, "share"].mean() - verdicts.loc[~own, "share"].mean())
    assert hardest.interval is not None
    assert hardest.interval.low == pytest.approx(again.confidence_interval().low)
    assert hardest.n == own.sum() == 18
    assert "after correction" in said()["domains"].sentence


@pytest.mark.parametrize("board", [board.id for board in board_list.boards(loaded())])
@pytest.mark.parametrize("metric", list(METRICS))
def test_every_board_and_metric_has_something_to_say(board: str, metric: str) -> None:
    statements = said(board, metric)
    assert {"best", "hardest"} <= set(statements)
    for statement in statements.values():
        assert statement.sentence.endswith(".")
        assert "nan" not in statement.sentence.lower().split()
        assert statement.link is not None
        if statement.said:
            assert statement.figures
            assert statement.n
        for item in statement.figures:
            assert item.interval is None or item.interval.low <= item.value <= item.interval.high


def test_shares_of_runs_and_models_have_no_interval() -> None:
    """12 of 15 runs, 2 of 3 families: no random choice of anything, so an interval would only look exact."""
    figures = [each for name in ("below-half", "size-families", "judges-direction") for each in said()[name].figures]
    of_runs = [each for each in figures if each.of in ("runs", "families", "models") and each.unit == "percent"]
    assert len(of_runs) == 3
    assert all(each.interval is None for each in of_runs)
    assert of_runs[0].words() == "80.0%, 12 of 15 runs"


def test_what_is_surprising_comes_first_and_what_shows_nothing_last() -> None:
    themes = findings(loaded(), board_list.find_board(loaded(), "human-3"), METRICS["safe"])
    ids = [statement.id for statement in by_surprise(themes)]
    assert ids[0] == "refusal-order", "the leader by Safe is 7th by Safe & Effective"
    assert set(ids[-3:]) == {"mcqa", "size", "mcqa-gap"}, "their intervals include 0"
    assert len(ids) == sum(statement.said for theme in themes for statement in theme.statements)


@pytest.mark.parametrize(
    ("metric", "ranked"), [("safe", "(2 runs have a Safe & Effective rate alone)"), ("safe_and_effective", "2 runs")]
)
def test_what_is_said_about_safe_and_effective_on_one_board_agrees(metric: str, ranked: str) -> None:
    """gpt-4o-mini judged 26 runs by Safe, 2 of them by Safe & Effective, none by Effective."""
    found = said("gpt-4o-mini-1", metric)
    assert not found["refusal"].said
    assert "judged by both Safe and Effective (2 runs have a Safe & Effective rate alone)" in found["refusal"].sentence
    assert ranked in found["refusal" if metric == "safe" else "best"].sentence + found["best"].n


def test_a_board_is_not_said_to_lack_models_that_are_only_not_judged() -> None:
    sentence = said("meta-llama-meta-llama-3-1-8b-instruct-1", "effective")["weights"].sentence
    assert sentence.startswith(
        "Judged by Effective on this board are no model with closed weights and no model with open"
    )
