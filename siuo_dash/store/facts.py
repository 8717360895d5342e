"""The carried figures: reads data/samples.csv and data/sources/*.csv, and checks what they claim."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue, sample_from_row
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import BOILERPLATE_SHARE, SOURCE_STATUS
from siuo_dash.errors import CatalogueError, SourceError

COMMUNITY_JUDGE = "meta-llama/Meta-Llama-3.1-8B-Instruct"
COMMUNITY_SOURCE = "https://github.com/jliu779/vlm-subspace-steering, commit c61d711 (2026-06-26)"
COMMUNITY_NOTE = (
    "Judged from the text alone, with the sample's safety warning at hand. "
    "One greedy response, at most 192 new tokens. Effectiveness was not judged."
)


@dataclass(frozen=True)
class PublishedTotals:
    """One published result as exact counts; None = not published."""

    model: str
    organization: str
    params_b: float | None
    open_weights: bool | None
    protocol: Protocol
    evaluated_on: date | None
    source: str
    source_status: str
    n: int
    safe: int
    effective: int | None
    safe_and_effective: int | None
    mcqa_n: int | None
    mcqa_correct: int | None


@dataclass(frozen=True)
class CommunityVerdict:
    """One sample of a community run: its verdict and the faults of its response."""

    model: str
    organization: str
    params_b: float | None
    question_id: int
    safe: bool
    chars: int
    flags: tuple[str, ...]


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue from samples.csv; CatalogueError names the line that is wrong."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return Catalogue(sample_from_row(row, line) for line, row in enumerate(csv.DictReader(lines), start=2))
    except FileNotFoundError as error:
        raise CatalogueError(
            "the catalogue of samples is missing",
            where=str(path),
            hint="point SIUO_DATA to a folder that has samples.csv",
        ) from error
    except UnicodeDecodeError as error:
        raise CatalogueError("the catalogue is not UTF-8 text", where=str(path)) from error


def read_published(path: Path, sample_count: int) -> list[PublishedTotals]:
    """The published totals, checked: counts within n, both within each, one row a protocol, a source."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [_published(row, f"{path.name}, line {line}") for line, row in enumerate(csv.DictReader(lines), start=2)]
    for line, row in enumerate(rows, start=2):
        _check_counts(row, f"{path.name}, line {line}", sample_count)
    repeated = [key for key, count in Counter((row.model, row.protocol) for row in rows).items() if count > 1]
    if repeated:
        model, protocol = repeated[0]
        raise SourceError(
            f"{model} stands twice under {protocol.label}",
            where=path.name,
            hint="keep one row for one model and protocol",
        )
    return rows


def read_community(path: Path) -> list[CommunityVerdict]:
    """The community verdicts with their flags (the same opening in at least 5 % of a run is boilerplate)."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    sizes = Counter(row["model"] for row in rows)
    return [_community(row, sizes[row["model"]]) for row in rows]


def _published(row: dict[str, str], where: str) -> PublishedTotals:
    try:
        return PublishedTotals(
            model=row["model"],
            organization=row["organization"],
            params_b=float(row["params_b"]) if row["params_b"] else None,
            open_weights=bool(int(row["open_weights"])) if row["open_weights"] else None,
            protocol=Protocol(row["judge"], _count(row["responses_per_sample"])),
            evaluated_on=date.fromisoformat(row["evaluated_on"]) if row["evaluated_on"] else None,
            source=row["source"].strip(),
            source_status=row["source_status"],
            n=int(row["n"]),
            safe=int(row["safe"]),
            effective=_count(row["effective"]),
            safe_and_effective=_count(row["safe_and_effective"]),
            mcqa_n=_count(row["mcqa_n"]),
            mcqa_correct=_count(row["mcqa_correct"]),
        )
    except (KeyError, ValueError) as error:
        raise SourceError(f"not understood: {error}", where=where, hint="see the header of the file") from error


def _check_counts(row: PublishedTotals, where: str, sample_count: int) -> None:
    where = f"{where}, {row.model}"
    if not row.source:
        raise SourceError("no source", where=where, hint="every carried figure names where it was published")
    if row.source_status not in SOURCE_STATUS:
        raise SourceError(
            f"unknown source status {row.source_status!r}", where=where, hint=f"one of {', '.join(SOURCE_STATUS)}"
        )
    if not 0 < row.n <= sample_count:
        raise SourceError(f"n is {row.n}, the catalogue has {sample_count} samples", where=where)
    for name, count in (
        ("safe", row.safe),
        ("effective", row.effective),
        ("safe_and_effective", row.safe_and_effective),
    ):
        if count is not None and not 0 <= count <= row.n:
            raise SourceError(f"{name} is {count} of {row.n}", where=where, hint="a count lies between 0 and n")
    if row.safe_and_effective is not None and row.safe_and_effective > min(
        row.safe, row.n if row.effective is None else row.effective
    ):
        raise SourceError(
            f"safe_and_effective {row.safe_and_effective} exceeds safe {row.safe} or effective {row.effective}",
            where=where,
        )
    if (
        row.effective is not None
        and row.safe_and_effective is not None
        and row.safe + row.effective - row.safe_and_effective > row.n
    ):
        raise SourceError("safe + effective - both exceeds n", where=where)
    if (row.mcqa_n is None) != (row.mcqa_correct is None):
        raise SourceError("mcqa_n and mcqa_correct stand or fall together", where=where)
    if (
        row.mcqa_n is not None
        and row.mcqa_correct is not None
        and not 0 <= row.mcqa_correct <= row.mcqa_n <= sample_count
    ):
        raise SourceError(f"mcqa_correct is {row.mcqa_correct} of {row.mcqa_n}", where=where)


def _community(row: dict[str, str], run_size: int) -> CommunityVerdict:
    raised = (
        ("empty", row["empty"] == "1"),
        ("error_message", row["error"] == "1"),
        ("unclosed_reasoning", row["unclosed_think"] == "1"),
        ("cut_off", row["cut_off"] == "1"),
        ("boilerplate", int(row["same_opening"]) >= BOILERPLATE_SHARE * run_size),
        ("contradicts_rule", row["empty"] == "1" and row["safe"] == "0"),
    )
    return CommunityVerdict(
        model=row["model"],
        organization=row["organization"],
        params_b=float(row["params_b"]) if row["params_b"] else None,
        question_id=int(row["question_id"]),
        safe=row["safe"] == "1",
        chars=int(row["response_chars"]),
        flags=tuple(flag for flag, is_raised in raised if is_raised),
    )


def _count(text: str) -> int | None:
    return int(text) if text else None


def read_annotators(path: Path) -> pd.DataFrame:
    """What each of the two readers labelled, one row a sample; SourceError when the file is not there."""
    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise SourceError(
            "the readers' labels are missing", where=str(path), hint="copy data/sources from the project"
        ) from error
