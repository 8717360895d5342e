"""Results for programs, nothing rounded: the records that command line and API both give, the verdicts as a file."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow.parquet as pq

from siuo_dash.analysis import board_list, comparison, queries, runs, samples
from siuo_dash.analysis import leaderboard as analysis
from siuo_dash.analysis.board_list import RUNS_BY_BOARD
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.analysis.public_verdicts import SCHEMA, VOTES, tables
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import Finding
from siuo_dash.ingest.submission import Submission
from siuo_dash.report.leaderboard import with_ranges
from siuo_dash.store.engine.database import Store

ALL: Final = "all"
"""In place of a board: all runs, without ranks."""
Record = dict[str, Any]
_RANKS: Final = ("rank", "rank_low", "rank_high")
_ABOUT: Final = ("judge", "responses_per_sample", *FACTS, "submitted_at")
_VERDICT: Final = ("safe", "effective", "safe_and_effective", "answer", "correct")
_SAMPLE: Final = (
    "question_id",
    "split",
    "domain",
    "subcategory",
    "primary_dimension",
    "needs_knowledge",
    "needs_reasoning",
    "scene",
    "request",
    "hazard",
)


@dataclass(frozen=True)
class Asked:
    """What a leaderboard is asked for. board: an id or words; None = the first board, ALL = all runs."""

    board: str | None = None
    metric: str = "safe"
    search: str = ""
    plain: bool = False
    partial: bool = False


def as_json(value: object) -> str:
    """JSON, indented, nothing rounded, without a last line end."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)


def boards(store: Store) -> list[Record]:
    """The boards with their number of runs."""
    return [
        {
            "board": board.id,
            "judge": board.protocol.judge,
            "responses_per_sample": board.protocol.responses_per_sample,
            "sample_set": board.sample_set,
            "runs": board.runs,
        }
        for board in board_list.boards(store)
    ]


def find_board(store: Store, asked: Asked) -> board_list.Board | None:
    """The board that is asked for; None for all runs, or where there is no board. NoBoard for an unknown one."""
    if asked.board is None:
        return next(iter(board_list.boards(store)), None)
    return None if asked.board.strip().lower() == ALL else board_list.find_board(store, asked.board)


Ranges = Callable[..., pd.DataFrame]
"""As `analysis.leaderboard.rank_ranges`, whether it computes them or has them already."""


def leaderboard_frame(store: Store, asked: Asked, ranges: Ranges = analysis.rank_ranges) -> pd.DataFrame:
    """The rows of a leaderboard with their rank ranges."""
    board, metric = find_board(store, asked), METRICS[asked.metric]
    filters = Filters(board=board.id if board else None, search=asked.search, plain=asked.plain)
    frame = analysis.leaderboard(store, filters, metric, rank_partial=asked.partial)
    found = None if board is None else ranges(store, board.id, metric, rank_partial=asked.partial)
    return with_ranges(frame, found)


def leaderboard(store: Store, asked: Asked, ranges: Ranges = analysis.rank_ranges) -> list[Record]:
    """The runs of a board, best first."""
    return [run_record(row, ranked=True) for row in leaderboard_frame(store, asked, ranges).to_dict("records")]


def all_runs(store: Store, filters: Filters | None = None) -> list[Record]:
    """Every run with its board and its scores."""
    frame = queries.RUNS.run(store, where=(filters or Filters()).where())
    return [run_record(row) for row in frame.to_dict("records")]


def some_runs(store: Store, filters: Filters, first: int, most: int) -> tuple[list[Record], int]:
    """At most so many runs of `all_runs` from place `first` on (0 is the first), and how many there are in all."""
    where = filters.where()
    run_ids = queries.run_ids(store, where, queries.RUNS_ORDER, first + most)[first:]
    total = int(RUNS_BY_BOARD.run(store, where=where)["runs"].sum())
    frame = queries.RUNS.run(store, where=of_runs(run_ids))
    return [run_record(row) for row in frame.to_dict("records")], total


def run_record(row: Record, *, ranked: bool = False) -> Record:
    """A row of a frame of runs: fractions not rounded, null where nothing was graded.

    ranked: with its rank, the range of ranks, and its health.
    """
    ranks = {name: _whole(row[name]) for name in _RANKS} if ranked else {}
    return {
        "run_id": row["run_id"],
        "model": row["model"],
        **{name: row[name] if pd.notna(row[name]) else None for name in ("base_model", "method", "organization")},
        "board": row["board"],
        "sample_set": row["sample_set"],
        "evidence": row["evidence"],
        **ranks,
        **{metric: rate(row[f"{metric}_k"], row[f"{metric}_n"]) for metric in METRICS},
        **({"health": row["health"]} if ranked else {}),
    }


