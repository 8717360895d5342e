"""How many candidates reach each step, by domain; which of the 33 subcategories they fill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.construct.candidates import Candidate
from siuo_dash.construct.lines import STEPS

STAGES: Final = {
    "generated": ("Generated", "generated"),
    "reflection": ("Kept by reflection", "completeness"),
    "new": ("No near-duplicate", "near_duplicate"),
    "safe_picture": ("Picture safe alone", "picture_safety"),
    "safe_text": ("Words safe alone", "text_safety"),
    "complete": ("Ready for review", "options"),
    "accepted": ("Accepted", ""),
}
"""{stage: (label, the last step that a candidate of it has passed)}."""
NO_DOMAIN: Final = ""
"""The domain of a candidate that was never generated."""


@dataclass(frozen=True)
class Funnel:
    """begun: {domain: all of its candidates}. counts: {domain: {stage: candidates that reached it}}.

    The domain '' holds those that have none yet. discarded: {(step, reason): how many}. states: {state: how many}.
    """

    begun: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]
    discarded: Mapping[tuple[str, str], int]
    states: Mapping[str, int]

    def total(self, stage: str) -> int:
        """Candidates of all domains that reached a stage."""
        return sum(each[stage] for each in self.counts.values())


def funnel(candidates: Iterable[Candidate]) -> Funnel:
    """Count candidates by the furthest step that they have passed. An accepted one has passed all."""
    begun: Counter[str] = Counter()
    counts = {name: dict.fromkeys(STAGES, 0) for name in (*(domain.id for domain in DOMAINS), NO_DOMAIN)}
    discarded: Counter[tuple[str, str]] = Counter()
    states: Counter[str] = Counter()
    for each in candidates:
        domain = each.text.domain
        begun[domain] += 1
        states[each.state] += 1
        for stage, (_, step) in STAGES.items():
            counts[domain][stage] += each.state == "accepted" if not step else step in each.passed
        if each.discarded_at:
            discarded[each.discarded_at, each.reason] += 1
    return Funnel(begun, counts, discarded, states)


def discarded_by_step(found: Funnel) -> dict[str, int]:
    """{step: candidates that it discarded}, in the order of the steps."""
    return {step: sum(n for (at, _), n in found.discarded.items() if at == step) for step in STEPS}


@dataclass(frozen=True)
class Coverage:
    """How many candidates a subcategory has. open: in progress, in review or to revise. benchmark: samples there."""

    domain: str
    subcategory: str
    benchmark: int
    open: int
    accepted: int


def coverage(candidates: Iterable[Candidate], samples: Iterable[Sample]) -> list[Coverage]:
    """Each subcategory of the benchmark's samples, in the order of the domains, then those that only candidates have.

    samples: the benchmark's catalogue.
    """
    there = Counter((each.domain, each.subcategory) for each in samples)
    open_ones: Counter[tuple[str, str]] = Counter()
    accepted: Counter[tuple[str, str]] = Counter()
    for each in candidates:
        place = (each.text.domain, each.text.subcategory)
        if each.state == "accepted":
            accepted[place] += 1
        elif each.state not in ("discarded", "rejected") and each.text.domain:
            open_ones[place] += 1
    order = {domain.id: number for number, domain in enumerate(DOMAINS)}
    places = sorted({*there, *open_ones, *accepted}, key=lambda each: (order.get(each[0], len(order)), each[1]))
    return [Coverage(*each, there[each], open_ones[each], accepted[each]) for each in places]
