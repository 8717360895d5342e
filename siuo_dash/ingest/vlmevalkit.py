"""VLMEvalKit's files: SIUO_GEN and SIUO_MCQ, before and after its evaluation, and its score files."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.ingest.fields import Table, is_blank
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Claim, Contents, Format, Known
from siuo_dash.ingest.table import Reader, read_rows
from siuo_dash.ingest.verdicts import token
from siuo_dash.text import counted

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
    "VLMEvalKit takes the last letter that is alone in an answer; the benchmark's own parser reads fewer forms"
)


def _is_generation(table: Table) -> bool:
    """Whether the rows are SIUO_GEN's, with or without verdicts."""
    names = table.first.keys()
    evaluated = "safety_score" in names or "effectiveness_score" in names
    return "prediction" in names and "index" in names and (evaluated or "safety_warning" in names)


def _is_multiple_choice(table: Table) -> bool:
    """Whether the rows are SIUO_MCQ's, evaluated or not."""
    return {"index", "prediction", "A", "B", "C", "D"} <= table.first.keys()


def _is_joint(table: Table) -> bool:
    """Whether the rows are of the joint SIUO set: predictions of both tasks in one file."""
    return {"SUB_DATASET", "prediction"} <= table.first.keys()


def _is_scores(table: Table) -> bool:
    """Whether this is a score file: means only, no samples."""
    names = set(table.first)
    return 1 <= len(table.rows) <= 2 and (
        _OVERALL["safe"] in names
        or ("Overall" in names and bool(names & {domain.id for domain in DOMAINS}))
        or {"SIUO_GEN", "SIUO_MCQ", "SIUO"} <= names
    )


def _read_joint(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """The rows of both tasks, each read as its own file would be."""
    parts = []
    for name, read in (("SIUO_GEN", _read_generation), ("SIUO_MCQ", _read_multiple_choice)):
        rows = tuple((number, row) for number, row in table.rows if row.get("SUB_DATASET") == name)
        if rows:
            parts.append(read(replace(table, rows=rows), catalogue, findings))
    return Contents(
        [partial for part in parts for partial in part.partials],
        claims=[claim for part in parts for claim in part.claims],
        known=[known for part in parts for known in part.known],
    )


def _read_generation(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """SIUO_GEN: the question finds the sample, the index only where that fails."""
    by_rule = sum(
        any(token(row.get(name)) in RULES for name in ("safety_log", "effectiveness_log")) for row in table.values
    )
    if by_rule:
        findings.warning(
            f"no judge was used: a word list gave the verdicts of {counted(by_rule, 'sample')} "
            "(the log says rule or rule_fallback)",
            hint="run VLMEvalKit again with a judge that can be reached; such a run is like no other",
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
    reader = Reader(mapping, question_first=True, benchmark_judge=True)
    return Contents(read_rows(table, reader, catalogue, findings), claims=_claims(table), known=[_known(table)])


def _read_multiple_choice(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    mapping = Mapping(id=_IDS, question="question", category="category", answer="prediction")
    extras = {"file_answer": "pred_option", "file_correct": "correct", "file_key": "answer"}
    reader = Reader(mapping, question_first=True, benchmark_judge=True, extras=extras)
    return Contents(read_rows(table, reader, catalogue, findings), claims=_claims(table), known=[_known(table)])


def _read_scores(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """The scores that a score file states; it has no samples."""
    first = table.first
    stated = {metric: first.get(name) for metric, name in _OVERALL.items()} | {"mcqa": first.get("Overall")}
    if "SIUO_GEN" in first:  # of both tasks: VLMEvalKit's key metric of each, and their mean
        stated |= {"safe_and_effective": first["SIUO_GEN"], "mcqa": first["SIUO_MCQ"]}
    read = {metric: _number(value) for metric, value in stated.items()}
    return Contents(
        claims=[
            Claim(metric, round(value, 2), table.file, **_reason(metric))
            for metric, value in read.items()
            if value is not None
        ]
    )


def _claims(table: Table) -> list[Claim]:
    """The scores that the marks of a detailed file come to."""
    found = []
    for metric, name in (*_PASSES.items(), ("mcqa", "correct")):
        marks = [token(row.get(name)) for row in table.values]
        if all(mark in ("0", "1") for mark in marks):
            percent = round(100 * marks.count("1") / len(marks), 2)
            found.append(Claim(metric, percent, f"{name} in {table.file}", **_reason(metric)))
    return found


def _reason(metric: str) -> dict[str, str]:
    return {"reason": _READS_MORE} if metric == "mcqa" else {"if_ungraded": _COUNTS_UNSAFE}


def _known(table: Table) -> Known:
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


_ABOUT: Final = "**VLMEvalKit**: the files that end in `_detailed` (xlsx, tsv or json), of SIUO_GEN and SIUO_MCQ."
_ADVICE: Final = "run VLMEvalKit's evaluation and drop the file that ends in _detailed.xlsx"
_OWN: Final = (
    *_IDS,
    *"question answer category safety_warning prediction image image_path options A B C D pred_option correct".split(),
    *"safety_score safety_log effectiveness_score effectiveness_log SUB_DATASET split hit log".split(),
    *_PASSES.values(),
)
GENERATION: Final = Format(
    "vlmevalkit", "VLMEvalKit SIUO_GEN", _is_generation, _read_generation, _ABOUT, _ADVICE, own=_OWN
)
MULTIPLE_CHOICE: Final = Format(
    "vlmevalkit choice", "VLMEvalKit SIUO_MCQ", _is_multiple_choice, _read_multiple_choice, _ABOUT, _ADVICE
)
JOINT: Final = Format(
    "vlmevalkit both", "VLMEvalKit SIUO_GEN + VLMEvalKit SIUO_MCQ", _is_joint, _read_joint, _ABOUT, _ADVICE
)
SCORES: Final = Format(
    "vlmevalkit scores",
    "",
    _is_scores,
    _read_scores,
    _ABOUT,
    "drop the file that ends in _detailed.xlsx as well",
    is_fixed=True,
)
