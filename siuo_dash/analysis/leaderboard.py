"""The leaderboard: a board's runs with ranks, intervals and health, and the figures that sum it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from siuo_dash.analysis import bounded, queries
from siuo_dash.analysis.baseline import against_baseline, gains
from siuo_dash.analysis.comparison import side
from siuo_dash.analysis.filters import Filters, numbered
from siuo_dash.analysis.once import once
from siuo_dash.analysis.stats import ranking
from siuo_dash.analysis.stats.differences import mcnemar_mid_p, newcombe_array
from siuo_dash.analysis.stats.multiple import holm
from siuo_dash.benchmark.schema import BENCHMARK, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.store.engine.database import Store


def leaderboard(store: Store, filters: Filters, metric: Metric, *, rank_partial: bool = False) -> pd.DataFrame:
    """The runs of `filters`, best first, one row a run.

    Adds to the columns of `runs`: `rate`, `rank` (null without a board, without the metric, or when partial),
    `partial`, `label`, `health` ({flag: samples}), for each metric id `_rate`, `_low`, `_high` (fractions, Wilson
    95%, NaN when not known), and gains.COLUMNS. Ranks are those of the whole board, whatever the filter hides.
    """
    frame = queries.ranking(store, filters, metric, rank_partial=rank_partial)
    for known in METRICS.values():
        frame = queries.with_rates(frame, f"{known.id}_")
    health = queries.health_counts(store, filters)
    labels = run_labels(store)
    frame = frame.join(gains(store, filters.where(), metric), on="run_id")
    return frame.assign(
        health=[health.get(int(run_no), {}) for run_no in frame["run_no"]],
        label=frame["run_id"].map(labels),
        base_label=frame["base_run_id"].map(labels),
    )


@once
def run_labels(store: Store) -> dict[str, str]:
    """{run_id: what people read}: model and judge, and the id's tail for a second run under the same name.

    The first run of a name keeps the plain label for good, so that a copied link goes on meaning it.
    """
    labels: dict[str, str] = {}
    taken: set[str] = set()
    for run_id, model, judge, sample_set in queries.RUN_NAMES.run(store).itertuples(index=False):
        label = " · ".join([model, short_judge(judge), *([] if sample_set == BENCHMARK else [sample_set])])
        if label in taken:
            label = f"{label} · {run_id.rsplit('-', 1)[-1]}"
        taken.add(label)
        labels[run_id] = label
    return labels


def short_judge(judge: str) -> str:
    """A judge's name without its publisher and without what is in brackets."""
    return judge.rsplit("/", 1)[-1].split(" (")[0]


def rank_ranges(
    store: Store, board: str, metric: Metric, *, rank_partial: bool = False, also: str = ""
) -> pd.DataFrame:
    """run_id, rank, rank_low, rank_high of a board's ranked runs (2,000 bootstrap draws, design §5).

    Of more runs than bounded.most_runs only the best have a range, estimated as `bounded.best_and_some` says, and the
    run `also`, if it is one of the board's; the others have none (null).
    """
    with store.reading():  # counts and verdicts must be of one state; this runs beside the page, too
        ranked = queries.ranking(store, Filters(board=board), metric, rank_partial=rank_partial)
        samples = queries.samples_of(store, board)
        ranked = ranked[ranked["rank"].notna()].reset_index(drop=True)
        run_ids, most = ranked["run_id"].tolist(), bounded.most_runs(store, board)
        own, compared = np.flatnonzero(ranked["run_id"] == also), bounded.best_and_some(run_ids, most)
        if not np.isin(own, compared.places).all():
            compared = bounded.best_and_some(run_ids, most - 1)
        places, weights = compared.places, compared.weights
        asked = np.setdiff1d(own, places)
        if weights is not None:
            places, weights = np.append(places, asked), np.append(weights, np.zeros(len(asked)))
        some = ranked.iloc[places]
        outcomes = queries.outcome_matrix(store, metric, some["run_no"], samples["question_id"])
    ranges = ranking.rank_ranges(
        run_ids=some["run_id"].tolist(),
        k=some[f"{metric.id}_k"].to_numpy(dtype=np.int64),
        n=some[f"{metric.id}_n"].to_numpy(dtype=np.int64),
        outcomes=outcomes,
        strata=samples["domain"].to_numpy(dtype=str),
        weights=weights,
    )
    found = pd.DataFrame(
        [(item.run_id, item.rank, item.rank_low, item.rank_high) for item in ranges],
        columns=["run_id", "rank", "rank_low", "rank_high"],
    )
    if weights is None:
        return found
    known = found[(found.index < compared.best) | (found["run_id"] == also)].drop(columns="rank")
    ends = ["rank_low", "rank_high"]
    known[ends] = known[ends].clip(upper=len(ranked))  # `also` is one of those whom the others count for
    return ranked[["run_id", "rank"]].merge(known, on="run_id", how="left")


