"""Protocols: the judge × responses per sample, on a sample set, that make runs comparable."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.schema import BENCHMARK, MCQA_JUDGE
from siuo_dash.benchmark.text import fingerprint, slug

_LOST: Final = re.compile(r"[!#$%&*+<=>?\\^`{|}~]|[^\x00-\x7f\s\u0300-\u036f\u2010-\u2015\u2018-\u201f]")
"""What a slug drops although it distinguishes names: symbols, and letters that have no ASCII form."""


@dataclass(frozen=True, order=True)
class Protocol:
    """Judge × responses per sample on a sample set; the runs of one protocol are a board."""

    judge: str
    responses_per_sample: int | None
    sample_set: str = BENCHMARK

    @property
    def id(self) -> str:
        """The board's id in links and on the command line: 'human-3', 'gpt-4o-unstated', 'fresh-v1--human-3'.

        Spellings that differ in case and punctuation are one judge; where a slug would lose more than that (letters
        beyond ASCII, the + of 'gpt-4o+'), a few digits of the name's fingerprint keep the judges apart.
        """
        count = "unstated" if self.responses_per_sample is None else str(self.responses_per_sample)
        parts = [slug(self.judge) or "judge", count]
        if _LOST.search(unicodedata.normalize("NFKD", self.judge)):
            parts.insert(1, fingerprint(self.judge)[:6])
        return _on(self.sample_set, "-".join(parts))

    @property
    def responses(self) -> str:
        """'3 responses', '1 response', 'responses per sample not stated'."""
        count = self.responses_per_sample
        return "responses per sample not stated" if count is None else f"{count} response{'s' if count != 1 else ''}"

    @property
    def label(self) -> str:
        """What older links and the command line say: 'human, 3 responses'; with the set that is not the benchmark's."""
        count = self.responses_per_sample
        said = "responses not stated" if count is None else f"{count} response{'s' if count != 1 else ''}"
        return ", ".join([self.judge, said, *named_set(self.sample_set)])


def _on(sample_set: str, board: str) -> str:
    """A board's id with its set, which the benchmark's own do not name; no slug holds two hyphens in a row."""
    return board if sample_set == BENCHMARK else f"{sample_set}--{board}"


def named_set(sample_set: str) -> list[str]:
    """What a label says of a set: nothing of the benchmark's own."""
    return [] if sample_set == BENCHMARK else [f"sample set {sample_set}"]


def set_of(board: str | None) -> str:
    """The sample set that a board (its id) is of; None, all boards: the benchmark's."""
    sample_set, between, _ = (board or "").partition("--")
    return sample_set if between else BENCHMARK


def mcqa_board(sample_set: str) -> str:
    """Multiple choice is scored alike everywhere: one board a set for all runs with answers, whatever their judge."""
    return _on(sample_set, MCQA_BOARD)


def is_mcqa(board: str | None) -> bool:
    """Whether a board (its id) is that of multiple choice."""
    return board is not None and board == mcqa_board(set_of(board))


MCQA_BOARD: Final = Protocol(MCQA_JUDGE, 1).id
"""That of the benchmark's own samples."""
