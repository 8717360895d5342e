"""Badges: who checked a run's figures, read off its `source_status`, and what people read of it."""

from __future__ import annotations

from typing import Final

PUBLICATIONS: Final = ("peer-reviewed", "preprint", "draft")
"""The values of `source_status` that name a publication."""
RE_JUDGED: Final = "re-judged"
CHECKED: Final = (RE_JUDGED, "reproduced")
"""Only a reviewer says these of an upload: somebody else judged its responses again, or ran the model again."""
BADGES: Final = {
    "self-reported": ("Self-reported", "Its submitter's own figures, not independently checked"),
    "re-judged": ("Re-judged", "Somebody else judged the same responses again and found the same"),
    "reproduced": ("Reproduced", "Somebody else ran the model again and found the same"),
    "published": ("Published", "From a publication: peer-reviewed, a preprint or a draft"),
}
"""{badge: (label, what it means)}."""


def badge_of(source_status: str) -> str:
    """'published', 're-judged', 'reproduced' or 'self-reported', which is whatever nobody else checked."""
    if source_status in PUBLICATIONS:
        return "published"
    return source_status if source_status in CHECKED else "self-reported"


def is_verified(source_status: str) -> bool:
    """Whether somebody else than the submitter checked or published the figures."""
    return badge_of(source_status) != "self-reported"


def given(source_status: str, *, own: bool) -> list[str]:
    """The badges that a reviewer can give to a submission.

    source_status: what the submitter says of the source. own: whether reviewer and submitter are one person.
    """
    if own:
        return ["self-reported"]
    return [badge for badge in BADGES if badge != "published" or source_status in PUBLICATIONS]


def badge_words(badge: str) -> str:
    """A badge's label and meaning: 'Re-judged: somebody else judged …'."""
    label, meaning = BADGES[badge]
    return f"{label}: {meaning[:1].lower()}{meaning[1:]}"
