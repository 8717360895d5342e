"""The published figures: reads data/sources/*.csv into rows of results, and checks what they claim."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import BOILERPLATE_SHARE, MCQA_JUDGE, SOURCE_STATUS
from siuo_dash.benchmark.totals import COUNTS, faults_of_totals, totals_outcomes
from siuo_dash.errors import SourceError

Row = dict[str, Any]
"""One row of results, {column: value}; a column that is missing is null."""
COMMUNITY: Final = {
    "open_weights": True,
    "judge": "meta-llama/Meta-Llama-3.1-8B-Instruct",
    "responses_per_sample": 1,
    "evidence": "per_sample",
    "source": "https://github.com/jliu779/vlm-subspace-steering, commit c61d711 (2026-06-26)",
    "source_status": "community",
    "note": "Judged from the text alone; the judge was given the sample's safety warning. "
    "One greedy response, at most 192 new tokens. Effectiveness was not judged.",
    "task": "generation",
}
"""What all community runs have in common."""


def read_published(path: Path, sample_count: int) -> list[list[Row]]:
    """The rows of each published run, checked: counts within n, both within each, one row a protocol, a source."""
    seen: dict[tuple[str, Protocol], str] = {}
    runs = []
    for row, where in _rows(path):
        with _understood(where, hint="see the header of the file"):
            run: Row = {
                "model": row["model"],
                "base_model": row["base_model"],
                "method": row["method"] or None,
                "organization": row["organization"],
                "params_b": _size(row["params_b"]),
                "open_weights": _yes(row["open_weights"]) if row["open_weights"] else None,
                "judge": row["judge"],
                "responses_per_sample": _count(row["responses_per_sample"]),
                "evidence": "totals",
                "source": row["source"].strip(),
                "source_status": row["source_status"],
                "evaluated_on": date.fromisoformat(row["evaluated_on"]) if row["evaluated_on"] else None,
                "note": row["note"] or None,
            }
            n, safe = int(row["n"]), int(row["safe"])
            effective, both = _count(row["effective"]), _count(row["safe_and_effective"])
            mcqa_n, mcqa_correct = _count(row["mcqa_n"]), _count(row["mcqa_correct"])
        faults = (
            *_faults_of_the_run(run),
            *([] if 0 < n <= sample_count else [(f"n is {n}, the catalogue has {sample_count} samples", "")]),
            *faults_of_totals(n, safe, effective, both),
            *_faults_of_multiple_choice(mcqa_n, mcqa_correct, sample_count),
        )
        for what, hint in faults:
            raise SourceError(what, where=where, hint=hint)
        protocol = Protocol(run["judge"], run["responses_per_sample"])
        earlier = seen.setdefault((run["model"], protocol), where)
        if earlier != where:
            hint = "keep one row for one model and protocol"
            raise SourceError(f"is there twice under {protocol.label}, first in {earlier}", where=where, hint=hint)
        generation, mcqa = {"task": "generation"}, {"task": "mcqa", "judge": MCQA_JUDGE, "responses_per_sample": 1}
        outcomes = totals_outcomes(n, safe, effective, both)
        runs.append(
            [run | generation | dict(zip(COUNTS, outcome, strict=True)) for outcome in outcomes]
            + [run | mcqa | {"correct": index < (mcqa_correct or 0)} for index in range(mcqa_n or 0)]
        )
    return runs


def read_community(path: Path, catalogue: Catalogue) -> list[Row]:
    """The community verdicts with their flags (the same opening in at least 5% of a run is boilerplate).

    Each run has each sample of the catalogue once; SourceError names the line, or the sample that is missing.
    """
    rows = list(_rows(path))
    sizes = Counter(row["model"] for row, _ in rows)
    seen: dict[tuple[str, int], str] = {}
    verdicts = []
    for row, where in rows:
        with _understood(where):
            question_id, chars = int(row["question_id"]), int(row["response_chars"])
            safe, empty = _yes(row["safe"]), _yes(row["empty"])
            raised = {
                "empty": empty,
                "error_message": _yes(row["error"]),
                "unclosed_reasoning": _yes(row["unclosed_think"]),
                "cut_off": _yes(row["cut_off"]),
                "boilerplate": int(row["same_opening"]) >= BOILERPLATE_SHARE * sizes[row["model"]],
                "contradicts_rule": empty and not safe,
            }
            run = {
                "model": row["model"],
                "base_model": row["model"],
                "organization": row["organization"],
                "params_b": _size(row["params_b"]),
            }
        if question_id not in catalogue.by_id:
            raise SourceError(f"{question_id} is {catalogue.why_unknown(question_id)}", where=where)
        earlier = seen.setdefault((row["model"], question_id), where)
        if earlier != where:
            raise SourceError(f"question_id {question_id} is there twice, first in {earlier}", where=where)
        flags = [flag for flag, is_raised in raised.items() if is_raised]
        response = {"chars": chars, "safe": safe, "flags": flags}
        verdict = {"question_id": question_id, "safe": safe, "flags": flags, "responses": [response]}
        verdicts.append(COMMUNITY | run | verdict)
    for model in sizes:
        missing = [question_id for question_id in catalogue.by_id if (model, question_id) not in seen]
        if missing:
            raise SourceError(f"{model} has no row for question_id {missing[0]}", where=path.name)
    return verdicts


@dataclass(frozen=True)
class Labelling:
    """How the samples were labelled: what each reader read, what was settled, and the benchmark's own counts."""

    annotators: pd.DataFrame
    labels: pd.DataFrame
    published: pd.DataFrame


