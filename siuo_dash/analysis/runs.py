"""One run whole: its row, its place in each board, its failures, its domains and how its responses agree."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import queries, stats
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.queries import Query
from siuo_dash.analysis.samples import MCQA_BOARD, with_flags
from siuo_dash.benchmark.schema import DOMAINS, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally, outcome, tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_rows

FAILURES: Final = Query(
    "failures",
    "The samples that a run fails, each with how many other runs of the board pass it.",
    """
    WITH failed AS (
        SELECT v.question_id, v.task FROM verdicts v
        WHERE v.run_no = $run_no AND v.task = '{task}' AND v.question_id IS NOT NULL AND NOT v.{column}
    ),
    others AS (
        SELECT v.question_id, COUNT(*) FILTER (WHERE v.{column}) AS others_right, COUNT(v.{column}) AS others_graded
        FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        WHERE v.task = '{task}' AND v.run_no <> $run_no AND v.question_id IN (SELECT question_id FROM failed)
            AND (r.board = $board OR ($board = 'exact-match-1' AND r.mcqa_n > 0))
        GROUP BY v.question_id
    )
    SELECT $run_id AS run_id, f.task, s.question_id, s.domain, s.subcategory, s.primary_dimension, s.scene, s.request,
        s.hazard, COALESCE(o.others_right, 0) AS others_right, COALESCE(o.others_graded, 0) AS others_graded
    FROM failed f JOIN samples s ON s.question_id = f.question_id LEFT JOIN others o ON o.question_id = f.question_id
    ORDER BY COALESCE(o.others_right, 0) DESC, s.question_id
    """,
)

DOMAIN_COUNTS: Final = Query(
    "run_domain_counts",
    "For one run, how many samples of each domain pass.",
    """
    SELECT s.domain, COUNT(*) FILTER (WHERE v.{column}) AS k, COUNT(v.{column}) AS n, COUNT(*) AS samples
    FROM verdicts v JOIN samples s ON s.question_id = v.question_id
    WHERE v.run_no = $run_no AND v.task = '{task}' GROUP BY s.domain
    """,
)

RESPONSE_MIX: Final = Query(
    "response_mix",
    "For one run, how many samples have how many of their responses judged, and how many of those pass.",
    """
    SELECT v.{column}_graded AS graded, v.{column}_votes AS votes, v.response_count, COUNT(*) AS samples
    FROM verdicts v WHERE v.run_no = $run_no AND v.task = '{task}' AND v.question_id IS NOT NULL
    GROUP BY v.{column}_graded, v.{column}_votes, v.response_count ORDER BY votes DESC, graded DESC
    """,
)

FLAGS_OF_RUN: Final = Query(
    "flags_of_run",
    "One run's health flags by sample.",
    """
    SELECT r.run_id, f.task, f.question_id, f.flag FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE f.run_no = $run_no ORDER BY f.question_id, f.flag
    """,
)

QUERIES: Final = (FAILURES, DOMAIN_COUNTS, RESPONSE_MIX, FLAGS_OF_RUN)


def board_of(run: pd.Series[Any], metric: Metric) -> str:
    """The board in which a run is compared by a metric: multiple choice is one board for all."""
    return MCQA_BOARD if metric.id == "mcqa" else str(run["board"])


def failures(store: Store, run: pd.Series[Any], metric: Metric) -> pd.DataFrame:
    """The samples that the run fails by the metric, those first that most other runs of the board pass.

    Columns: question_id and what is known of the sample, `others_right` of `others_graded` runs, `flags` (a list).
    """
    run_no = int(run["run_no"])
    frame = FAILURES.run(store, metric=metric, run_no=run_no, run_id=run["run_id"], board=board_of(run, metric))
    return with_flags(frame, FLAGS_OF_RUN.run(store, run_no=run_no))


def domain_profile(store: Store, run: pd.Series[Any], metric: Metric) -> pd.DataFrame:
    """The run by domain, in the benchmark's order: domain, label, k, n, rate, low, high (Wilson 95 %, fractions).

    `expected` is the number of the domain's samples in the catalogue; domains without a sample there are left out.
    """
    counts = DOMAIN_COUNTS.run(store, metric=metric, run_no=int(run["run_no"])).set_index("domain")
    expected = pd.Series([sample.domain for sample in store.catalogue.samples]).value_counts()
    rows = []
    for domain in DOMAINS:
        if domain.id not in expected.index:
            continue
        k, n = (int(counts[part].get(domain.id, 0)) for part in ("k", "n"))
        rate = stats.Rate(k, n) if n else None
        rows.append(
            (domain.id, domain.label, k, n, int(expected[domain.id]), *((k / n, rate.low, rate.high) if rate else (np.nan,) * 3))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["domain", "label", "k", "n", "expected", "rate", "low", "high"])


def place(store: Store, run: pd.Series[Any], metric: Metric) -> tuple[int | None, int]:
    """The run's rank by the metric in its board (None when not ranked), and how many runs are ranked there."""
    board = board_of(run, metric)
    frame = queries.LEADERBOARD.run(
        store, metric=metric, where=Filters(board=board).where(), board=board, rank_partial=False
    )
    ranked = frame[frame["rank"].notna()]
    own = ranked.loc[ranked["run_id"] == run["run_id"], "rank"]
    return (None if own.empty else int(own.iloc[0])), len(ranked)


