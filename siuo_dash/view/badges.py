"""What stands behind a run, in words: its badge, and which attempt of the same person it is."""

from __future__ import annotations

from typing import Final

BADGES: Final = {
    "self-reported": ("Self-reported", "Its submitter's own figures; nobody else has checked the verdicts"),
    "re-judged": ("Re-judged", "Somebody else judged the same responses again and found the same"),
    "reproduced": ("Reproduced", "Somebody else ran the model again and found the same"),
    "published": ("Published", "Carried from a publication: peer-reviewed, a preprint or a draft"),
}
"""{badge: (label, what stands behind it)}."""
GIVEN: Final = ("self-reported", "re-judged", "reproduced")
"""The badges that a reviewer can give."""


def attempt_words(count: int | None) -> str:
    """'3rd attempt': how many times the same person had sent results of the same model; '' where it is not known."""
    if count is None or count < 1:
        return ""
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending} attempt"


def badge_words(badge: str) -> str:
    """A badge's label and what stands behind it: 'Re-judged: somebody else judged …'."""
    label, meaning = BADGES[badge]
    return f"{label}: {meaning[:1].lower()}{meaning[1:]}"
