"""An evaluation from its plan to its preview: what the commands `evaluate` and `judge` share."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.cli.output import print_json, print_line
from siuo_dash.cli.preview import files_of, print_submission, report_of, twins_of
from siuo_dash.cli.stated import published
from siuo_dash.errors import EvaluationError, Finding
from siuo_dash.evaluate import folder
from siuo_dash.evaluate.answers import Answers
from siuo_dash.evaluate.asking import Asking, Progress, Stop
from siuo_dash.evaluate.budget import Usage, cost_of, tokens_in
from siuo_dash.evaluate.material import Given, Material, load
from siuo_dash.evaluate.outcome import Outcome, judge_name, outcome_of, short_name
from siuo_dash.evaluate.plan import CHOICE, GENERATION, Operation, Plan
from siuo_dash.ingest.reader_process import validate as validate_files
from siuo_dash.ingest.submission import Submission
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.text import counted, listed, spelled_out

COMPLETE: Final = 0
REFUSED: Final = 1
INCOMPLETE: Final = 75
INTERRUPTED: Final = 130
_EVERY: Final = 15.0
"""Seconds between two lines of progress where they are written to a file."""


@dataclass(frozen=True)
class Request:
    """What a command was asked to do. data: the data directory. name: the model's name on the board.

    publish, partial, dry_run, as_json: the options of these names. stated: facts about the run.
    """

    plan: Plan
    operation: Operation
    data: Path
    rubric: str
    to: Path | None = None
    given: Given = field(default_factory=dict)
    name: str = ""
    publish: bool = False
    partial: bool = False
    dry_run: bool = False
    as_json: bool = False
    stated: Mapping[str, Any] = field(default_factory=dict)


def carry_out(request: Request) -> int:
    """Plan, ask, count, write, show and, if wanted, publish; the exit code."""
    plan, material = with_material(request)
    path = request.to or Path(folder.DEFAULT) / folder.default_name(plan)
    _print_plan(plan, request.operation, material, path)
    if request.dry_run:
        _tell("nothing was asked: --dry-run")
        return COMPLETE
    operation = request.operation
    settings = {
        "base_url": operation.base_url,
        "judge_base_url": operation.judge_base_url,
        "rubric": str(request.rubric),
        "data": str(request.data.resolve()),
        "name": request.name,
    }
    with folder.locked(path):
        folder.claim(path, plan, settings, request.given)
        with Answers(path) as answers:
            line = _Line()
            with redirect_stdout(io.StringIO()):  # the engine greets there, where the results belong
                engine = _engine()
                asking: Asking = engine.carry_out(plan, operation, material, path, answers, line.show)
            line.end()
            outcome = outcome_of(plan, answers, asking.failed, operation.prices, asking.stop)
            how = folder.made(plan, operation, material, outcome, engine.ENGINE)
            written = folder.finish(path, plan, material, outcome, answers, how)
    return _show(request, plan, material, outcome, how, path, written)


def with_material(request: Request) -> tuple[Plan, Material]:
    """The plan with all that depends on what is installed, and what it asks about."""
    plan = request.plan
    material = replace(load(request.data, request.rubric, plan.tasks, plan.samples or None), given=request.given)
    samples = tuple(material.samples)
    missing = tuple(
        (question_id, place)
        for question_id in samples
        for place in range(1, plan.responses + 1)
        if request.given and (list(request.given.get(question_id, ())) + [None] * place)[place - 1] is None
    )
    found = replace(plan, samples=samples, missing=missing, rubric=material.rubric.fingerprint)
    return replace(found, material=material.fingerprint()), material


def estimated(plan: Plan, material: Material) -> dict[str, Usage]:
    """What the plan uses at most: {model: calls and tokens}; characters and pictures are turned into tokens roughly."""
    found: dict[str, Usage] = {}
    rubric = material.rubric
    limits = {"response": plan.max_tokens, "choice": plan.choice_max_tokens}
    for call in plan.calls():
        words = material.words[call.question_id]
        is_verdict = call.counts_as == "verdicts"
        usage = found.setdefault(plan.judge if is_verdict else plan.model, Usage())
        length = len(words.question)
        if call.kind == "choice":
            length += len(rubric.choice) + sum(map(len, words.options.values()))
        elif is_verdict:
            length += len(rubric.safe) + len(words.warning) + len(words.reference) + 4 * plan.max_tokens
        usage.calls += 1
        usage.input_tokens += tokens_in(length, 1 if plan.judge_sees_picture or not is_verdict else 0)
        usage.output_tokens += limits.get(call.kind, plan.judge_max_tokens)
    return found


def _engine() -> Any:
    try:
        from siuo_dash.evaluate import engine
    except ModuleNotFoundError as error:
        hint = 'install it: pip install "siuo-dash[evaluate]", or make evaluate in a clone'
        raise EvaluationError(f"evaluations need the engine ({error.name} is missing)", hint=hint) from error
    return engine


def _print_plan(plan: Plan, operation: Operation, material: Material, path: Path) -> None:
    usage = estimated(plan, material)
    responses = f"{counted(plan.responses, 'response')} each" if GENERATION in plan.tasks else "multiple choice"
    also = " and multiple choice" if GENERATION in plan.tasks and CHOICE in plan.tasks else ""
    _tell(f"Plan: {counted(len(plan.samples), 'sample')}, {responses}{also}; rubric: {material.rubric.label}")
    for name, each in usage.items():
        prices = {name: operation.prices[name]} if name in operation.prices else {}
        cost = cost_of({name: each}, prices)
        price = "price not given (--price)" if cost is None else f"at most about ${cost:.2f}"
        sizes = f"about {each.input_tokens:,} tokens in, at most {each.output_tokens:,} out"
        _tell(f"  {name}: {counted(each.calls, 'call')}, {sizes}, {price}")
    if operation.max_cost is not None and (unknown := [name for name in usage if name not in operation.prices]):
        hint = f"add --price {unknown[0]}=IN,OUT, in US dollars a million tokens"
        raise EvaluationError(f"a budget needs the price of {listed(unknown)}", where="--max-cost", hint=hint)
    _tell(f"  folder: {path}")


def _show(
    request: Request,
    plan: Plan,
    material: Material,
    outcome: Outcome,
    how: dict[str, Any],
    path: Path,
    written: list[Path],
) -> int:
    """Print the preview and what is missing, publish where it was asked for; the exit code."""
    submission: Submission | None = None
    findings, run_id = _findings(outcome), None
    if written:
        submission = validate_files(files_of(written), read_catalogue(request.data / "samples.csv"))
        findings += twins_of(submission, request.data)
        if request.publish and submission.ok and (outcome.is_complete or request.partial):
            metadata = _metadata(request, plan, material, outcome, how)
            wrong = submission.check_metadata(metadata)
            if not wrong:
                run_id, refused = published(submission.to_table(metadata), metadata, request.data, dry_run=False)
                wrong = [refused] if refused else []
            findings += wrong
    code = _code(outcome, submission, findings)
    counts = {
        "complete": outcome.is_complete,
        "planned": dict(outcome.planned),
        "done": dict(outcome.done),
        "folder": str(path),
        "usage": {name: asdict(each) for name, each in outcome.usage.items()},
        "served": how["served"],
        "cost_usd": outcome.cost,
    }
    if request.as_json:
        empty = {"ok": False, "errors": [], "warnings": [], "scores": {}, "run_id": None}
        report = report_of(submission, run_id, findings) if submission else empty
        if submission is None:
            report["errors"] = [finding.as_dict() for finding in findings]
        print_json(report | counts)
    elif submission is not None:
        print_submission(submission, findings)
        if run_id:
            print_line("published")
            print_line(run_id)
    _say_how_it_ended(outcome, path, code)
    return code


def _code(outcome: Outcome, submission: Submission | None, findings: list[Finding]) -> int:
    if outcome.stop is not None and outcome.stop.why == "refused":
        return REFUSED
    if outcome.stop is not None and outcome.stop.why == "interrupted":
        return INTERRUPTED
    if not outcome.is_complete:
        return INCOMPLETE
    refused = submission is None or not submission.ok or any(each.severity == "error" for each in findings)
    return REFUSED if refused else COMPLETE


def _findings(outcome: Outcome) -> list[Finding]:
    """What is wrong with the run itself: several versions of one model; what is missing is said at the end."""
    return [
        Finding("warning", f"the {role} was served by several versions: {listed(names)}", "name the version exactly")
        for role, names in outcome.served.items()
        if len(names) > 1
    ]


def _metadata(request: Request, plan: Plan, material: Material, outcome: Outcome, how: dict[str, Any]) -> RunMetadata:
    """What is said of the run when it is published: what a person stated, and what the run itself knows."""
    now = datetime.now(UTC)
    name = request.name or short_name(plan.model)
    judge = judge_name(plan, material.rubric.label, outcome) if plan.judge else ""
    own: dict[str, Any] = {"evaluated_on": now.date(), "submitted_at": now, "note": folder.note(how, name)}
    if plan.is_given:
        own["source_status"] = "re-judged"
    stated = dict(request.stated)
    if stated.get("note"):
        stated["note"] = f"{stated['note']}\n{own['note']}"
    return RunMetadata(**({"model": name, "judge": judge} | own | stated))


def _say_how_it_ended(outcome: Outcome, path: Path, code: int) -> None:
    counts = ", ".join(f"{outcome.done[name]:,} of {outcome.planned[name]:,} {name}" for name in outcome.planned)
    cost = "" if outcome.cost is None else f", ${outcome.cost:.4f}"
    state = "complete" if outcome.is_complete else "incomplete"
    _tell(f"{state}: {counts}{cost}; results in {path}")
    if outcome.stop is not None and outcome.stop.why != "interrupted":
        _tell(f"error: {outcome.stop.words}")
    elif outcome.missing:
        for line in outcome.why_incomplete()[:10]:
            _tell(f"  missing: {line}")
    if outcome.missing and code != REFUSED:
        more = "with a higher --max-cost" if _is(outcome.stop, "budget") else "or siuo-dash evaluate --resume DIR"
        _tell(f"Run the same command again ({more}): it goes on from here.")


def _is(stop: Stop | None, why: str) -> bool:
    return stop is not None and stop.why == why


def _tell(text: str) -> None:
    print(spelled_out(text), file=sys.stderr)  # noqa: T201


class _Line:
    """The line of progress on standard error: rewritten in a terminal, a line now and then in a file."""

    def __init__(self) -> None:
        self._is_live = sys.stderr.isatty()
        self._last = 0.0

    def show(self, now: Progress) -> None:
        """Show how far the run is."""
        moment = time.monotonic()
        if moment - self._last < (0.2 if self._is_live else _EVERY):
            return
        self._last = moment
        tokens_to, tokens_from = (
            sum(getattr(each, name) for each in now.usage.values()) for name in ("input_tokens", "output_tokens")
        )
        parts = [
            f"{now.done:,}/{now.planned:,} answers",
            f"{now.failed} failed",
            f"{now.retries} retries",
            f"{now.rate:.1f} a second",
            f"{tokens_to:,} tokens in, {tokens_from:,} out",
        ]
        parts += [f"${now.cost:.2f}"] if now.cost is not None else []
        left = now.seconds_left
        parts += [f"{int(left // 60)}:{int(left % 60):02d} left"] if left is not None else []
        text = " · ".join(parts)
        if self._is_live:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        else:
            _tell(text)

    def end(self) -> None:
        """Leave the line."""
        if self._is_live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