def metrics_of(run: pd.Series[Any]) -> list[Metric]:
    """The metrics by which anything of the run was judged."""
    return [metric for metric in METRICS.values() if int(run[f"{metric.id}_n"]) > 0]


def response_mix(store: Store, run: pd.Series[Any], metric: Metric) -> stats.ResponseMix:
    """How the run's responses to one sample agree: 3/3, 2/3, 1/3, 0/3 (n is samples, never responses)."""
    rows = RESPONSE_MIX.run(store, metric=metric, run_no=int(run["run_no"]))
    whole = int(rows["response_count"].max()) if len(rows) else 0
    votes = np.full((int(rows["samples"].sum()), whole), np.nan)
    position = 0
    for graded, passing, _, samples in rows.itertuples(index=False):
        block = votes[position : position + int(samples)]
        block[:, : int(graded)] = 0.0
        block[:, : int(passing)] = 1.0
        position += int(samples)
    return stats.response_mix(votes)


def response_mixes(store: Store, run: pd.Series[Any]) -> dict[str, stats.ResponseMix]:
    """{metric: mix} of the generation metrics; {} for a run with one response a sample, or with none at hand."""
    mixes = {metric.id: response_mix(store, run, metric) for metric in metrics_of(run) if metric.task == "generation"}
    return {metric_id: mix for metric_id, mix in mixes.items() if mix.responses > 1}


def flag_counts(store: Store, run: pd.Series[Any]) -> dict[str, int]:
    """{flag: samples of the run that carry it}."""
    flags = FLAGS_OF_RUN.run(store, run_no=int(run["run_no"]))
    counted = flags.groupby("flag")["question_id"].nunique()
    return {str(flag): int(count) for flag, count in counted.items()}


def without_flagged(store: Store, run: pd.Series[Any]) -> dict[str, Tally]:
    """{metric: counts} over what is left without the responses that carry a health flag; {} for totals.

    A sample is scored again from its other responses, and left out where none is left (design §6).
    """
    if run["evidence"] == "totals":
        return {}
    judged_safe, judged_effective = int(run["safe_n"]) > 0, int(run["effective_n"]) > 0
    values: dict[str, list[bool | None]] = {metric.id: [] for metric in metrics_of(run)}
    for row in run_rows(store, str(run["run_id"]), texts=False):
        outcomes = dict(row)
        sound = [response for response in row["responses"] if not response["flags"]]
        if row["flags"] and not sound:
            continue
        if row["task"] == "generation" and len(sound) < len(row["responses"]):
            safe = [response["safe"] for response in sound] if judged_safe else None
            effective = [response["effective"] for response in sound] if judged_effective else None
            outcomes |= asdict(outcome(safe, effective))
        for metric in METRICS.values():
            if metric.task == row["task"] and metric.id in values:
                values[metric.id].append(outcomes[metric.column])
    return {metric: tally(found) for metric, found in values.items()}
