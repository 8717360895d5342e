"""How far two people who reviewed the same candidates without seeing each other's answers agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from siuo_dash.analysis.stats.agreement import Kappa, cohen_kappa
from siuo_dash.construct.candidates import Candidate, Review, same
from siuo_dash.construct.lines import CRITERIA

DECISION = "decision"


@dataclass(frozen=True)
class Agreement:
    """One criterion, or the decision: pairs of answers, how many are the same, and Cohen's kappa with its interval.

    kappa: None without pairs, and where all answers are one and the same.
    """

    criterion: str
    label: str
    pairs: int
    agreed: int
    kappa: Kappa | None


def independent_pair(candidate: Candidate) -> tuple[Review, Review] | None:
    """The first reviews that two people gave of the first version that two reviewed, by name; None where there is none.

    A later review of the same person may have been given after seeing the other's; it is not one of them.
    """
    versions: dict[int, dict[str, Review]] = {}
    for each in candidate.reviews:
        versions.setdefault(each.version, {}).setdefault(same(each.by), each)
    for _, reviews in sorted(versions.items()):
        if len(reviews) > 1:
            first, second = sorted(list(reviews.values())[:2], key=lambda each: same(each.by))
            return first, second
    return None


def agreement(candidates: Iterable[Candidate]) -> list[Agreement]:
    """Agreement for each criterion and for the decision, over all candidates that two people have reviewed."""
    pairs = [pair for each in candidates if (pair := independent_pair(each)) is not None]
    named = {each.id: each.label for each in CRITERIA.values()} | {DECISION: "Decision"}
    found = []
    for name, label in named.items():
        first, second = ([_answer(pair[place], name) for pair in pairs] for place in (0, 1))
        agreed = sum(a == b for a, b in zip(first, second, strict=True))
        found.append(Agreement(name, label, len(pairs), agreed, cohen_kappa(first, second) if pairs else None))
    return found


def _answer(review: Review, name: str) -> str | None:
    return review.decision if name == DECISION else review.criteria.get(name)
