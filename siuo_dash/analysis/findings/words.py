"""How findings say figures and names."""

from __future__ import annotations

from collections.abc import Sequence


def percent(rate: float, digits: int = 1) -> str:
    """A fraction as percent: '53.3 %'."""
    return f"{bare_percent(rate, digits)} %"


def bare_percent(rate: float, digits: int = 1) -> str:
    """A fraction as percent, without the sign: '53.3'."""
    return f"{100 * rate:.{digits}f}"


def points(difference: float, digits: int = 1) -> str:
    """A difference of two fractions: '+6.0 points'."""
    return f"{bare_points(difference, digits)} points"


def bare_points(difference: float, digits: int = 1) -> str:
    """A difference of two fractions in points: '+6.0'; what rounds to nothing has no sign."""
    text = f"{100 * difference:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def rho(value: float, digits: int = 1) -> str:
    """A correlation with one digit more than a percentage has: '0.34', '-0.20'; what rounds to nothing has no sign."""
    text = f"{value:.{digits + 1}f}"
    return text.lstrip("-") if float(text) == 0 else text


def names(items: Sequence[str], most: int = 5) -> str:
    """'A', 'A and B', 'A, B and C'; beyond `most` 'A, B and 7 more'."""
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def count(number: int, noun: str, plural: str = "") -> str:
    """'no run', '1 run', '15 runs'."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {plural or noun + 's'}" if number else f"no {noun}"


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]
