"""Files with nothing but totals: beside a run they are compared or set aside, alone they are a published figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Table, is_blank
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.records import Claim, Contents, Format
from siuo_dash.ingest.verdicts import name_tokens
from siuo_dash.ingest.wrapping import is_sample_id

ADVICE: Final = (
    "drop the file with a verdict for each sample; totals alone are added as a published figure (submit-published)"
)
_MANY: Final = 20
"""Rows from which on a table is none of totals."""
_LONG: Final = 60
_DEPTH: Final = 6
_SCORES: Final = frozenset(
    "safe safety unsafe harmless harmful effective effectiveness helpful accuracy acc rate score scores asr refusal "
    "pass overall average avg mean percent percentage".split()
)
_RATE: Final = frozenset("rate score avg average mean percent percentage pct acc accuracy ratio none overall".split())
_METRICS: Final = {
    frozenset({"safe"}): "safe",
    frozenset({"safety"}): "safe",
    frozenset({"effective"}): "effective",
    frozenset({"effectiveness"}): "effective",
    frozenset({"safe", "effective"}): "safe_and_effective",
    frozenset({"safe", "and", "effective"}): "safe_and_effective",
}


def _fits(table: Table) -> bool:
    """Whether all that a file holds are numbers under the names of scores: no id, no text, no list of samples."""
    if not table.rows:
        return isinstance(table.whole, dict) and any(_is_score(path) for path, _ in _numbers(table.whole))
    if len(table.rows) > _MANY or (isinstance(table.whole, list) and len(table.rows) > 1):
        return False
    values = [value for row in table.values for value in row.values() if not is_blank(value)]
    if any(is_sample_id(value) or (isinstance(value, str) and len(value) > _LONG) for value in values):
        return False
    numbers = [(path, number) for row in table.values for path, number in _numbers(row)]
    has_fraction = any(number != int(number) for _, number in numbers)
    names = [path for path, _ in numbers] + [value for value in values if isinstance(value, str)]
    return has_fraction and any(map(_is_score, names)) and not any(map(_is_of_samples, table.first))


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    found = list(_numbers(table.whole)) if not table.rows else [pair for row in table.values for pair in _numbers(row)]
    scores = [(path, number) for path, number in found if _is_score(path)] or found
    listed = ", ".join(f"{shown(path, 30)[1:-1]} {number:g}" for path, number in scores[:4])
    findings.warning(
        f"only scores, no samples: compared where their names are plain, else set aside ({listed})",
        hint="scores are always recomputed from the verdicts",
    )
    return Contents(claims=[claim for path, number in scores if (claim := _claim(path, number, table.file))])


def _claim(path: str, number: float, file: str) -> Claim | None:
    """A score whose name says what it is of, in percent."""
    words = frozenset(name_tokens(path.rsplit(".", 1)[-1])) - _RATE
    metric = _METRICS.get(words)
    is_rate = 0 <= number <= 100 and number != int(number)
    if metric is None or not is_rate:
        return None
    return Claim(metric, round(100 * number if number <= 1 else number, 2), f"{shown(path, 40)[1:-1]} in {file}")


def _numbers(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float]]:
    """(dotted path, number) of all numbers in objects."""
    if not isinstance(value, Mapping) or depth > _DEPTH:
        return
    for key, inner in value.items():
        number = _number(inner)
        if number is not None:
            yield f"{prefix}{key}", number
        else:
            yield from _numbers(inner, f"{prefix}{key}.", depth + 1)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)[:41]) > 40:
        return None
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def _is_score(path: str) -> bool:
    return bool(set(name_tokens(path)) & _SCORES)


def _is_of_samples(name: str) -> bool:
    return bool(set(name_tokens(name)) & {"id", "question", "qid", "response", "responses", "prediction", "index"})


TOTALS: Final = Format(
    "totals",
    "",
    _fits,
    _read,
    "**Scores alone** (`metrics.json`, `_score.csv`, `_results.json`) are compared with the run beside them.",
    ADVICE,
    is_fixed=True,
)
