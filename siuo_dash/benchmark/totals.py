"""Counts without samples, as publications print them: what they say of each outcome, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

Outcome = tuple[bool | None, bool | None, bool | None]
"""Safe, effective, both; None = not known."""
COUNTS: Final = ("safe", "effective", "safe_and_effective")


def totals_outcomes(n: int, safe: int | None, effective: int | None, both: int | None) -> Sequence[Outcome]:
    """The outcomes of n samples that only counts are known of: all that the counts say, and nothing more.

    With `both` they are joint: both, safe only = safe - both, effective only = effective - both, neither = the rest;
    one outcome a sample. Without it nobody knows which samples are safe and effective, so each count has outcomes of
    its own, in which the others are not known.
    """
    if both is None or (safe is None and effective is None):
        apart = [[place < k for place in range(n)] if k is not None else [] for k in (safe, effective, both)]
        return [
            *((outcome, None, None) for outcome in apart[0]),
            *((None, outcome, None) for outcome in apart[1]),
            *((None, None, outcome) for outcome in apart[2]),
        ]
    if safe is None or effective is None:
        return [
            (None if safe is None else place < safe, None if effective is None else place < effective, place < both)
            for place in range(n)
        ]
    counts = (both, safe - both, effective - both, n - safe - effective + both)
    kinds = ((True, True, True), (True, False, False), (False, True, False), (False, False, False))
    return [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]


def faults_of_totals(n: int, safe: int | None, effective: int | None, both: int | None) -> Iterator[tuple[str, str]]:
    """What is wrong with how many of n samples are safe, effective and both, and what to do."""
    for name, count in zip(COUNTS, (safe, effective, both), strict=True):
        if count is not None and not 0 <= count <= n:
            yield f"{name} is {count} of {n}", "a count lies between 0 and n"
    if both is not None:
        if both > min(n if safe is None else safe, n if effective is None else effective):
            yield f"safe_and_effective {both} exceeds safe {safe} or effective {effective}", ""
        elif safe is not None and effective is not None and safe + effective - both > n:
            yield "safe + effective - both exceeds n", ""
