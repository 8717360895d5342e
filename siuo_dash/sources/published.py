"""The carried figures: reads data/samples.csv and data/sources/*.csv, and checks what they claim."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import BOILERPLATE_SHARE, SOURCE_STATUS
from siuo_dash.errors import SourceError

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


def read_published(path: Path, sample_count: int) -> list[PublishedTotals]:
    """The published totals, checked: counts within n, both within each, one row a protocol, a source."""
    seen: dict[tuple[str, Protocol], str] = {}
    rows = []
    for row, where in _rows(path):
        totals = _published(row, where)
        _check_counts(totals, where, sample_count)
        earlier = seen.setdefault((totals.model, totals.protocol), where)
        if earlier != where:
            raise SourceError(
                f"stands twice under {totals.protocol.label}, first in {earlier}",
                where=where,
                hint="keep one row for one model and protocol",
            )
        rows.append(totals)
    return rows


def read_community(path: Path, catalogue: Catalogue) -> list[CommunityVerdict]:
    """The community verdicts with their flags (the same opening in at least 5 % of a run is boilerplate).

    Each run has each sample of the catalogue once; SourceError names the line, or the sample that is missing.
    """
    rows = list(_rows(path))
    sizes = Counter(row["model"] for row, _ in rows)
    seen: dict[tuple[str, int], str] = {}
    verdicts = []
    for row, where in rows:
        verdict = _community(row, where, sizes[row["model"]])
        if verdict.question_id not in catalogue.by_id:
            raise SourceError(f"{verdict.question_id} is {catalogue.why_unknown(verdict.question_id)}", where=where)
        earlier = seen.setdefault((verdict.model, verdict.question_id), where)
        if earlier != where:
            raise SourceError(f"question_id {verdict.question_id} stands twice, first in {earlier}", where=where)
        verdicts.append(verdict)
    for model in sizes:
        missing = [question_id for question_id in catalogue.by_id if (model, question_id) not in seen]
        if missing:
            raise SourceError(f"{model} has no row for question_id {missing[0]}", where=path.name)
    return verdicts


def _rows(path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The rows of a source, each with its place in words: file, line, model."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                model = (row.get("model") or "").strip()
                where = ", ".join(part for part in (path.name, f"line {reader.line_num}", model) if part)
                if None in row or None in row.values():
                    raise SourceError(
                        f"does not have the {len(reader.fieldnames or ())} fields of the header",
                        where=where,
                        hint="put a field that holds a comma in quotes",
                    )
                if not model:
                    raise SourceError("no model", where=where)
                yield row, where
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror})", where=str(path), hint="copy data/sources from the project"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"is not a UTF-8 table ({error})", where=str(path)) from error


def _published(row: dict[str, str], where: str) -> PublishedTotals:
    try:
        return PublishedTotals(
            model=row["model"],
            organization=row["organization"],
            params_b=_size(row["params_b"]),
            open_weights=_yes(row["open_weights"]) if row["open_weights"] else None,
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
    except KeyError as error:
        raise SourceError(f"column {error} is missing", where=where) from error
    except ValueError as error:
        raise SourceError(f"not understood: {error}", where=where, hint="see the header of the file") from error


def _check_counts(row: PublishedTotals, where: str, sample_count: int) -> None:
    if not row.source:
        raise SourceError("no source", where=where, hint="every carried figure names where it was published")
    if row.source_status not in SOURCE_STATUS:
        raise SourceError(
            f"unknown source status {row.source_status!r}", where=where, hint=f"one of {', '.join(SOURCE_STATUS)}"
        )
    if not row.protocol.judge.strip():
        raise SourceError("no judge", where=where)
    if not 0 < row.n <= sample_count:
        raise SourceError(f"n is {row.n}, the catalogue has {sample_count} samples", where=where)
    for name, count in (
        ("safe", row.safe),
        ("effective", row.effective),
        ("safe_and_effective", row.safe_and_effective),
    ):
        if count is not None and not 0 <= count <= row.n:
            raise SourceError(f"{name} is {count} of {row.n}", where=where, hint="a count lies between 0 and n")
    if row.safe_and_effective is None:
        if row.effective is not None:
            raise SourceError(
                "effective without safe_and_effective", where=where, hint="the joint outcomes are not known without it"
            )
    elif row.safe_and_effective > min(row.safe, row.n if row.effective is None else row.effective):
        raise SourceError(
            f"safe_and_effective {row.safe_and_effective} exceeds safe {row.safe} or effective {row.effective}",
            where=where,
        )
    elif row.effective is not None and row.safe + row.effective - row.safe_and_effective > row.n:
        raise SourceError("safe + effective - both exceeds n", where=where)
    if (row.mcqa_n is None) != (row.mcqa_correct is None):
        raise SourceError("mcqa_n and mcqa_correct stand or fall together", where=where)
    if (
        row.mcqa_n is not None
        and row.mcqa_correct is not None
        and not (0 <= row.mcqa_correct <= row.mcqa_n and 0 < row.mcqa_n <= sample_count)
    ):
        raise SourceError(f"mcqa_correct is {row.mcqa_correct} of {row.mcqa_n}", where=where)


def _community(row: dict[str, str], where: str, run_size: int) -> CommunityVerdict:
    try:
        safe, empty = _yes(row["safe"]), _yes(row["empty"])
        raised = (
            ("empty", empty),
            ("error_message", _yes(row["error"])),
            ("unclosed_reasoning", _yes(row["unclosed_think"])),
            ("cut_off", _yes(row["cut_off"])),
            ("boilerplate", int(row["same_opening"]) >= BOILERPLATE_SHARE * run_size),
            ("contradicts_rule", empty and not safe),
        )
        return CommunityVerdict(
            model=row["model"],
            organization=row["organization"],
            params_b=_size(row["params_b"]),
            question_id=int(row["question_id"]),
            safe=safe,
            chars=int(row["response_chars"]),
            flags=tuple(flag for flag, is_raised in raised if is_raised),
        )
    except KeyError as error:
        raise SourceError(f"column {error} is missing", where=where) from error
    except ValueError as error:
        raise SourceError(f"not understood: {error}", where=where) from error


def _count(text: str) -> int | None:
    return int(text) if text else None


def _yes(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _size(text: str) -> float | None:
    size = float(text) if text else None
    if size is not None and not 0 < size < float("inf"):
        raise ValueError(f"{text} is no number of parameters")
    return size


def read_annotators(path: Path) -> pd.DataFrame:
    """What each of the two readers labelled, one row a sample; SourceError when the file is not there."""
    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise SourceError(
            "the readers' labels are missing", where=str(path), hint="copy data/sources from the project"
        ) from error
