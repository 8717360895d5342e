"""The badge of a run in words, and which attempt of the same person it is."""

from __future__ import annotations

from typing import Final

from siuo_dash.benchmark.badges import PUBLICATIONS
from siuo_dash.store.registry import Attempt
from siuo_dash.text import ordinal

BADGES: Final = {
    "self-reported": ("Self-reported", "Its submitter's own figures; nobody else has checked the verdicts"),
    "re-judged": ("Re-judged", "Somebody else judged the same responses again and found the same"),
    "reproduced": ("Reproduced", "Somebody else ran the model again and found the same"),
    "published": ("Published", "Carried from a publication: peer-reviewed, a preprint or a draft"),
}
"""{badge: (label, what it means)}."""


def given(source_status: str, *, own: bool) -> list[str]:
    """The badges that a reviewer can give to a submission.

    source_status: what the submitter says of the source. own: whether reviewer and submitter are one person.
    """
    if own:
        return ["self-reported"]
    return [badge for badge in BADGES if badge != "published" or source_status in PUBLICATIONS]


def attempt_words(attempt: Attempt | None) -> str:
    """'3rd of 12 attempts' of the same person for the same model, or 'only attempt'; '' where it is not known."""
    if attempt is None:
        return ""
    if attempt.of == 1:
        return "only attempt"
    return f"{ordinal(attempt.number)} of {attempt.of} attempts"


def badge_words(badge: str) -> str:
    """A badge's label and meaning: 'Re-judged: somebody else judged …'."""
    label, meaning = BADGES[badge]
    return f"{label}: {meaning[:1].lower()}{meaning[1:]}"
