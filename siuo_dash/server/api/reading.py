"""What programs read: boards, leaderboards, runs, samples, comparisons, and all verdicts as one file."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import board_list, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.samples import ORDERS
from siuo_dash.benchmark.schema import Metric
from siuo_dash.report import records
from siuo_dash.report.records import public_file
from siuo_dash.server.api import schemas
from siuo_dash.server.api.endpoint import Endpoint, Part, json_of
from siuo_dash.server.api.parameters import METRIC, TEXT, Asked, Parameter, flag, one_of, whole
from siuo_dash.server.api.problems import wrong
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed
from siuo_dash.ui import background

PARQUET: Final = "application/vnd.apache.parquet"
MOST_RUNS: Final = 1000
"""Runs in one answer: about a megabyte."""


def _find_board(store: Store, board: str) -> object:
    return records.find_board(store, records.Asked(board))


_FIRST: Final = "A board's id or its words; by default the first board."
_BOARD: Final = Parameter("board", f"{_FIRST} `all`: all runs, without ranks.", known=_find_board)
ONE_BOARD: Final = Parameter("board", _FIRST, known=board_list.find_board)
_SAMPLES_BOARD: Final = Parameter(
    "board",
    "A board's id or its words; by default the one with the most runs that have verdicts for each sample.",
    known=board_list.find_board,
)
_SEARCH: Final = Parameter("search", "Only runs whose model or organization contains this.", TEXT | {"default": ""})
_PLAIN: Final = flag("plain", "Only plain models: no defence, training or prompt.")
PARTIAL: Final = flag("partial", "Rank runs that lack some samples, too.")
RUN: Final = Parameter("run_id", "A run's id.", place="path", required=True)


def ranges(store: Store, board: str, metric: Metric, *, rank_partial: bool) -> pd.DataFrame:
    """Rank ranges, a bootstrap that is computed once for pages and programs."""
    return background.rank_ranges(store, board, metric, rank_partial=rank_partial).result()


def asked_of(asked: Asked) -> records.Asked:
    """The leaderboard that is asked for."""
    names = {each.name for each in fields(records.Asked)}
    return records.Asked(**{name: value for name, value in asked.items() if name in names})


def _leaderboard(store: Store, asked: Asked) -> bytes:
    return json_of(records.leaderboard(store, asked_of(asked), ranges))


def _runs(store: Store, asked: Asked) -> Part:
    board = None if asked["board"] is None else records.find_board(store, records.Asked(asked["board"]))
    filters = Filters(board=board.id if board else None, search=asked["search"], plain=asked["plain"])
    limit, offset = asked["limit"], asked["offset"]
    found, total = records.some_runs(store, filters, offset, limit)
    after = {"limit": limit, "offset": offset + limit} if offset + limit < total else None
    return Part(json_of(found), total, after)


def _samples(store: Store, asked: Asked) -> bytes:
    """Of a board that has verdicts for each sample by the metric; the catalogue alone where no run has any."""
    fitting = [each for each in board_list.offered(store, samples=True) if each.per_sample_runs]
    board = board_list.find_board(store, asked["board"]) if asked["board"] is not None else next(iter(fitting), None)
    if board is not None and not board.per_sample_runs:
        hint = f"one of {listed(each.id for each in fitting)}" if fitting else "no board has them yet"
        raise wrong("board", "this board has published totals only, no verdicts for each sample", hint)
    metric = asked["metric"]
    if board is not None:
        judged = board_list.metrics_judged(store, board.id, per_sample=True)
        if metric not in judged:
            raise wrong(
                "metric", f"board {board.id} has no verdicts for each sample by {metric}", f"one of {listed(judged)}"
            )
    return json_of(records.sample_list(store, board.id if board else "", metric, asked["order"]))


def _compare(store: Store, asked: Asked) -> bytes:
    if asked["first"] == asked["second"]:
        raise wrong("second", "a run cannot be compared with itself", "choose another run")
    return json_of(records.compared(store, asked["first"], asked["second"]))


def _run(which: str) -> Parameter:
    return Parameter(which, f"The {which} run's id.", required=True, known=queries.find_run)


def _listed(name: str) -> dict[str, Any]:
    return {"type": "array", "items": schemas.ref(name)}


ENDPOINTS: Final = (
    Endpoint(
        "/boards",
        "The boards: judge × responses per sample, with the number of runs.",
        schema=_listed("Board"),
        make=lambda store, _: json_of(records.boards(store)),
    ),
    Endpoint(
        "/leaderboard",
        "The runs of one board, ranked by a metric, with intervals, rank ranges and health. "
        "The same as `leaderboard --format json`.",
        schema=_listed("RankedRun"),
        make=_leaderboard,
        parameters=(_BOARD, METRIC, _SEARCH, _PLAIN, PARTIAL),
    ),
    Endpoint(
        "/runs",
        f"The public runs with their boards and scores, by model, at most {MOST_RUNS:,} at once. The header "
        "`X-Total-Count` says how many there are, `Link` where the next are.",
        schema=_listed("Run"),
        make=_runs,
        parameters=(
            Parameter("board", "Only the runs of this board.", known=_find_board),
            _SEARCH,
            _PLAIN,
            whole("limit", "How many runs at most.", 1, MOST_RUNS, MOST_RUNS),
            whole("offset", "How many runs to pass over.", 0, 1_000_000_000, 0),
        ),
        paged=True,
    ),
    Endpoint(
        "/runs/{run_id}",
        "One run whole: what is stated of it, its place by each metric, its domains and its health.",
        schema=schemas.ref("WholeRun"),
        make=lambda store, asked: json_of(records.one_run(store, asked["run_id"])),
        parameters=(RUN,),
    ),
    Endpoint(
        "/runs/{run_id}/samples",
        "The verdicts of one run, sample by sample, without the words of a response. "
        "Of a run of which only totals are known, the list is empty.",
        schema=schemas.ref("Verdicts"),
        make=lambda store, asked: json_of(records.verdicts_of(store, asked["run_id"])),
        parameters=(RUN,),
    ),
    Endpoint(
        "/samples",
        "The samples in this project's own words, and how many runs of a board pass each.",
        schema=_listed("Sample"),
        make=_samples,
        parameters=(_SAMPLES_BOARD, METRIC, one_of("order", "In which order.", ORDERS, "number")),
    ),
    Endpoint(
        "/compare",
        "Two runs on every metric that both are judged by: first minus second, in all and by domain.",
        schema=schemas.ref("Comparison"),
        make=_compare,
        parameters=(_run("first"), _run("second")),
        cost=2,
    ),
    Endpoint(
        "/results.parquet",
        "The verdicts of all public runs as one Parquet file, one row a run × task × sample, without the words of a "
        "response. Parts of it can be asked for (Range).",
        media=PARQUET,
        schema={"type": "string", "format": "binary"},
        make=lambda store, _: public_file(store),
        cost=2,
        ranges=True,
    ),
)
