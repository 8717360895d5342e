"""What a person says about a run, checked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from siuo_dash.benchmark.badges import PUBLICATIONS
from siuo_dash.benchmark.names import letters, unseen
from siuo_dash.benchmark.schema import SOURCE_STATUS
from siuo_dash.errors import Finding
from siuo_dash.ingest.records import Known

_LENGTHS: Final = {
    "model": 100, "organization": 100, "judge": 100, "source": 500, "note": 2000, "submitted_by": 100, "source_status": 30,
}  # fmt: skip
_SCHEME: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):(?=\S)")
LARGEST_MODEL: Final = 100_000.0
"""Billions of parameters; more is taken for a count of parameters."""


@dataclass(frozen=True)
class RunMetadata:
    """A run's metadata; None = not published or not stated. params_b in billions; submitted_at with a time zone.

    judge: who gave the verdicts; may be empty for a multiple-choice run, which has none.
    """

    model: str
    judge: str = ""
    organization: str | None = None
    params_b: float | None = None
    open_weights: bool | None = None
    source: str | None = None
    note: str | None = None
    evaluated_on: date | None = None
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    source_status: str = "self-reported"

    def trimmed(self, name: str) -> str | None:
        """A text entry without outer white space; None where it is empty."""
        value = getattr(self, name)
        return (value.strip() or None) if isinstance(value, str) else None

    def check(self, *, needs_judge: bool = True) -> list[Finding]:
        """All that is wrong with the entries, as errors."""
        found = [finding for name in _LENGTHS if (finding := self._check_text(name)) is not None]
        if self.trimmed("model") is None:
            found.append(_error("model", "the model's name is missing", "give the name that its makers use"))
        if needs_judge and self.trimmed("judge") is None:
            found.append(_error("judge", "the judge is missing", "human, or the judge model's exact name and version"))
        if self.params_b is not None and not (math.isfinite(self.params_b) and 0 < self.params_b <= LARGEST_MODEL):
            found.append(
                _error("params_b", f"{self.params_b:g} is no size in billions of parameters", "7 for a 7B model")
            )
        if self.source_status not in SOURCE_STATUS:
            found.append(_error("source_status", "unknown source status", f"one of {', '.join(SOURCE_STATUS)}"))
        if (
            self.evaluated_on is not None
            and self.submitted_at is not None
            and self.evaluated_on > self.submitted_at.date()
        ):
            found.append(_error("evaluated_on", "the day of the evaluation lies in the future", "check the date"))
        return [*found, *self._check_source()]

    def _check_text(self, name: str) -> Finding | None:
        text = self.trimmed(name)
        if text is None:
            return None
        # Invisible characters could make one name look like another, or turn the text around it.
        hidden = unseen(text, "\n\t\r\ufe0e\ufe0f" if name == "note" else "")
        if hidden:
            return _error(
                name,
                f"holds invisible or control characters (U+{ord(hidden):04X})",
                "type it instead of pasting it",
            )
        if name in ("model", "judge", "organization") and not letters(text):
            return _error(name, "holds no letter and no digit", "give the name that people know it by")
        if len(text) > _LENGTHS[name]:
            return _error(name, f"{len(text):,} characters; the limit is {_LENGTHS[name]:,}", "shorten it")
        return None

    def _check_source(self) -> list[Finding]:
        source = self.trimmed("source") or ""
        if not source and self.source_status in PUBLICATIONS:
            return [_error("source", "the publication is not named", "give its link or citation, or say not published")]
        scheme = _SCHEME.match(source)
        if scheme is None:
            return []
        try:
            parts = urlsplit(source)
            is_link = (
                parts.scheme in ("http", "https")
                and bool(parts.hostname)
                and not re.search(r"\s", source.split(",")[0])
            )
        except ValueError:
            is_link = False
        return (
            []
            if is_link
            else [_error("source", "not a web address", "a link that begins with https://, or a citation")]
        )


def suggested(known: Known) -> RunMetadata:
    """Metadata to start from: what the files tell, and for an export all that it carries."""
    carried = known.metadata or {}
    kept = {each.name: carried[each.name] for each in fields(RunMetadata) if carried.get(each.name) is not None}
    # Who uploads it now, and when, is another matter than who did before.
    kept = {name: value for name, value in kept.items() if name not in ("submitted_by", "submitted_at")}
    return RunMetadata(**{"model": known.model or "", "judge": known.judge or "", **kept})


def _error(field: str, message: str, hint: str) -> Finding:
    return Finding("error", message, hint=hint, field=field)
