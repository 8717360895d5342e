"""The boards: what there is, what each was judged by, and where runs are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.once import once
from siuo_dash.benchmark.protocol import Protocol, named_set
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import NoBoard
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

BOARDS: Final = Query(
    "boards",
    "The boards: each judge × responses per sample of each sample set, with its number of runs.",
    """
    SELECT r.board, MIN(r.judge) AS judge, MIN(r.responses_per_sample) AS responses_per_sample,
        MIN(r.sample_set) AS sample_set, COUNT(*) AS runs,
        COUNT(*) FILTER (WHERE r.evidence = 'per_sample') AS per_sample_runs,
        COUNT(*) FILTER (WHERE r.safe_n > 0 AND r.effective_n > 0) AS both_runs,
        COALESCE(MIN(j.name), '') AS name, COALESCE(MIN(j.sees), '') AS sees, COALESCE(MIN(j.caveat), '') AS caveat
    FROM runs r LEFT JOIN judges j ON j.judge = r.judge GROUP BY r.board
    ORDER BY CASE WHEN MIN(r.sample_set) = 'siuo-167' THEN 0 ELSE 1 END, MIN(r.sample_set),
        CASE WHEN MIN(r.judge) = 'human' THEN 0 ELSE 1 END, COUNT(*) DESC, r.board
    """,
)

METRICS_JUDGED: Final = Query(
    "metrics_judged",
    "How many runs of a board, or of all, are judged by each metric.",
    """
    SELECT COUNT(*) FILTER (WHERE safe_n > 0) AS safe, COUNT(*) FILTER (WHERE effective_n > 0) AS effective,
        COUNT(*) FILTER (WHERE safe_and_effective_n > 0) AS safe_and_effective,
        COUNT(*) FILTER (WHERE mcqa_n > 0) AS mcqa
    FROM runs WHERE ($board IS NULL OR run_no IN (SELECT run_no FROM board_runs WHERE board = $board))
        AND (evidence = 'per_sample' OR NOT $per_sample)
    """,
)

RUNS_BY_BOARD: Final = Query(
    "runs_by_board",
    "How many of the chosen runs each board has.",
    "SELECT board, COUNT(*) AS runs FROM runs WHERE {where} GROUP BY board ORDER BY runs DESC, board",
)


@dataclass(frozen=True)
class Board:
    """A board as people choose it: its runs, those with a verdict for each sample, those judged by Safe and Effective.

    name, sees, caveat: what is known about its judge (judges.csv); '' if nothing.
    """

    id: str
    protocol: Protocol
    runs: int
    per_sample_runs: int
    both_runs: int
    name: str = ""
    sees: str = ""
    caveat: str = ""

    def part(self, *, samples: bool, both: bool) -> int:
        """How many of its runs are of use: those with a verdict for each sample, or judged by both; else all."""
        return self.per_sample_runs if samples else self.both_runs if both else self.runs

    @property
    def sample_set(self) -> str:
        """The set whose samples its runs were evaluated on."""
        return self.protocol.sample_set

    @property
    def judge_name(self) -> str:
        """'Human judges', 'Llama-3.1-8B as judge, text only, given the safety warning'."""
        return ", ".join(filter(None, (self.name or f"{self.protocol.judge} as judge", self.sees)))

    @property
    def label(self) -> str:
        """'Human judges · 3 responses', with the set where it is not the benchmark's own."""
        return self.labelled(self.judge_name)

    def labelled(self, judge: str) -> str:
        """The label with the judge called so."""
        return " · ".join([judge, self.protocol.responses, *named_set(self.protocol.sample_set)])


@once
def boards(store: Store) -> list[Board]:
    """All boards, the benchmark's own samples first, then human verdicts, then by number of runs."""
    found = []
    for row in BOARDS.run(store).itertuples():
        count = None if pd.isna(row.responses_per_sample) else int(row.responses_per_sample)
        protocol = Protocol(row.judge, count, row.sample_set)
        counts = int(row.runs), int(row.per_sample_runs), int(row.both_runs)
        found.append(Board(row.board, protocol, *counts, row.name, row.sees, row.caveat))
    return found


def offered(store: Store, *, samples: bool = False, both: bool = False) -> list[Board]:
    """The boards with runs of use, those with most of them first; without a condition, or where none has such, all."""
    known = boards(store)
    if not samples and not both:
        return known
    part = {board.id: board.part(samples=samples, both=both) for board in known}
    return sorted((board for board in known if part[board.id]), key=lambda board: -part[board.id]) or known


@once
def short_labels(store: Store) -> dict[str, str]:
    """{board id: label} for sentences: without what the judge sees, where no other board has the same label then."""
    known = boards(store)
    short = [board.labelled(board.name or f"{board.protocol.judge} as judge") for board in known]
    return {
        board.id: words if short.count(words) == 1 else board.label for board, words in zip(known, short, strict=True)
    }


@once
def metrics_judged(store: Store, board: str | None, *, per_sample: bool = False) -> list[str]:
    """The ids of the metrics that a run of the board is judged by, in the schema's order; None = any run.

    per_sample: by runs with a verdict for each sample only.
    """
    counts = METRICS_JUDGED.run(store, board=board, per_sample=per_sample).iloc[0]
    return [name for name in METRICS if counts[name]]


def find_board(store: Store, name: str) -> Board:
    """The board with this id or label (case aside); NoBoard lists what there is."""
    known = boards(store)
    wanted = name.strip().lower()
    for board in known:
        if wanted in (board.id, board.label.lower(), board.protocol.label.lower()):
            return board
    raise NoBoard(f"there is no board {name!r}", hint=f"one of {', '.join(board.id for board in known)}")


def elsewhere(store: Store, filters: Filters) -> dict[str, int]:
    """{board id: runs} of the runs that pass the filters on other boards than the one of the filters, most first."""
    found = RUNS_BY_BOARD.run(store, where=replace(filters, board=None).where())
    return {board: int(runs) for board, runs in found.itertuples(index=False) if board != filters.board}
