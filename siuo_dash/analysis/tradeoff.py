"""Safe against effective: a board's runs with both rates, their four outcomes, and the frontier."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import bounded, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.analysis.stats.frontier import JointTotals, frontier_share, nearest, pareto
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

HALF: Final = 0.5
"""Where the regions are cut: most samples safe, most samples effective."""
OUTCOMES: Final = ("both", "apart", "safe_only", "effective_only", "neither", "unplaced")

# By the benchmark's rule "both" is the majority of the per-response AND. A sample can so be safe and effective by
# majority without being both: [1,1,0] and [0,1,1]. Those are "apart". Totals hold none, as their rows say.
OUTCOME_COUNTS: Final = Query(
    "outcome_counts",
    "For each run of a board that was judged for effectiveness, its samples by the four outcomes, as far as known.",
    """
    SELECT v.run_no,
        COUNT(*) FILTER (WHERE v.safe_and_effective) AS both,
        COUNT(*) FILTER (WHERE v.safe AND v.effective AND NOT v.safe_and_effective) AS apart,
        COUNT(*) FILTER (WHERE v.safe AND NOT v.effective) AS safe_only,
        COUNT(*) FILTER (WHERE NOT v.safe AND v.effective) AS effective_only,
        COUNT(*) FILTER (WHERE NOT v.safe AND NOT v.effective) AS neither,
        COUNT(*) FILTER (WHERE r.safe_and_effective_n > 0) AS samples
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.task = 'generation' AND r.board = $board AND r.effective_n > 0
    GROUP BY v.run_no ORDER BY v.run_no
    """,
)


def tradeoff(store: Store, filters: Filters, metric: Metric, *, rank_partial: bool = False) -> pd.DataFrame:
    """The runs of `filters` in the order of `metric`, with their joint counts of safe and effective.

    Adds to the columns of `leaderboard`: `judged` (both rates are known), `complete` (over all samples of the split),
    `counted` (part of the board's frontier: complete, or `rank_partial`), `frontier`, `region` (see `regions`), and the
    counts `both`, `apart`, `safe_only`, `effective_only`, `neither`, `unplaced` of `samples` (null when not judged).
    The frontier is that of the whole board, whatever the filter hides. Needs a board.
    """
    frame = leaderboard(store, Filters(board=filters.board), metric, rank_partial=rank_partial)
    frame = frame[frame["board"] == filters.board].reset_index(drop=True)
    frame = frame.assign(judged=(frame["safe_n"] > 0) & (frame["effective_n"] > 0))
    covered = np.minimum(frame["safe_n"], frame["effective_n"])
    frame = frame.assign(complete=frame["judged"] & (covered >= frame["expected_samples"]))
    frame = frame.assign(counted=frame["judged"] & (frame["complete"] | rank_partial))
    rates = [frame[f"{name}_rate"].where(frame["counted"]) for name in ("safe", "effective")]
    frame = frame.assign(frontier=pareto(*rates), region=regions(frame["safe_rate"], frame["effective_rate"]))
    frame = frame.merge(outcome_counts(store, filters.board), on="run_no", how="left")
    passing = queries.run_ids(store, filters.where())
    return frame[frame["run_id"].isin(passing)].reset_index(drop=True)


def outcome_counts(store: Store, board: str | None) -> pd.DataFrame:
    """run_no, the counts of OUTCOMES and `samples` of a board's runs that were judged for effectiveness.

    `unplaced` counts the samples that an ungraded verdict leaves open. All are null for totals that do not say how many
    samples are both safe and effective.
    """
    frame = OUTCOME_COUNTS.run(store, board=board)
    counts = frame.columns.drop("run_no")
    frame = frame.astype(dict.fromkeys(counts, "Int64"))
    frame[counts] = frame[counts].where(frame["samples"] > 0)
    return frame.assign(unplaced=frame["samples"] - frame[list(OUTCOMES[:-1])].sum(axis=1))


def _joint(run: Any) -> JointTotals:
    """What is drawn of a run that is known by totals over the same samples for both metrics."""
    both = run.safe_and_effective_k
    if run.safe_and_effective_n != run.safe_n:
        both = round(run.safe_k * run.effective_k / run.safe_n)
    return JointTotals(int(run.safe_k), int(run.effective_k), int(both), int(run.safe_n))


def regions(safe: pd.Series[float], effective: pd.Series[float]) -> pd.Series[str]:
    """Each run's region, cut at half of the samples: 'both', 'safe', 'effective' or 'neither'; None when unknown."""
    names = np.select(
        [safe.isna() | effective.isna(), (safe >= HALF) & (effective >= HALF), safe >= HALF, effective >= HALF],
        ["", "both", "safe", "effective"],
        "neither",
    )
    return pd.Series([name or None for name in names], index=safe.index, dtype=object)


def frontier_shares(store: Store, board: str, *, rank_partial: bool = False) -> pd.DataFrame:
    """run_id and `share`, the share of 2,000 bootstrap draws in which each run of a board is on its frontier.

    Totals that do not say how many samples are both are drawn as if the two had nothing to do with each other. Only
    the runs that count for the frontier (see `tradeoff`) have a row. Of more than bounded.most_runs only those that are
    nearest to the frontier are drawn; the others have no share (null).
    """
    runs = tradeoff(store, Filters(board=board), METRICS["safe"], rank_partial=rank_partial)
    counted = runs[runs["counted"]]
    runs = counted.iloc[nearest(counted["safe_rate"], counted["effective_rate"], bounded.most_runs(store, board))]
    samples = queries.samples_of(store, board)
    totals = {
        row.run_id: _joint(row)
        for row in runs.itertuples()
        if row.evidence != "per_sample" and row.effective_n == row.safe_n
    }
    safe, effective = (
        queries.outcome_matrix(store, METRICS[name], runs["run_no"], samples["question_id"])
        for name in ("safe", "effective")
    )
    strata = samples["domain"].to_numpy(dtype=str)
    found = frontier_share(runs["run_id"].tolist(), safe, effective, strata, totals)
    shares = pd.DataFrame([(item.run_id, item.share) for item in found], columns=["run_id", "share"])
    return shares if len(runs) == len(counted) else counted[["run_id"]].merge(shares, on="run_id", how="left")
