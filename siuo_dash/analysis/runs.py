"""One run whole: its row, its place in each board, its failures, its domains and how its responses agree."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from siuo_dash.analysis import board_list, queries
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.analysis.reliability import mix_of_run
from siuo_dash.analysis.samples import FLAGS_OF_RUNS, described, with_flags
from siuo_dash.analysis.stats.responses import ResponseMix
from siuo_dash.benchmark.schema import DOMAINS, FLAGS, METRICS, Metric
from siuo_dash.benchmark.scoring import Judged, Tally, outcome_without, tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_rows


def board_of(run: pd.Series[Any], metric: Metric) -> str:
    """The board in which a run is compared by a metric: multiple choice is one board for all."""
    return queries.board_for(metric, str(run["board"]))


def failures(store: Store, run: pd.Series[Any], metric: Metric) -> pd.DataFrame:
    """The samples that the run fails by the metric, those first that most other runs of the board pass.

    Columns: question_id and the sample's facts, `others_right` of `others_graded` runs, `flags` (a list).
    """
    where = of_runs([run["run_id"]])
    own = queries.OUTCOMES.run(store, metric=metric, where=where)
    failed = own.loc[own["outcome"] == 0, "question_id"]
    frame = described(store, failed, metric, [board_of(run, metric)], without=[int(run["run_no"])])
    frame = frame.rename(columns={"others_k": "others_right", "others_n": "others_graded"})
    frame = frame.sort_values(["others_right", "question_id"], ascending=[False, True], ignore_index=True)
    frame.insert(0, "run_id", run["run_id"])
    frame.insert(1, "task", metric.task)
    return with_flags(frame, FLAGS_OF_RUNS.run(store, where=where))


def domain_profile(store: Store, run: pd.Series[Any], metric: Metric) -> pd.DataFrame:
    """The run by domain, in the benchmark's order: domain, label, k, n, rate, low, high (Wilson 95%, fractions).

    `expected` is the number of the domain's samples in the catalogue; domains without a sample there are left out.
    """
    counts = queries.DOMAIN_COUNTS.run(store, metric=metric, where=of_runs([run["run_id"]])).set_index("domain")
    expected = pd.Series([each.domain for each in store.sets[run["sample_set"]].samples]).value_counts()
    rows = []
    for domain in DOMAINS:
        if domain.id not in expected.index:
            continue
        k, n = (int(counts[part].get(domain.id, 0)) for part in ("k", "n"))
        rows.append((domain.id, domain.label, k, n, int(expected[domain.id])))
    frame = pd.DataFrame(rows, columns=["domain", "label", "k", "n", "expected"])
    return queries.with_rates(frame)


def place(store: Store, run: pd.Series[Any], metric: Metric) -> tuple[int | None, int]:
    """The run's rank by the metric in its board (None when not ranked), and how many runs are ranked there."""
    board = board_of(run, metric)
    frame = queries.ranking(store, Filters(board=board), metric)
    ranked = frame[frame["rank"].notna()]
    own = ranked.loc[ranked["run_id"] == run["run_id"], "rank"]
    return (None if own.empty else int(own.iloc[0])), len(ranked)


def metrics_of(run: pd.Series[Any]) -> list[Metric]:
    """The metrics by which anything of the run was judged."""
    return [metric for metric in METRICS.values() if int(run[f"{metric.id}_n"]) > 0]


def response_mixes(store: Store, run: pd.Series[Any]) -> dict[str, ResponseMix]:
    """{metric: mix} of the generation metrics; {} for a run with one response a sample, or none."""
    generation = [metric for metric in metrics_of(run) if metric.task == "generation"]
    mixes = {metric.id: mix_of_run(store, int(run["run_no"]), metric) for metric in generation}
    return {metric_id: mix for metric_id, mix in mixes.items() if mix.responses > 1}


def flag_counts(store: Store, run: pd.Series[Any]) -> dict[str, int]:
    """{flag: samples of the run that carry it}."""
    flags = FLAGS_OF_RUNS.run(store, where=of_runs([run["run_id"]]))
    counted = flags.groupby("flag")["question_id"].nunique()
    return {str(flag): int(count) for flag, count in counted.items()}


def flagged_samples(store: Store, run: pd.Series[Any]) -> int:
    """How many samples of the run carry a health flag."""
    return int(FLAGS_OF_RUNS.run(store, where=of_runs([run["run_id"]]))["question_id"].nunique())


def first_to_show(store: Store) -> str:
    """The run_id of the best run that has verdicts by sample, on the board with most of them; else of the first run.

    '' where there is no run.
    """
    boards = board_list.boards(store)
    if not boards:
        return ""
    board = max(boards, key=lambda each: each.per_sample_runs)
    if board.per_sample_runs:
        judged = board_list.metrics_judged(store, board.id, per_sample=True)
        filters = Filters(board=board.id, evidence=("per_sample",))
        return str(queries.ranking(store, filters, METRICS[judged[0] if judged else "safe"])["run_id"].iloc[0])
    return str(queries.RUN_NAMES.run(store)["run_id"].iloc[0])


def without_flagged(store: Store, run: pd.Series[Any]) -> dict[str, Tally]:
    """{metric: counts} over what is left without the responses that have a health flag; {} for totals.

    A sample is scored again from its other responses, and left out where none is left (design §6).
    """
    if run["evidence"] != "per_sample":
        return {}
    judged = Judged(safe=int(run["safe_n"]) > 0, effective=int(run["effective_n"]) > 0)
    values: dict[str, list[bool | None]] = {metric.id: [] for metric in metrics_of(run)}
    for row in run_rows(store, str(run["run_id"]), texts=False):
        outcomes = row
        if any(response["flags"] for response in row["responses"]) or (row["flags"] and not row["responses"]):
            generation = row["responses"] if row["task"] == "generation" else ()
            responses = ((item["flags"], item["safe"], item["effective"]) for item in generation)
            left = outcome_without(FLAGS, responses, judged)
            if left is None:
                continue
            outcomes = asdict(left)
        for metric in METRICS.values():
            if metric.task == row["task"] and metric.id in values:
                values[metric.id].append(outcomes[metric.column])
    return {metric: tally(found) for metric, found in values.items()}
