"""Protocols: the judge × responses per sample that make runs comparable."""

from __future__ import annotations

from dataclasses import dataclass

from siuo_dash.benchmark.text import slug


@dataclass(frozen=True, order=True)
class Protocol:
    """Judge × responses per sample; the runs of one protocol are a board."""

    judge: str
    responses_per_sample: int | None

    @property
    def id(self) -> str:
        """The board's id in links and on the command line: 'human-3', 'gpt-4o-unstated'."""
        count = "unstated" if self.responses_per_sample is None else str(self.responses_per_sample)
        return f"{slug(self.judge)}-{count}"

    @property
    def label(self) -> str:
        """What people read: 'human, 3 responses'."""
        match self.responses_per_sample:
            case None:
                return f"{self.judge}, responses not stated"
            case 1:
                return f"{self.judge}, 1 response"
            case count:
                return f"{self.judge}, {count} responses"
