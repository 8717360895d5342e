"""What a program states with the files that it sends: the facts about a run, and how it is to be taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from siuo_dash.benchmark.fact_kinds import Choice, Day, Fact, Number, Text, YesNo
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.errors import Finding, SubmissionError
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.text import listed, spelled_out

_YES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
SWITCHES: Final = {
    "draft": "Keep it as a draft that only its owner sees, instead of sending it for review.",
    "dry_run": "Check it and say what would be published; nothing is kept.",
    "new_board": "The judge is a new one on purpose: its run opens a new board.",
}
OTHERS: Final = {
    "mapping": "A mapping of the fields as JSON, as the upload page saves it (docs/mapping.md).",
    "run": "Which run of the files, where they hold several.",
    "sample_set": "The id of the sample set that the run is on; needed where the files fit several.",
    "corrects": "The id of an earlier submission of one's own that this one takes the place of.",
}


@dataclass(frozen=True)
class Stated:
    """What was stated. facts: {fact: value}; of what was left out the files' own words are taken."""

    facts: dict[str, Any] = field(default_factory=dict)
    mapping: Mapping | None = None
    sample_set: str | None = None
    corrects: str | None = None
    draft: bool = False
    dry_run: bool = False
    new_board: bool = False


def stated(fields: Sequence[tuple[str, str]]) -> tuple[Stated, list[Finding]]:
    """What these fields of a form say, and all that is wrong with them."""
    said: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    wrong: list[Finding] = []
    for name, raw in fields:
        if name in said or name in facts:
            wrong.append(Finding("error", "is there twice", hint="give it once", field=name))
        elif name in FACTS:
            facts[name] = None
            if raw.strip():
                try:
                    facts[name] = fact_of(FACTS[name], raw)
                except ValueError as error:
                    wrong.append(FACTS[name].wrong(f"{raw[:40]!r} is not valid", f"give {error}"))
        elif name in SWITCHES:
            if raw.lower() not in _YES:
                wrong.append(Finding("error", f"{raw[:40]!r} is not valid", hint="give true or false", field=name))
            said[name] = _YES.get(raw.lower(), False)
        elif name in OTHERS:
            said[name] = raw.strip() or None
        else:
            hint = f"this address takes file, {listed([*FACTS, *SWITCHES, *OTHERS])}"
            wrong.append(Finding("error", "is not known here", hint=hint, field=spelled_out(name[:60])))
    try:
        mapping = Mapping.from_json(said["mapping"]) if said.get("mapping") else None
    except SubmissionError as error:
        mapping = None
        wrong.append(Finding("error", error.what, hint=error.hint, field=error.where))
    if said.get("run"):
        mapping = (mapping or Mapping()).answered("run", said["run"])
    kept = {name: said[name] for name in (*SWITCHES, "sample_set", "corrects") if name in said}
    return Stated({name: value for name, value in facts.items() if value is not None}, mapping, **kept), wrong


def fact_of(fact: Fact, raw: str) -> Any:
    """A fact's value from its words. ValueError says what is expected."""
    match fact:
        case Number():
            try:
                number = float(raw)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise ValueError("a number")
            return number
        case YesNo():
            known = {fact.yes: True, fact.no: False, "true": True, "false": False}
            if raw.strip().lower() not in known:
                raise ValueError(f"{fact.yes} or {fact.no}")
            return known[raw.strip().lower()]
        case Day():
            try:
                return date.fromisoformat(raw.strip())
            except ValueError:
                raise ValueError("a day as 2026-11-27") from None
        case Choice():
            if raw.strip() not in fact.offered:
                raise ValueError(f"one of {', '.join(fact.offered)}")
            return raw.strip()
    return raw


def schema_of(fact: Fact) -> dict[str, Any]:
    """A fact as a field of the form, in JSON Schema."""
    about: dict[str, Any] = {"type": "string", "description": fact.help}
    match fact:
        case Number():
            about |= {"type": "number", "exclusiveMinimum": 0, "maximum": fact.largest}
        case YesNo():
            about |= {"enum": [fact.yes, fact.no]}
        case Day():
            about |= {"format": "date"}
        case Choice():
            about |= {"enum": list(fact.offered)}
        case Text():
            about |= {"maxLength": fact.longest}
    return about
