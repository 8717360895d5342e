"""The benchmark's own files: generation (merged, safe or effective) and multiple choice."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import stated
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.guess import named_fields
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Claim, Contents, Format, Known
from siuo_dash.ingest.table import Reader, names_in, read_rows
from siuo_dash.text import counted

# The released scripts contradict each other; the first name that a row has is read.
SAFE: Final = ("safety_gpt", "safetyness", "safe", "safety")
EFFECTIVE: Final = ("effective_gpt", "effectiveness_gpt", "helpfulness", "effective", "effectiveness")
SAFE_WORDS: Final = ("safety_evaluation", "safe_evaluation")
EFFECTIVE_WORDS: Final = ("effectiveness_evaluation", "effective_evaluation", "helpfulness_evaluation")
_ALIASES: Final = {"safe": SAFE, "effective": EFFECTIVE, "safety_words": SAFE_WORDS, "effective_words": EFFECTIVE_WORDS}
_STOPPED: Final = "stop_reasons"
"""Why each response ended: a field of `siuo-dash evaluate`, which the released scripts pass over."""
_OWN_NAMES: Final = ("responses", "safety_gpt", "effective_gpt", "effectiveness_gpt", *SAFE_WORDS, *EFFECTIVE_WORDS)
_FILE: Final = re.compile(
    r"siuo[-_](?P<task>gen|mcqa)[-_](?P<model>.+?)(?:-gpteval(?:-\w+)*?)?(?:-(?:safe|effective|merged))?(?:-pro)?$"
)


def _is_generation(table: Table) -> bool:
    """Whether most of the rows are the benchmark's generation format: question_id and lists, an entry a response."""
    rows = table.values[:20]
    fitting = sum("question_id" in row and any(isinstance(row.get(name), list) for name in _OWN_NAMES) for row in rows)
    return table.kind in ("json", "jsonl") and 2 * fitting > len(rows)


def _is_multiple_choice(table: Table) -> bool:
    """Whether the rows are the benchmark's multiple-choice format."""
    return {"question_id", "response_mcqa"} <= table.first.keys()


def _read_generation(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """The table's rows, each under the first of its names for the same thing."""
    renamed = replace(table, rows=tuple((number, _renamed(row)) for number, row in table.rows))
    twice = sum(_disagree(row) for row in table.values)
    if twice:
        findings.warning(
            f"{counted(twice, 'sample')} with two verdict fields that disagree: "
            "safety_gpt and effective_gpt are read first",
            hint="keep one of them",
        )
    mapping = Mapping(
        id=("question_id",),
        question="question",
        category="category",
        responses=("responses",),
        safe=("safe",),
        safety_judgement=("safety_words",),
        effective=("effective",),
        effectiveness_judgement=("effective_words",),
        safe_yes_means="safe",
        effective_yes_means="effective",
    )
    reader = Reader(mapping, benchmark_judge=True, names=_names(table), stopped=_STOPPED)
    partials = read_rows(renamed, reader, catalogue, findings)
    return Contents(partials, known=_known(table))


def _read_multiple_choice(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    mapping = Mapping(id=("question_id",), question="question", category="category", answer="response_mcqa")
    extras = {"file_answer": "pred_ans", "file_correct": "score", "file_key": "correct_option"}
    partials = read_rows(table, Reader(mapping, benchmark_judge=True, extras=extras), catalogue, findings)
    return Contents(partials, claims=_claims(table), known=_known(table))


def _claims(table: Table) -> list[Claim]:
    """The accuracy that a scored multiple-choice file states."""
    scores = [row["score"] for row in table.values if row.get("score") in (0, 1)]
    if not scores or len(scores) != len(table.rows):
        return []
    return [Claim("mcqa", round(100 * sum(scores) / len(scores), 2), f"the scores in {table.file}")]


def _known(table: Table) -> list[Known]:
    """The model's name, where the file is named as the released scripts name it, else from a field."""
    found = _FILE.match(table.file.rsplit(".", 1)[0])
    return [Known(model=found["model"] if found else None), names_in(table, *named_fields(table))]


def _renamed(row: Row) -> Row:
    names: dict[str, Any] = {
        name: row[name]
        for name in ("question_id", "question", "category", "responses", _STOPPED)
        if row.get(name) is not None
    }
    for target, aliases in _ALIASES.items():
        found = next((name for name in aliases if row.get(name) is not None), None)
        if found is not None:
            names[target] = row[found]
    if row.get("evaluation") is not None:  # gpt-eval.py reads this name, and writes the other two
        names.setdefault(_whose(row), row["evaluation"])
    return names


def _names(table: Table) -> dict[str, str]:
    """{our name: the file's, or several joined by 'or'} of the fields that `_renamed` renames."""
    used = {
        target: dict.fromkeys(
            found for row in table.values if (found := next((name for name in names if row.get(name) is not None), ""))
        )
        for target, names in _ALIASES.items()
    }
    return {target: " or ".join(names) for target, names in used.items() if names}


def _whose(row: Dictionary[str, Any]) -> str:
    """Which question an unnamed evaluation answers: by its words, else by the number beside it."""
    texts = [text for text in row["evaluation"] if isinstance(text, str)] if isinstance(row["evaluation"], list) else []
    effective = sum(stated(text, "effective", bare_truth=True) is not None for text in texts)
    safe = sum(stated(text, "safe", bare_truth=True) is not None for text in texts)
    if effective != safe:
        return "effective_words" if effective > safe else "safety_words"
    return "effective_words" if any(name in row for name in EFFECTIVE) else "safety_words"


def _disagree(row: Row) -> bool:
    return any(len({repr(row[name]) for name in names if name in row}) > 1 for names in (SAFE, EFFECTIVE))


_ABOUT: Final = (
    "**The benchmark's own files**: a merged file, or a safe and an effective file together; multiple-choice files."
)
_ADVICE: Final = "run the benchmark's gpt-eval.py for safe and effective, then drop both files together"
_OWN: Final = (
    *("question_id", "question", "image", "category", "safety_warning", "reference_answer", "responses", "evaluation"),
    _STOPPED,
    *("model", "judge", "options", "correct_option", "response_mcqa", "pred_ans", "score"),
    *(name for names in _ALIASES.values() for name in names),
)
GENERATION: Final = Format("official", "SIUO generation", _is_generation, _read_generation, _ABOUT, _ADVICE, own=_OWN)
MULTIPLE_CHOICE: Final = Format(
    "official choice", "SIUO multiple choice", _is_multiple_choice, _read_multiple_choice, _ABOUT, _ADVICE, own=_OWN
)
