"""Words and figures as every page, table and message writes them: counts, lists, percent, and text on one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from numbers import Real
from typing import Final

_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
"""Letters and marks by their category that show nothing."""
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~$&])")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NOT_PUBLISHED: Final = "not published"
NOT_JUDGED: Final = "not judged"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: '1 sample', '1,200 samples', '2 categories'."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Iterable[str], most: int | None = None, *, last: str = "and", none: str = "") -> str:
    """Names in a sentence: 'A', 'A and B', 'A, B and 3 more'; `none` where there is no name.

    most: how many names are written out. last: the word before the last one, 'and' or 'or'.
    """
    items = list(names)
    if most is not None and len(items) > most:
        items = [*items[:most], f"{len(items) - most:,} more"]
    if len(items) < 2:
        return items[0] if items else none
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def megabytes(size: int) -> str:
    """Bytes in megabytes: '64 MB', '0.4 MB'."""
    return f"{size / 1024**2:,.1f}".removesuffix(".0") + " MB"


def ordinal(number: int) -> str:
    """'1st', '2nd', '3rd', '11th', '22nd'."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _known(value: object) -> bool:
    # NaN is not equal to itself; pandas' NA is no number, numpy's numbers are.
    return isinstance(value, Real) and bool(value == value)


def percent(rate: float | None, digits: int = 1) -> str:
    """A fraction as percent: 0.5329 → '53.3%'; '–' when it is not known."""
    return f"{100 * rate:.{digits}f}%" if rate is not None and _known(rate) else "–"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """Two fractions as a range of percent: '45.7–60.7'; '' when not known."""
    if low is None or high is None or not (_known(low) and _known(high)):
        return ""
    return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}"


def fraction(k: float | None, n: float | None) -> str:
    """k of n: '89/167'; '' when not known or n is 0."""
    return f"{int(k)}/{int(n)}" if k is not None and n is not None and _known(k) and _known(n) and n != 0 else ""


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of two rates in percentage points, with its sign: '+6.0'; '–' when it is not known."""
    return f"{100 * difference:+.{digits}f}" if difference is not None and _known(difference) else "–"


def rate_and_count(k: int, n: int, digits: int = 1) -> str:
    """'53.3% (89/167)'; '–' without samples."""
    return f"{percent(k / n, digits)} ({k}/{n})" if n else "–"


def points_interval(low: float | None, high: float | None) -> str:
    """The interval of a difference in points: '+0.6 to +11.3'; '' when not known."""
    return f"{points(low)} to {points(high)}" if _known(low) and _known(high) else ""


def missing(evidence: str) -> str:
    """Why a rate is not there: of totals it was not published, of 'per_sample' it was not judged."""
    return NOT_JUDGED if evidence == "per_sample" else NOT_PUBLISHED


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing or steers the text around it: control, format, blank, variation selector."""
    variation = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or char in _BLANK or variation


def spelled_out(text: str, keep: str = "") -> str:
    """Text whose hidden characters are written as codes, such as \\u202e: nothing rings, hides or turns the line.

    keep: hidden characters that stay as they are, such as line breaks where there may be several lines.
    """
    return "".join(_code(char) if char not in keep and is_hidden(char) else char for char in text)


def one_line(text: str) -> str:
    """Text with a space for every line break and hidden character."""
    return "".join(" " if is_hidden(char) else char for char in text)


def markdown_plain(text: str) -> str:
    """Text whose every character is shown as it is by a Markdown renderer."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", one_line(text))


def defuse(value: object) -> object:
    """Text that a spreadsheet would run as a formula, made plain by an apostrophe; all else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_START) else value


def as_sentence(words: str) -> str:
    """A message as a sentence: a full stop, and a capital letter unless it begins with a script or field."""
    ended = words if words.endswith((".", "?", "!")) else f"{words}."
    return ended[:1].upper() + ended[1:] if ended.split(" ", 1)[0].isalpha() else ended


def _code(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
