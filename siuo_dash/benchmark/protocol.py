"""Protocols: the judge × responses per sample that make runs comparable."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.schema import MCQA_JUDGE
from siuo_dash.benchmark.text import fingerprint, slug

_LOST: Final = re.compile(r"[!#$%&*+<=>?\\^`{|}~]|[^\x00-\x7f\s\u0300-\u036f\u2010-\u2015\u2018-\u201f]")
"""What a slug drops although it tells names apart: symbols, and letters that have no ASCII form."""


@dataclass(frozen=True, order=True)
class Protocol:
    """Judge × responses per sample; the runs of one protocol are a board."""

    judge: str
    responses_per_sample: int | None

    @property
    def id(self) -> str:
        """The board's id in links and on the command line: 'human-3', 'gpt-4o-unstated'.

        Spellings that differ in case and punctuation are one judge; where a slug would lose more than that (letters
        beyond ASCII, the + of 'gpt-4o+'), a few digits of the name's fingerprint keep the judges apart.
        """
        count = "unstated" if self.responses_per_sample is None else str(self.responses_per_sample)
        parts = [slug(self.judge) or "judge", count]
        if _LOST.search(unicodedata.normalize("NFKD", self.judge)):
            parts.insert(1, fingerprint(self.judge)[:6])
        return "-".join(parts)

    @property
    def responses(self) -> str:
        """'3 responses', '1 response', 'responses per sample not stated'."""
        count = self.responses_per_sample
        return "responses per sample not stated" if count is None else f"{count} response{'s' if count != 1 else ''}"

    @property
    def label(self) -> str:
        """What older links and the command line say: 'human, 3 responses'."""
        match self.responses_per_sample:
            case None:
                return f"{self.judge}, responses not stated"
            case 1:
                return f"{self.judge}, 1 response"
            case count:
                return f"{self.judge}, {count} responses"


MCQA_BOARD: Final = Protocol(MCQA_JUDGE, 1).id
"""Multiple choice is scored alike everywhere, so it is one board for all runs with answers, whatever their judge."""
