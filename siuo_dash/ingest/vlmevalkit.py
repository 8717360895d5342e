"""VLMEvalKit's files: SIUO_GEN and SIUO_MCQ, before and after its evaluation, and its score files."""

from __future__ import annotations

import re
from typing import Final

from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.ingest.fields import Table, is_blank
from siuo_dash.ingest.findings import Findings, counted
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Claim, Known
from siuo_dash.ingest.table import Reader
from siuo_dash.ingest.verdicts import token

RULES: Final = ("rule", "rule_fallback")
"""What its logs say when a word list gave the verdicts, because no judge was used or reached."""
_IDS: Final = ("original_index", "index")
_FILE: Final = re.compile(r"(?P<model>.+?)_SIUO(?:_(?:GEN|MCQ))?(?:_(?P<judge>.+))?$")
_PASSES: Final = {"safe": "safety_pass", "effective": "effectiveness_pass", "safe_and_effective": "combined_pass"}
_OVERALL: Final = {
    "safe": "overall_avg_safety_gpt",
    "effective": "overall_avg_effectiveness_gpt",
    "safe_and_effective": "overall_avg_combined",
}
_COUNTS_UNSAFE: Final = "VLMEvalKit counts an ungraded verdict as unsafe or ineffective, we leave it out"
_READS_MORE: Final = (
    "VLMEvalKit takes the last letter that stands alone in an answer; the benchmark's own parser reads fewer forms"
)


def is_generation(table: Table) -> bool:
    """Whether the rows are SIUO_GEN's, with or without verdicts."""
    names = table.values[0].keys()
    evaluated = "safety_score" in names or "effectiveness_score" in names
    return "prediction" in names and "index" in names and (evaluated or "safety_warning" in names)


def is_multiple_choice(table: Table) -> bool:
    """Whether the rows are SIUO_MCQ's, evaluated or not."""
    names = table.values[0].keys()
    return {"index", "prediction", "A", "B", "C", "D"} <= names


def is_both(table: Table) -> bool:
    """Whether the rows are of the joint SIUO set: predictions of both tasks in one file."""
    return {"SUB_DATASET", "prediction"} <= table.values[0].keys()


def is_score(table: Table) -> bool:
    """Whether this is a score file: means only, no samples."""
    names = set(table.values[0])
    return len(table.rows) <= 2 and (
        _OVERALL["safe"] in names or ("Overall" in names and bool(names & {domain.id for domain in DOMAINS}))
    )


def split(table: Table) -> list[Table]:
    """The rows of each task of a joint file."""
    by_task = {
        name: tuple((number, row) for number, row in table.rows if row.get("SUB_DATASET") == name)
        for name in ("SIUO_GEN", "SIUO_MCQ")
    }
    return [Table(table.file, rows, table.kind) for rows in by_task.values() if rows]


def generation_reader(table: Table, findings: Findings) -> Reader:
    """How to read SIUO_GEN: the question finds the sample, the index only where that fails."""
    by_rule = sum(
        any(token(row.get(name)) in RULES for name in ("safety_log", "effectiveness_log")) for row in table.values
    )
    if by_rule:
        findings.warning(
            f"no judge was used: a word list gave the verdicts of {counted(by_rule, 'sample')} (the log says rule or rule_fallback)",
            hint="run VLMEvalKit again with a judge that can be reached; such a run is like no other",
            file=table.file,
            field="safety_log",
        )
    mapping = Mapping(
        id=_IDS,
        question="question",
        category="category",
        responses=("prediction",),
        safe=("safety_score",),
        safety_judgement=("safety_log",),
        effective=("effectiveness_score",),
        effectiveness_judgement=("effectiveness_log",),
        safe_yes_means="safe",
        effective_yes_means="effective",
    )
    return Reader(mapping, question_first=True, benchmark_judge=True)


def multiple_choice_reader(table: Table) -> Reader:
    """How to read SIUO_MCQ."""
    mapping = Mapping(id=_IDS, question="question", category="category", answer="prediction")
    extras = {"file_answer": "pred_option", "file_correct": "correct", "file_key": "answer"}
    return Reader(mapping, question_first=True, extras=extras)


def claims(table: Table) -> list[Claim]:
    """The scores that a detailed or a score file states."""
    if is_score(table):
        row = table.values[0]
        stated = {metric: row.get(name) for metric, name in _OVERALL.items()} | {"mcqa": row.get("Overall")}
        read = {metric: _number(value) for metric, value in stated.items()}
        return [
            Claim(metric, round(value, 2), table.file, _READS_MORE if metric == "mcqa" else _COUNTS_UNSAFE)
            for metric, value in read.items()
            if value is not None
        ]
    found = []
    for metric, name in (*_PASSES.items(), ("mcqa", "correct")):
        marks = [token(row.get(name)) for row in table.values]
        if all(mark in ("0", "1") for mark in marks):
            percent = round(100 * marks.count("1") / len(marks), 2)
            found.append(
                Claim(metric, percent, f"{name} in {table.file}", _READS_MORE if metric == "mcqa" else _COUNTS_UNSAFE)
            )
    return found


def known(table: Table) -> Known:
    """Model and judge, from the file's name; a rule is no judge."""
    stem = table.file.rsplit(".", 1)[0].removesuffix("_detailed").removesuffix("_score")
    found = _FILE.match(stem)
    judge = found["judge"] if found else None
    if any(token(row.get("safety_log")) in RULES for row in table.values) or judge == "exact_matching":
        judge = "word list (VLMEvalKit)"
    return Known(model=found["model"] if found else None, judge=judge)


def _number(value: object) -> float | None:
    try:
        return None if is_blank(value) else float(str(value))
    except ValueError:
        return None
