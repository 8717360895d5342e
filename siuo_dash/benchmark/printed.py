"""Counts behind printed rates, and sources that can be opened."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor
from typing import Final

_NUMBER: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,12}))?\s*(%?)")
_ARXIV: Final = re.compile(r"arXiv:(\d{4}\.\d{4,5})", re.IGNORECASE)
_DOI: Final = re.compile(r"(?:^|\bdoi:\s*|(?<![\w/.]))(10\.\d{4,9}/[^\s,;]+)", re.IGNORECASE)
_LINK: Final = re.compile(
    r"(https?://[^\s,;]+)|(?<![\w.-])((?:github\.com|[a-z0-9-]+\.github\.io)/[^\s,;]+)", re.IGNORECASE
)


class NotACount(ValueError):
    """What is printed gives no count, or not one: why, and what to do."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


def count_of(printed: str, n: int) -> int:
    """The count that something printed says, of n samples: a count ('89', '89/167') or a rate in percent ('53.29%').

    A rate has a decimal point or a percent sign; the count is the one whose rate is printed so with as many decimals.
    Raises NotACount, naming the nearest counts, for a rate that no count gives, or that several give.
    """
    text = " ".join(printed.split()).replace(",", ".")
    k, slash, of = text.partition("/")
    if slash:
        if not (k.strip().isdecimal() and of.strip().isdecimal()):
            raise NotACount(f"{printed!r} is no count", "write it as 89/167")
        if int(of) != n:
            raise NotACount(f"{printed!r} is not of {n} samples", "correct the number of samples, or the count")
        return _within(int(k), n)
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise NotACount(f"{printed!r} is neither a count nor a rate", "write a count, 89, or a rate, 53.29%")
    whole, decimals, percent = found.group(1), found.group(2) or "", bool(found.group(3))
    if not decimals and not percent:
        return _within(int(whole), n)
    rate = Fraction(int(whole + decimals), 10 ** len(decimals))
    if not percent and 0 < rate <= 1:
        hint = f"write it in percent: {100 * float(rate):g}% or {float(rate):g}%"
        raise NotACount(f"{printed!r} can be a fraction or a percentage", hint)
    if rate > 100:
        raise NotACount(f"{printed!r} is more than 100%", "a rate lies between 0 and 100%")
    # A half is rounded up by some and to even by others, so both ends belong to it.
    half = Fraction(1, 2 * 10 ** len(decimals))
    first, last = ceil((rate - half) * n / 100), floor((rate + half) * n / 100)
    fitting = range(max(0, first), min(n, last) + 1)
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        below = floor(rate * n / 100)
        raise NotACount(f"no count of {n} gives {_percent(rate, len(decimals))}", f"the nearest are {_near(below, n)}")
    ends = f"{fitting[0]} to {fitting[-1]}" if len(fitting) > 2 else f"{fitting[0]} or {fitting[1]}"
    what = f"{_percent(rate, len(decimals))} of {n} can be {ends}"
    raise NotACount(what, "give more digits, or the count itself")


def source_link(source: object) -> str | None:
    """The web address that a source names (a link, a DOI or an arXiv number), or None."""
    text = source if isinstance(source, str) else ""
    if found := _ARXIV.search(text):
        return f"https://arxiv.org/abs/{found.group(1)}"
    if found := _LINK.search(text):
        link, bare = (part.rstrip(".)]}>\"'") if part else "" for part in found.groups())
        return link or f"https://{bare}"
    if found := _DOI.search(text):
        return f"https://doi.org/{found.group(1).rstrip('.)]}>')}"
    return None


def _within(k: int, n: int) -> int:
    if k > n:
        raise NotACount(f"{k} of {n} samples", f"a count lies between 0 and {n}; write a rate as {k}%")
    return k


def _near(below: int, n: int) -> str:
    return " and ".join(f"{k} ({_percent(Fraction(100 * k, n), 2)})" for k in (below, below + 1) if k <= n)


def _percent(rate: Fraction, digits: int) -> str:
    return f"{float(rate):.{digits}f}%"
