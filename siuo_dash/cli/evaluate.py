"""The commands that run the benchmark on a model, and judge responses that exist already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from siuo_dash.cli.evaluation import INCOMPLETE, INTERRUPTED, Request, carry_out
from siuo_dash.cli.evaluation_options import FOUND, Options, words_in
from siuo_dash.cli.given import GivenRun, calibrate, in_files, in_store
from siuo_dash.cli.options import MappingOption
from siuo_dash.cli.output import print_json
from siuo_dash.cli.stated import as_stated, with_facts
from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate import folder
from siuo_dash.evaluate.outcome import file_name
from siuo_dash.evaluate.plan import GENERATION, TASKS, Plan


@with_facts(without=FOUND, also=Options)
def evaluate(
    model: Annotated[str | None, typer.Option(help="The model, PROVIDER/NAME: openai/gpt-4o, ollama/llava.")] = None,
    tasks: Annotated[str, typer.Option(help="generation, choice, or both.")] = "generation,choice",
    responses: Annotated[int, typer.Option(min=1, max=100, help="Responses to each sample.")] = 3,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Of responses.", show_default="the provider's own")
    ] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens that a response may have.")] = 500,
    choice_max_tokens: Annotated[int, typer.Option(min=1, help="Tokens that a choice may have.")] = 5,
    given_files: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, dir_okay=False, help="Judge the responses in this file, call no model."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Go on with the run in this folder.")
    ] = None,
    **stated: Any,
) -> None:
    """Run the benchmark on a model, have its responses judged, and publish the run.

    Exit code 0: complete; 75: incomplete, run the same command again; 130: interrupted; 1: refused; 2: wrong usage.
    """
    options = Options.taken_from(stated)
    if resume is not None:
        _finish([_resumed(resume, options, stated)], options)
    if given_files:
        _finish(_judging(in_files(given_files, options.data, None, options.named_set()), options, stated), options)
    if model is None:
        raise typer.BadParameter("a run needs a model", param_hint="--model")
    chosen = tuple(task for task in TASKS if task in words_in(tasks))
    unknown = sorted(set(words_in(tasks)) - set(TASKS))
    if unknown or not chosen:
        raise typer.BadParameter(f"{unknown[0] if unknown else tasks!r} is no task", param_hint="--tasks")
    if GENERATION in chosen and options.judge is None:
        raise typer.BadParameter("the generation task needs a judge", param_hint="--judge")
    plan = Plan(
        model=model,
        judge=(options.judge or "") if GENERATION in chosen else "",
        samples=options.ids(),
        rubric="",
        tasks=chosen,
        responses=responses,
        judge_sees_picture=options.judge_picture,
        temperature=temperature,
        max_tokens=max_tokens,
        judge_max_tokens=options.judge_max_tokens,
        choice_max_tokens=choice_max_tokens,
        sample_set=options.set_id(),
    )
    _finish([Request(plan, options.run_operation(), options, stated=as_stated(stated))], options)


@with_facts(without=FOUND, also=Options)
def judge(
    what: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files with responses; with --runs the ids of runs.")
    ],
    runs: Annotated[bool, typer.Option("--runs", help="The arguments are runs of the store.")] = False,
    calibrated: Annotated[
        bool, typer.Option("--calibrate", help="The files have human verdicts: compare the judge with them.")
    ] = False,
    mapping: MappingOption = None,
    **stated: Any,
) -> None:
    """Judge responses that exist already: those in files, or of runs of the store; no model is asked but the judge.

    Several runs are judged one after the other, each into a folder of its own. Exit codes as of `evaluate`.
    """
    options = Options.taken_from(stated)
    if options.judge is None:
        raise typer.BadParameter("no judge is named", param_hint="--judge")
    if runs:
        found = in_store(what, options.data)
    else:
        for each in what:
            if not Path(each).is_file():
                raise typer.BadParameter(f"{each}: there is no such file; of runs say --runs", param_hint="FILE...")
        found = in_files([Path(each) for each in what], options.data, mapping, options.named_set())
    requests = _judging(found, options, stated)
    if calibrated:
        _finish([replace(each, after=calibrate(run)) for each, run in zip(requests, found, strict=True)], options)
    _finish(requests, options)


def _judging(found: list[GivenRun], options: Options, stated: dict[str, Any]) -> list[Request]:
    """A request for each run whose responses are given."""
    wanted, operation = set(options.ids()), options.run_operation()
    operation = replace(operation, judge_base_url=operation.judge_base_url or operation.base_url)
    requests = []
    for run in found:
        texts = {key: each for key, each in run.texts.items() if not wanted or key in wanted}
        if not texts:
            raise EvaluationError("it has no response to the chosen samples", where=run.place, hint="check --samples")
        plan = Plan(
            model="",
            judge=options.judge or "",
            samples=tuple(sorted(texts)),
            rubric="",
            responses=max(map(len, texts.values())),
            judge_sees_picture=options.judge_picture,
            judge_max_tokens=options.judge_max_tokens,
            is_given=True,
            sample_set=run.sample_set,
        )
        name = options.name or run.name
        to = options.to
        if len(found) > 1:
            to = (to or Path(folder.DEFAULT)) / f"{file_name(name or run.place)}-{file_name(plan.judge)}"
        own = replace(options, to=to, name=name)
        requests.append(Request(plan, operation, own, given=texts, stated=dict(run.facts) | as_stated(stated)))
    return requests


def _resumed(path: Path, options: Options, stated: dict[str, Any]) -> Request:
    """The request that a folder was begun with, by the settings of this try where they are given."""
    record = folder.read_record(path)
    if record is None:
        raise EvaluationError("there is no run in this folder", where=str(path), hint="give the folder of a run")
    plan = Plan.from_json(record["plan"], str(path / folder.RECORD))
    before = {name: str(value) for name, value in dict(record.get("settings") or {}).items()}
    again = replace(
        options,
        to=path,
        data=Path(before.get("data") or options.data),
        rubric=before.get("rubric") or options.rubric,
        name=options.name or before.get("name", ""),
    )
    given = folder.given_in(path) if plan.is_given else {}
    return Request(plan, options.run_operation(before), again, given=given, stated=as_stated(stated))


def _finish(requests: list[Request], options: Options) -> None:
    """Carry them out, print the JSON where it was asked for, and end with the gravest exit code."""
    codes, reports = [], []
    for request in requests:
        try:
            code, report = carry_out(request)
        except KeyboardInterrupt:  # before or after the engine was at work
            raise typer.Exit(INTERRUPTED) from None
        codes.append(code)
        reports.append(report)
        if code not in (0, INCOMPLETE) and not report.get("complete"):
            break  # a wrong key, say; a whole run that cannot be published keeps no other one back
    if options.json:
        print_json(reports[0] if len(requests) == 1 else reports)
    raise typer.Exit(max(codes))
