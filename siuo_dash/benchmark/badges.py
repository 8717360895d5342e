"""Badges: who checked a run's figures, read off its `source_status`."""

from __future__ import annotations

from typing import Final

PUBLICATIONS: Final = ("peer-reviewed", "preprint", "draft")
"""The values of `source_status` that name a publication."""
CHECKED: Final = ("re-judged", "reproduced")
"""Only a reviewer says these of an upload: somebody else judged its responses again, or ran the model again."""


def badge_of(source_status: str) -> str:
    """'published', 're-judged', 'reproduced' or 'self-reported', which is whatever nobody else checked."""
    if source_status in PUBLICATIONS:
        return "published"
    return source_status if source_status in CHECKED else "self-reported"


def is_verified(source_status: str) -> bool:
    """Whether somebody else than the submitter checked or published the figures."""
    return badge_of(source_status) != "self-reported"