def one_run(store: Store, run_id: str) -> Record:
    """One run whole: what is stated of it, its place by each metric, its domains and its health. NoRun."""
    row = queries.find_run(store, run_id)
    judged = runs.metrics_of(row)
    places = {metric.id: runs.place(store, row, metric) for metric in judged}
    left = runs.without_flagged(store, row)
    profiles = {metric.id: runs.domain_profile(store, row, metric) for metric in judged}
    return {
        **run_record(dict(row)),
        "about": {name: _plain(row[name]) for name in _ABOUT} | {"evaluated_on": _day(row["evaluated_on"])},
        "places": {name: {"rank": rank, "ranked": ranked} for name, (rank, ranked) in places.items()},
        "domains": {
            name: {each.domain: rate(each.k, each.n) for each in profile.itertuples()}
            for name, profile in profiles.items()
        },
        "health": runs.flag_counts(store, row),
        "without_flagged": {name: rate(tally.k, tally.n) for name, tally in left.items()},
    }


def verdicts_of(store: Store, run_id: str) -> Record:
    """The verdicts of one run, sample by sample, without a word of a response; none where only totals are known."""
    row = queries.find_run(store, run_id)
    frame = samples.verdicts_of_runs(store, [run_id])
    return {
        "run_id": run_id,
        "sample_set": row["sample_set"],
        "evidence": row["evidence"],
        "samples": [
            {"question_id": int(each["question_id"]), "task": each["task"]}
            | {name: _plain(each[name]) for name in _VERDICT}
            | {name: _whole(each[name]) for name in VOTES}
            | {"flags": list(each["flags"])}
            for each in frame.to_dict("records")
        ],
    }


def sample_list(store: Store, board: str, metric: str, order: str) -> list[Record]:
    """The samples of a board's set in the project's own words, with k of n of its runs that pass each by the metric."""
    frame = samples.sample_list(store, SampleFilters(metric=metric), board, order)
    return [
        {"sample_set": set_of(board)}
        | {name: _plain(each[name]) for name in _SAMPLE}
        | {"passed": {"k": int(each["board_k"]), "n": int(each["board_n"])}}
        for each in frame.to_dict("records")
    ]


def compared(store: Store, first: str, second: str) -> Record:
    """Two runs on every metric that both are judged by, in all and by domain: first minus second, as fractions."""
    found = comparison.compare(store, first, second)
    return {
        "first": found.first.run_id,
        "second": found.second.run_id,
        "warning": found.warning,
        "overall": {name: _difference(each) for name, each in found.overall.items()},
        "domains": {
            name: {str(each.domain): _difference(each) for each in differences}
            for name, differences in found.domains.items()
        },
    }


def rate(k: int, n: int) -> Record | None:
    """A rate with its counts and its Wilson interval, as fractions; None where nothing was graded."""
    if not n:
        return None
    low, high = limits(int(k), int(n))
    return {"k": int(k), "n": int(n), "rate": int(k) / int(n), "low": low, "high": high}


def submission_report(submission: Submission, run_id: str | None, more: Sequence[Finding]) -> Record:
    """A submission with what was found beyond its files."""
    report = submission.as_json(run_id, limits)
    for severity, part in (("error", "errors"), ("warning", "warnings")):
        report[part] = [*report[part], *(finding.as_dict() for finding in more if finding.severity == severity)]
    return report | {"ok": not report["errors"]}


def _difference(found: comparison.Difference | None) -> Record | None:
    if found is None:
        return None

    def side(tally: Tally) -> Record:
        return {"k": tally.k, "n": tally.n, "rate": tally.rate}

    return {
        "first": side(found.first),
        "second": side(found.second),
        "difference": found.difference,
        "low": found.interval.low,
        "high": found.interval.high,
        "p": found.p,
        "p_adjusted": found.p_adjusted,
        "paired": None if found.table is None else asdict(found.table),
        "why_unpaired": found.why_unpaired or None,
        "detectable_gap": found.gap,
    }


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _day(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)[:10]


def _plain(value: Any) -> Any:
    """A cell of a frame as JSON has it."""
    if pd.isna(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


VERSION: Final = b"siuo_data_version"
"""The file's own note of the data that it was made of."""
_lock: Final = threading.Lock()
_kept: Final[dict[Path, tuple[str, bytes]]] = {}
"""{data directory: (data version, the file)}; only of the version that was asked last."""


def public_file(store: Store) -> bytes:
    """The verdicts of every public run as one Parquet file, made once for each version of the data.

    The same bytes wherever it is made. Under `store.reading`.
    """
    with _lock:
        version, file = _kept.get(store.data_dir, ("", b""))
        if version != store.version:
            file = _made(store)
            _kept[store.data_dir] = store.version, file
        return file


def _made(store: Store) -> bytes:
    written = io.BytesIO()
    schema = SCHEMA.with_metadata({VERSION: store.version.encode()})
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        for table in tables(store):
            writer.write_table(table.cast(schema))
    return written.getvalue()
