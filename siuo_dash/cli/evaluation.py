"""An evaluation from its plan to its preview: what the commands `evaluate` and `judge` share."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.cli.evaluation_options import Options
from siuo_dash.cli.evaluation_progress import Line, tell
from siuo_dash.cli.given import print_agreement
from siuo_dash.cli.output import print_line
from siuo_dash.cli.preview import files_of, print_submission, twins_of
from siuo_dash.cli.stated import published
from siuo_dash.errors import EvaluationError, Finding
from siuo_dash.evaluate import address, folder
from siuo_dash.evaluate.answers import Answer, Answers
from siuo_dash.evaluate.asking import Asking, Stop
from siuo_dash.evaluate.budget import Usage, cost_of, tokens_in
from siuo_dash.evaluate.material import Given, Material, load
from siuo_dash.evaluate.outcome import Outcome, judge_name, outcome_of, short_name
from siuo_dash.evaluate.plan import CHOICE, GENERATION, Call, Operation, Plan
from siuo_dash.evaluate.rubric import OFFICIAL
from siuo_dash.ingest.reader_process import validate as validate_files
from siuo_dash.ingest.submission import Submission
from siuo_dash.report.evaluation import counts_words
from siuo_dash.report.records import submission_report
from siuo_dash.store.runs.parquet import with_made
from siuo_dash.store.sample_sets import find
from siuo_dash.text import counted, listed

COMPLETE: Final = 0
REFUSED: Final = 1
INCOMPLETE: Final = 75
INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Request:
    """What a command was asked to do. given: responses that exist already. stated: facts about the run.

    after: what else is made of the answers, for the JSON: a comparison with human verdicts.
    """

    plan: Plan
    operation: Operation
    options: Options
    given: Given = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[Mapping[Call, Answer]], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Done:
    """A request that was carried out: what it came to, where it is, how it was made."""

    plan: Plan
    material: Material
    outcome: Outcome
    path: Path
    how: dict[str, Any]
    written: list[Path]
    compared: dict[str, Any] | None = None


def carry_out(request: Request) -> tuple[int, dict[str, Any]]:
    """Plan, ask, count, write, show and, if wanted, publish; the exit code, and all of it as JSON."""
    options, operation = request.options, request.operation
    plan, material = with_material(request)
    path = options.to or Path(folder.DEFAULT) / folder.default_name(plan, options.name)
    _print_plan(plan, operation, material, path)
    if options.dry_run:
        tell("nothing was asked: --dry-run")
        return COMPLETE, {"plan": json.loads(plan.as_json()), "folder": str(path)}
    settings = {
        "base_url": operation.base_url,
        "judge_base_url": operation.judge_base_url,
        "rubric": options.rubric if options.rubric == OFFICIAL else str(Path(options.rubric).resolve()),
        "data": str(options.data.resolve()),
        "name": options.name,
    }
    with folder.locked(path):
        folder.claim(path, plan, settings, request.given)
        with Answers(path) as answers:
            outcome = _ask(plan, operation, material, path, answers)
            how = folder.made(plan, operation, material, outcome)
            written = folder.finish(path, plan, material, outcome, answers, how, options.name)
            compared = None if request.after is None else request.after(answers)
    return _show(request, Done(plan, material, outcome, path, how, written, compared))


def _ask(plan: Plan, operation: Operation, material: Material, path: Path, answers: Answers) -> Outcome:
    """Ask for what is missing, and count. The engine is not loaded where there is nothing to ask."""
    refused = folder.refused_in(path, plan)
    before = outcome_of(plan, operation, answers, {}, refused=refused)
    if not before.left:
        return before
    for role, url in (("", operation.base_url), ("judge-", operation.judge_base_url)):
        if url:
            address.reach(f"--{role}base-url", url)
    line = Line()
    with redirect_stdout(io.StringIO()):  # the engine greets there, where the results belong
        asking: Asking = loaded_engine().carry_out(plan, operation, material, path, answers, line.show, refused)
    line.end()
    return outcome_of(plan, operation, answers, asking.failed, asking.stop, asking.refused)


def with_material(request: Request) -> tuple[Plan, Material]:
    """The plan with all that depends on what is installed, and what it asks about."""
    plan, options = request.plan, request.options
    material = load(options.data, options.rubric, plan.tasks, plan.samples or None, plan.sample_set)
    material = replace(material, given=request.given)
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


def loaded_engine() -> Any:
    """The module that knows the engine; EvaluationError says what to install where it is not there."""
    try:
        from siuo_dash.evaluate import engine
    except ModuleNotFoundError as error:
        hint = 'install it: pip install "siuo-dash[evaluate]", or make evaluate in a clone'
        raise EvaluationError(f"evaluations need the engine ({error.name} is missing)", hint=hint) from error
    return engine


def _print_plan(plan: Plan, operation: Operation, material: Material, path: Path) -> None:
    usage = estimated(plan, material)
    what = "given response" if plan.is_given else "response"
    responses = f"{counted(plan.responses, what)} each" if GENERATION in plan.tasks else "multiple choice"
    also = " and multiple choice" if GENERATION in plan.tasks and CHOICE in plan.tasks else ""
    tell(f"Plan: {counted(len(plan.samples), 'sample')}, {responses}{also}; rubric: {material.rubric.label}")
    if plan.missing:
        first = "sample {}, response {}".format(*plan.missing[0])
        tell(f"  not given, and not judged: {counted(len(plan.missing), 'response')} (first: {first})")
    print_usage(usage, operation)
    tell(f"  folder: {path}")


def print_usage(usage: Mapping[str, Usage], operation: Operation) -> None:
    """Calls, tokens and cost by model; EvaluationError where there is a budget and a price is missing."""
    for name, each in usage.items():
        prices = {name: operation.prices[name]} if name in operation.prices else {}
        cost = cost_of({name: each}, prices)
        price = "price not given (--price)" if cost is None else f"at most about ${cost:.2f}"
        sizes = f"about {each.input_tokens:,} tokens in, at most {each.output_tokens:,} out"
        tell(f"  {name}: {counted(each.calls, 'call')}, {sizes}, {price}")
    if operation.max_cost is not None and (unknown := [name for name in usage if name not in operation.prices]):
        hint = f"add --price {unknown[0]}=IN,OUT, in US dollars a million tokens"
        raise EvaluationError(f"a budget needs the price of {listed(unknown)}", where="--max-cost", hint=hint)


def _show(request: Request, done: Done) -> tuple[int, dict[str, Any]]:
    """Print the preview and what is missing, publish where it was asked for; the exit code and the JSON."""
    options, outcome = request.options, done.outcome
    submission: Submission | None = None
    findings, run_id = _findings(outcome), None
    if done.written:
        submission = validate_files(files_of(done.written), find(options.data, done.plan.sample_set))
        findings += twins_of(submission, options.data)
        if options.publish and submission.ok and (outcome.is_complete or options.partial):
            metadata = _metadata(request, done)
            wrong = submission.check_metadata(metadata)
            if not wrong:
                table = with_made(submission.to_table(metadata), done.how)
                run_id, refused = published(table, metadata, options.data, dry_run=False)
                wrong = [refused] if refused else []
            findings += wrong
    code = _code(outcome, submission, findings)
    empty = {"ok": False, "warnings": [], "scores": {}, "run_id": None}
    empty["errors"] = [each.as_dict() for each in [*findings, Finding("error", "nothing was answered")]]
    report = empty if submission is None else submission_report(submission, run_id, findings)
    report |= {
        "complete": outcome.is_complete,
        "planned": dict(outcome.planned),
        "done": dict(outcome.done),
        "given_up": [
            {"call": str(call), "sample": call.question_id, **outcome.refused[call]._asdict()}
            for call in sorted(outcome.given_up)
        ],
        "folder": str(done.path),
        "usage": {name: asdict(each) for name, each in outcome.usage.items()},
        "served": done.how["served"],
        "cost_usd": outcome.cost,
    }
    if done.compared is not None:
        report["agreement"] = done.compared
    if not options.json and submission is not None:
        print_submission(submission, findings)
        print_agreement(done.compared or {})
        if run_id:
            print_line("published")
            print_line(run_id)
    _say_how_it_ended(outcome, done.path, code)
    return code, report


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


def _metadata(request: Request, done: Done) -> RunMetadata:
    """What is said of the run when it is published: what a person stated, and what the run itself knows."""
    now = datetime.now(UTC)
    plan, name = done.plan, request.options.name or short_name(done.plan.model)
    own: dict[str, Any] = {
        "model": name,
        "judge": judge_name(plan, done.material.rubric.label, done.outcome) if plan.judge else "",
        "evaluated_on": now.date(),
        "submitted_at": now,
        "source_status": "re-judged" if plan.is_given else "self-reported",
    }
    note = folder.note(done.how, name)
    said = request.stated.get("note")
    return RunMetadata(**(own | dict(request.stated) | {"note": f"{said}\n{note}" if said else note}))


def _say_how_it_ended(outcome: Outcome, path: Path, code: int) -> None:
    cost = "" if outcome.cost is None else f", ${outcome.cost:.4f}"
    state = "complete" if outcome.is_complete else "incomplete"
    tell(f"{state}: {counts_words(outcome.planned, outcome.done)}{cost}; results in {path}")
    if outcome.stop is not None and outcome.stop.why != "interrupted":
        tell(f"error: {outcome.stop.words}")
    elif outcome.missing:
        for line in outcome.why_incomplete()[:10]:
            tell(f"  missing: {line}")
    for line in outcome.why_given_up():
        tell(f"  given up: {line}")
    if outcome.given_up and not outcome.left:
        tell("Nothing else is left to ask. Without --give-up what was given up is asked again.")
    elif outcome.missing and code != REFUSED:
        more = "with a higher --max-cost" if _is(outcome.stop, "budget") else "or siuo-dash evaluate --resume DIR"
        tell(f"Run the same command again ({more}): it goes on from here.")


def _is(stop: Stop | None, why: str) -> bool:
    return stop is not None and stop.why == why