@dataclass(frozen=True)
class KeyFigures:
    """What a view comes to. Rates are fractions; None where the view holds no rated run.

    paired: how many runs could be compared with the leader sample by sample.
    """

    runs: int
    rated: int
    best: str | None
    best_rate: Tally | None
    median: float | None
    below_half: int
    paired: int
    like_leader_paired: tuple[str, ...]
    like_leader_unpaired: tuple[str, ...]


def key_figures(store: Store, frame: pd.DataFrame, metric: Metric) -> KeyFigures:
    """Sum up a frame of `leaderboard`: best, median, below 50%, and who does not differ significantly from the
    leader.

    Where leader and run both have per-sample verdicts: McNemar mid-p, Holm-corrected over the view's paired runs,
    not below 0.05. Else: Newcombe's 95% interval of the difference holds 0.
    """
    rated = frame[frame["rank"].notna()]
    if rated.empty:
        return KeyFigures(len(frame), 0, None, None, None, 0, 0, (), ())
    leader, others = rated.iloc[0], rated.iloc[1:]
    rates = rated[f"{metric.id}_rate"]
    k, n = f"{metric.id}_k", f"{metric.id}_n"
    can_pair = (others["evidence"] == "per_sample") & (leader["evidence"] == "per_sample")
    alone = others[~can_pair]
    low = newcombe_array(leader[k], leader[n], alone[k], alone[n])[1]
    return KeyFigures(
        runs=len(frame),
        rated=len(rated),
        best=leader["model"],
        best_rate=Tally(int(leader[k]), int(leader[n])),
        median=float(rates.median()),
        below_half=int((rates < 0.5).sum()),
        paired=int(can_pair.sum()),
        like_leader_paired=_like_leader_paired(store, leader, others[can_pair], metric),
        like_leader_unpaired=tuple(alone["model"][low <= 0]),
    )


def _like_leader_paired(store: Store, leader: pd.Series, others: pd.DataFrame, metric: Metric) -> tuple[str, ...]:
    if others.empty:
        return ()
    runs = numbered(others["run_no"])
    counts = queries.paired_counts(store, int(leader["run_no"]), metric, runs).reindex(others["run_no"], fill_value=0)
    p_values = [mcnemar_mid_p(int(b), int(c)) for b, c in zip(counts["baseline_only"], counts["run_only"], strict=True)]
    adjusted = holm(p_values)
    return tuple(model for model, p in zip(others["model"], adjusted, strict=True) if p >= 0.05)


@dataclass(frozen=True)
class OtherRanking:
    """That a board's leader by Safe is significantly behind by Safe & Effective: who leads there, and its own place."""

    leader: str
    best: str
    rank_of_leader: int


def other_ranking(
    store: Store, board: str, by_safe: pd.DataFrame, *, rank_partial: bool = False
) -> OtherRanking | None:
    """What the ranking by Safe hides; None where the board's leader is not significantly behind by Safe & Effective.

    by_safe: the whole board, of `leaderboard` by Safe. Newcombe's 95% interval of the difference of the two, by counts.
    """
    both = METRICS["safe_and_effective"]
    by_both = queries.ranking(store, Filters(board=board), both, rank_partial=rank_partial)
    ranked = by_both[by_both["rank"].notna()]
    own = ranked[ranked["run_id"].isin(by_safe["run_id"].head(1))]
    if own.empty or by_safe["rank"].isna().iloc[0]:
        return None
    k, n = (f"safe_and_effective_{part}" for part in ("k", "n"))
    best, leader = ranked.iloc[0], own.iloc[0]
    if newcombe_array(best[k], best[n], leader[k], leader[n])[1] <= 0:
        return None
    return OtherRanking(str(leader["model"]), str(best["model"]), int(leader["rank"]))


def differences(store: Store, run_id: str, metric: Metric, filters: Filters) -> pd.DataFrame:
    """Every other run of the filters minus this one, as `baseline.against_baseline` gives it."""
    return against_baseline(store, side(store, run_id), metric, filters.where())
