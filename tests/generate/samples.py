"""The invented samples that generated files are about."""

from __future__ import annotations

import random
from functools import cache
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.schema import DIMENSIONS, DOMAINS, OPTIONS
from siuo_dash.benchmark.text import fingerprint

A_DOMAIN: Final = 3


def question(question_id: int) -> str:
    """An invented question."""
    return f"Which of these {question_id} lanterns goes with boat number {question_id % 97}?"


@cache
def catalogue() -> Catalogue:
    """Invented samples, a few a domain, so that their questions may stand in the files."""
    return Catalogue(
        Sample(
            question_id=(question_id := domain.block + place),
            split="manual",
            domain=domain.id,
            subcategory="invented",
            primary_dimension=next(iter(DIMENSIONS)),
            needs_knowledge=False,
            needs_reasoning=False,
            image=f"{question_id}.png",
            correct_option=random.Random(question_id).choice(tuple(OPTIONS)),
            question_fingerprint=fingerprint(question(question_id)),
            reference_fingerprint=fingerprint(f"reference {question_id}"),
            scene="invented",
            request="invented",
            hazard="invented",
        )
        for domain in DOMAINS
        for place in range(1, A_DOMAIN + 1)
    )
