"""What a person says about a run, and how each fact is checked, asked for and written.

Each fact is declared once, in FACTS. The checks, the upload form, the options of `submit` and the stored rows come from
there. A new fact is an entry here with its field in RunMetadata, a column in benchmark/schema.py and one in the tables
of store/engine/tables.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from siuo_dash.benchmark.badges import PUBLICATIONS
from siuo_dash.benchmark.fact_kinds import Choice, Day, Fact, Number, Text, YesNo
from siuo_dash.benchmark.names import letters
from siuo_dash.benchmark.schema import SOURCE_STATUS
from siuo_dash.errors import Finding

_PUBLICATION: Final = {
    "self-reported": "Not published",
    "draft": "Draft, public but not final",
    "preprint": "Preprint",
    "peer-reviewed": "Peer-reviewed",
}
"""What a submitter may say of the source; only a reviewer says that somebody checked it."""
_SCHEME: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):(?=\S)")


FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Text("model", "Model", "The model's name, as its makers write it", is_name=True, required=True),
        Text("judge", "Judge", "human, or the judge model's exact name and version", is_name=True, required=True),
        Choice(
            "source_status",
            "Status of the source",
            "What the paper or report is that states these very figures, if there is one",
            asked="Published in",
            typed="--publication",
            allowed=SOURCE_STATUS,
            offered=_PUBLICATION,
        ),
        Text("organization", "Organization", "Who made the model", is_name=True),
        Text(
            "base_model",
            "Base model",
            "The plain model that a method was applied to, by the name of its own run",
            is_name=True,
            if_empty="the model itself",
        ),
        Text(
            "method",
            "Method",
            "A defence, training or prompt applied to the base model: ETA, safety prompt; empty for a plain model",
            is_name=True,
            if_empty="none: a plain model",
        ),
        # More than 100,000 is taken for a count of parameters.
        Number(
            "params_b",
            "Size",
            "Billions of parameters: 7 for a 7B model",
            asked="Size (B)",
            largest=100_000,
            shown="{:g} B parameters",
        ),
        Text(
            "source",
            "Source",
            "A link that begins with https://, a DOI, or a citation",
            asked="Link or citation",
            longest=500,
        ),
        Day("evaluated_on", "Evaluated on", "The day on which the model was evaluated", asked="Evaluation date"),
        YesNo(
            "open_weights",
            "Weights",
            "Whether the model's weights can be downloaded; leave it empty if unknown",
            typed="--open/--closed",
            yes="open",
            no="closed",
        ),
        Text(
            "submitted_by",
            "Submitted by",
            "Who submits the run: shown with it and kept in the log; optional",
            asked="Your name",
            typed="--by",
        ),
        Text(
            "note",
            "Note",
            "What a reader of the run should know: decoding settings, token limit, prompts",
            longest=2000,
            lines=True,
        ),
    )
}
"""{column: fact} of all that a person can state about a run, in the order of the form, three in a row."""


@dataclass(frozen=True)
class RunMetadata:
    """A run's metadata, a field a fact; None = not published or not stated.

    judge may be empty for a multiple-choice run, which has none. submitted_at, with a time zone, is set by the program.
    """

    model: str
    judge: str = ""
    organization: str | None = None
    params_b: float | None = None
    open_weights: bool | None = None
    source_status: str = "self-reported"
    source: str | None = None
    evaluated_on: date | None = None
    submitted_by: str | None = None
    note: str | None = None
    submitted_at: datetime | None = None
    base_model: str | None = None
    method: str | None = None

    def trimmed(self, name: str) -> str | None:
        """A text entry without outer white space; None where it is empty."""
        value = getattr(self, name)
        return (value.strip() or None) if isinstance(value, str) else None

    def columns(self) -> dict[str, Any]:
        """{column of the results: value}, texts trimmed."""
        names = [each.name for each in fields(self)]
        return {
            name: self.trimmed(name) if isinstance(FACTS.get(name), Text) else getattr(self, name) for name in names
        }

    def check(self, *, needs_judge: bool = True) -> list[Finding]:
        """All that is wrong with the entries, as errors."""
        found: list[Finding | None] = []
        stated = self.columns()
        for name, fact in FACTS.items():
            if stated[name] is not None:
                found.append(fact.check(stated[name]))
            elif fact.required and (needs_judge or name != "judge"):
                found.append(fact.wrong(f"the {fact.label.lower()} is missing"))
        found += [self._check_day(), self._check_source(), self._check_method()]
        return [finding for finding in found if finding is not None]

    def _check_day(self) -> Finding | None:
        if self.evaluated_on is None or self.submitted_at is None or self.evaluated_on <= self.submitted_at.date():
            return None
        return FACTS["evaluated_on"].wrong("the day of the evaluation is in the future", "check the date")

    def _check_method(self) -> Finding | None:
        """A run is of a plain model, or of a method on a base model that is another name than its own."""
        base, method, model = self.trimmed("base_model"), self.trimmed("method"), self.trimmed("model") or ""
        if base is None:
            hint = "name the plain model that the method was applied to"
            return FACTS["base_model"].wrong("a method needs its base model", hint) if method else None
        if method is None and letters(base) != letters(model):
            return FACTS["method"].wrong(
                f"the method is missing: {model} is another model than its base {base}",
                "name what was done to the base model, or leave the base model out",
            )
        if method and letters(base) == letters(model):
            hint = f"call it “{model} + {method}”, so that nobody takes it for the plain model"
            return FACTS["model"].wrong("the model has the name of its base model", hint)
        return None

    def _check_source(self) -> Finding | None:
        source = self.trimmed("source") or ""
        if not source and self.source_status in PUBLICATIONS:
            return FACTS["source"].wrong(
                "the publication is not named", "give its link or citation, or say not published"
            )
        named = _SCHEME.match(source)
        if named is None or named.group(1).lower() in ("arxiv", "doi") or _is_link(source):
            return None
        return FACTS["source"].wrong("not a web address")


def _is_link(text: str) -> bool:
    """Whether a text, up to its first comma, is an address on the web."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text.split(",")[0])
    except ValueError:
        return False