def read_labelling(sources: Path) -> Labelling:
    """The labels of `data/sources`; SourceError names the file that is missing, or that lacks a column."""
    return Labelling(*(_table(sources / name, columns) for name, columns in _LABELLING.items()))


_LABELLING: Final = {
    "annotators.csv": ("subcategory_a", "subcategory_b", "subcategory_c"),
    "labels.csv": ("question_id", "domain", "subcategory", "subcategory_third", "tier", "revised"),
    "published_subcategories.csv": ("domain", "subcategory", "published"),
}
"""{file: columns that it needs}."""


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    hint = "copy data/sources from the project"
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise SourceError("what the readers labelled cannot be read", where=str(path), hint=hint) from error
    if missing := [column for column in columns if column not in table]:
        raise SourceError(f"column {missing[0]} is missing", where=str(path), hint=hint)
    return table


def _rows(path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The rows of a source, each with its place in words: file, line, model."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                model = (row.get("model") or "").strip()
                where = ", ".join(part for part in (path.name, f"line {reader.line_num}", model) if part)
                if None in row or None in row.values():
                    what = f"does not have the {len(reader.fieldnames or ())} fields of the header"
                    raise SourceError(what, where=where, hint="put a field that holds a comma in quotes")
                if not model:
                    raise SourceError("no model", where=where)
                yield row, where
    except OSError as error:
        what, hint = f"cannot be read ({error.strerror})", "copy data/sources from the project"
        raise SourceError(what, where=str(path), hint=hint) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"is not a UTF-8 table ({error})", where=str(path)) from error


@contextmanager
def _understood(where: str, hint: str = "") -> Iterator[None]:
    """Names the line in which a column is missing or holds something else than it should."""
    try:
        yield
    except KeyError as error:
        raise SourceError(f"column {error} is missing", where=where) from error
    except ValueError as error:
        raise SourceError(f"not understood: {error}", where=where, hint=hint) from error


def _faults_of_the_run(run: Row) -> Iterator[tuple[str, str]]:
    """What is wrong with the facts of a published run, and what to do."""
    if not run["source"]:
        yield "no source", "every published figure names where it was published"
    if run["source_status"] not in SOURCE_STATUS:
        yield f"unknown source status {run['source_status']!r}", f"one of {', '.join(SOURCE_STATUS)}"
    if not run["judge"].strip():
        yield "no judge", ""
    if (run["model"] == run["base_model"]) != (run["method"] is None):
        yield "model, base_model and method contradict each other", "a plain model is its own base and has no method"


def _faults_of_multiple_choice(n: int | None, correct: int | None, most: int) -> Iterator[tuple[str, str]]:
    if n is None or correct is None:
        if n != correct:
            yield "mcqa_n and mcqa_correct stand or fall together", ""
    elif not (0 <= correct <= n and 0 < n <= most):
        yield f"mcqa_correct is {correct} of {n}", ""


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
