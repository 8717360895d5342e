"""Rows of lists that lead on: samples with their verdicts, a run's domains with their rates. Plain texts all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pandas as pd

from siuo_dash.benchmark.schema import DOMAIN_LABELS, Metric
from siuo_dash.text import counted, fraction, interval, percent

WORDS: Final = {
    "safe": ("safe", "unsafe"),
    "effective": ("effective", "ineffective"),
    "safe_and_effective": ("safe & effective", "not both"),
    "mcqa": ("right", "wrong"),
}
"""{metric: how its two verdicts are said in a row}."""


class Row(TypedDict):
    """A row: the id of what it opens, its name, and what is beside, below and at the end of it.

    mark: a verdict, tone: 'pass' or 'fail'. rate: a dot and its interval on a track from 0 to 100 (rate, low, high).
    """

    id: str
    name: str
    title: NotRequired[str]
    beside: NotRequired[str]
    below: NotRequired[str]
    end: NotRequired[str]
    mark: NotRequired[str]
    tone: NotRequired[str]
    rate: NotRequired[tuple[float, float, float]]


def sample_rows(
    found: pd.DataFrame,
    metric: Metric,
    *,
    counts: tuple[str, str] = ("board_k", "board_n"),
    verdicts: pd.DataFrame | None = None,
    runs: int = 0,
    who: str = "other runs",
) -> list[Row]:
    """A row a sample: number, domain, the verdict of the one run or how many of several pass, and of how many others.

    found: samples in order; counts: its columns of how many runs pass, of how many: `who`. verdicts: of so many
    `runs`, by sample; none where a row's verdict goes without saying.
    """
    by_sample: dict[int, list[tuple[bool | None, bool]]] = {}
    if verdicts is not None and runs:
        mine = verdicts[verdicts["task"] == metric.task]
        for question_id, verdict, flags in zip(mine["question_id"], mine[metric.column], mine["flags"], strict=True):
            by_sample.setdefault(int(question_id), []).append(
                (None if pd.isna(verdict) else bool(verdict), bool(flags))
            )
    rows: list[Row] = []
    for each in found.itertuples():
        passing, graded = int(getattr(each, counts[0])), int(getattr(each, counts[1]))
        others = f"{passing} of {graded} {who} pass" if graded else ""
        row = Row(
            id=str(each.question_id),
            name=str(each.question_id),
            beside=DOMAIN_LABELS[str(each.domain)],
            below=str(each.scene),
            end=fraction(passing, graded),
            title=". ".join(filter(None, (str(each.scene), str(each.request), others))),
        )
        mark, tone = _verdict(by_sample.get(int(each.question_id), []), runs, metric)
        if mark:
            row["mark"] = mark
        if tone:
            row["tone"] = tone
        rows.append(row)
    return rows


def _verdict(given: Sequence[tuple[bool | None, bool]], runs: int, metric: Metric) -> tuple[str, str]:
    """The mark of a row and its tone."""
    if not runs:
        return "", ""
    flagged = " ⚑" if any(flags for _, flags in given) else ""
    graded = [verdict for verdict, _ in given if verdict is not None]
    if not graded:
        return ("ungraded" if given else "no verdict") + flagged, ""
    if runs > 1:
        return f"{sum(graded)} of {len(graded)} pass{flagged}", ""
    return WORDS[metric.id][0 if graded[0] else 1] + flagged, "pass" if graded[0] else "fail"


def domain_rows(profile: pd.DataFrame) -> list[Row]:
    """A row a domain of a run: its rate with the 95% interval on a track, and its counts.

    profile: of analysis.runs.domain_profile. A domain without a graded sample says so.
    """
    rows: list[Row] = []
    for each in profile.itertuples():
        if not each.n:
            rows.append(Row(id=str(each.domain), name=str(each.label), beside="not graded"))
            continue
        shown = f"{percent(each.rate)} ({interval(each.low, each.high)})"
        rows.append(
            Row(
                id=str(each.domain),
                name=str(each.label),
                rate=(100 * each.rate, 100 * each.low, 100 * each.high),
                beside=f"{100 * each.rate:.1f}",
                end=fraction(each.k, each.n),
                title=f"{each.label}: {shown}; {counted(int(each.n - each.k), 'failed sample')}",
            )
        )
    return rows
