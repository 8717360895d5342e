"""Responses that exist already: out of files of any harness, or of runs of the store; and a judge held against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer

from siuo_dash.analysis import queries
from siuo_dash.analysis.stats.agreement import cohen_kappa, confusion
from siuo_dash.benchmark.judgement import QUESTIONS, Question
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.cli.output import open_store, print_table
from siuo_dash.cli.preview import files_of
from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.outcome import verdict_in
from siuo_dash.evaluate.plan import Call, Kind
from siuo_dash.ingest import which_set
from siuo_dash.ingest.mapping import Mapping as FieldMapping
from siuo_dash.ingest.reader_process import validate as validate_files
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, each_run
from siuo_dash.sources.responses import with_words
from siuo_dash.store.runs.run_file import run_rows, run_table
from siuo_dash.store.sample_sets import catalogues
from siuo_dash.text import percent

_KINDS: Final[dict[Kind, Question]] = {"safety": "safe", "effectiveness": "effective"}
_WORDS: Final = {"safe": ("unsafe", "safe"), "effective": ("ineffective", "effective")}
_KEPT: Final = frozenset(FACTS) - {"model", "judge", "source_status", "submitted_by", "evaluated_on", "note"}
"""Facts that stay true of a run whose responses are judged again."""


@dataclass(frozen=True)
class GivenRun:
    """A run's responses: {question_id: texts}, None where one is not known. place: where they come from.

    verdicts: {(kind, question_id, place): what the files say}, for `--calibrate`. facts: the run's metadata.
    """

    name: str
    place: str
    texts: Mapping[int, list[str | None]]
    verdicts: Mapping[Call, bool] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    sample_set: str = BENCHMARK


def in_files(paths: list[Path], data: Path, mapping: Path | None, sample_set: str | None = None) -> list[GivenRun]:
    """The run, or the runs, in these files; EvaluationError where no response can be read.

    sample_set: that they are on; None = found as for an upload, and asked about where several fit.
    """
    chosen = None if mapping is None else FieldMapping.from_json(mapping.read_bytes(), where=mapping.name)
    sets, dropped = catalogues(data)[0], files_of(paths)
    submission = validate_files(dropped, sets, chosen, sample_set)
    if submission.reading.runs and not (chosen and chosen.run):
        several = each_run(lambda one: validate_files(dropped, sets, one, sample_set), submission.reading)
        return [_given(each, name) for name, each in several.items()]
    return [_given(submission, "")]


def in_store(run_ids: list[str], data: Path) -> list[GivenRun]:
    """Runs of the store; EvaluationError names those whose words are not there."""
    store, found, without = open_store(data), [], []
    for run_id in dict.fromkeys(run_ids):
        run = queries.find_run(store, run_id)
        texts: dict[int, list[str | None]] = {}
        for row in run_rows(store, run_id):
            if row["task"] == "generation" and row["responses"]:
                words = with_words(data, run_id, row["question_id"], row["responses"])
                texts[int(row["question_id"])] = [each["text"] for each in words]
        texts = {key: each for key, each in texts.items() if any(text is not None for text in each)}
        if not texts:
            without.append(run_id)
        row = run_table(store, run_id).slice(0, 1).to_pylist()[0]
        facts = {name: row[name] for name in _KEPT if row.get(name) is not None}
        found.append(GivenRun(str(run["model"]), run_id, texts, facts=facts, sample_set=str(run["sample_set"])))
    if without:
        hint = "fetch-responses brings those of shipped runs; others are with whoever made the run"
        raise EvaluationError("the responses are not there, only figures", where=", ".join(without), hint=hint)
    return found


def _given(submission: Submission, name: str) -> GivenRun:
    reading = submission.reading
    generation = [each for each in reading.samples if each.task == "generation"]
    texts = {each.question_id: [one.text for one in each.responses] for each in generation}
    texts = {key: each for key, each in texts.items() if any(text is not None for text in each)}
    if not texts:
        said = [str(each) for each in submission.errors if each.severity == "error"]
        hint = "answer it with --mapping" if reading.needs else "see docs/formats.md for what is understood"
        if any(need.role == which_set.ROLE for need in reading.needs):
            hint = f"name it with --samples {' or '.join(reading.needs[0].options)}"
            said = [reading.needs[0].question]
        where = name or (generation[0].file if generation else "")
        raise EvaluationError(said[0] if said else "no response could be read", where=where, hint=hint)
    verdicts = {
        Call(kind, each.question_id, place): value
        for kind, question in _KINDS.items()
        for each in generation
        for place, one in enumerate(each.responses, start=1)
        if (value := one.value(question)) is not None
    }
    known = suggested(reading.known)
    facts = {key: value for key, value in known.columns().items() if key in _KEPT and value is not None}
    model = name if reading.run_kind == "model" else ", ".join(part for part in (known.model, name) if part)
    return GivenRun(model, generation[0].file, texts, verdicts, facts, submission.sample_set)


def calibrate(run: GivenRun) -> Callable[[Mapping[Call, Answer]], dict[str, Any]]:
    """What compares a judge's answers with the human verdicts of a file: agreement, kappa and the confusion table."""
    if not run.verdicts:
        hint = "give a file that has verdicts on its responses"
        raise EvaluationError("there is no verdict to compare with", where=run.place, hint=hint)

    def compare(answers: Mapping[Call, Answer]) -> dict[str, Any]:
        report: dict[str, Any] = {}
        for kind, question in _KINDS.items():
            pairs = {
                call: (human, verdict_in(kind, answers[call].text))
                for call, human in run.verdicts.items()
                if call.kind == kind and call in answers
            }
            graded = [(human, judged) for human, judged in pairs.values() if judged is not None]
            if graded:
                report[question] = _agreement(question, graded) | {"unreadable": len(pairs) - len(graded)}
        return report

    return compare


def _agreement(question: Question, pairs: list[tuple[bool, bool]]) -> dict[str, Any]:
    words = _WORDS[question]
    human, judged = ([words[each[side]] for each in pairs] for side in (0, 1))
    kappa, table = cohen_kappa(human, judged), confusion(human, judged)
    same = sum(one == other for one, other in pairs)
    return {
        "responses": len(pairs),
        "agreement": same / len(pairs),
        "kappa": None if kappa is None else kappa.kappa,
        "interval": None if kappa is None or kappa.interval is None else [kappa.interval.low, kappa.interval.high],
        "labels": list(table.labels),
        "table": [list(row) for row in table.table],
    }


def print_agreement(report: Mapping[str, Any]) -> None:
    """The comparison for a terminal: rows are the human verdicts, columns the judge's."""
    for question in QUESTIONS:
        if (found := report.get(question)) is None:
            continue
        said = "no kappa: one label throughout" if found["kappa"] is None else f"kappa {found['kappa']:.2f}"
        said += "" if found["interval"] is None else " ({:.2f}–{:.2f})".format(*found["interval"])
        typer.echo(f"{question}: agreement {percent(found['agreement'])} of {found['responses']} responses, {said}")
        rows = [(f"human: {name}", *map(str, row)) for name, row in zip(found["labels"], found["table"], strict=True)]
        print_table(("", *(f"judge: {name}" for name in found["labels"])), rows)
