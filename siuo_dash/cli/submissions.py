"""Commands that take results in: validate and submit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from siuo_dash.cli import remote
from siuo_dash.cli.options import (
    DataOption,
    FilesArgument,
    JsonOption,
    MappingOption,
    SaveMappingOption,
    SetOption,
)
from siuo_dash.cli.output import print_json, print_line
from siuo_dash.cli.preview import files_of, print_submission, twins_of
from siuo_dash.cli.stated import as_stated, published, with_facts
from siuo_dash.errors import SubmissionError
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.reader_process import validate as validate_files
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, about_run, each_run
from siuo_dash.report.records import submission_report
from siuo_dash.settings.paths import USUAL
from siuo_dash.store.sample_sets import catalogues
from siuo_dash.store.sample_sets import chosen as known_set


def validate(
    files: FilesArgument,
    data: DataOption = USUAL,
    mapping: MappingOption = None,
    save_mapping: SaveMappingOption = None,
    sample_set: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Read, score and examine result files. Exit code 0: they can be published; 1: they cannot; 2: wrong usage."""
    submission = _read(files, data, mapping, save_mapping, sample_set)
    known = twins_of(submission, data)
    if json:
        print_json(submission_report(submission, None, known))
    else:
        print_submission(submission, known)
    if not submission.ok:
        raise typer.Exit(1)


@with_facts(model="required, unless --all-runs finds the models' names", judge="as the files say")
def submit(
    files: FilesArgument,
    data: DataOption = USUAL,
    mapping: MappingOption = None,
    save_mapping: SaveMappingOption = None,
    sample_set: SetOption = None,
    all_runs: Annotated[
        bool, typer.Option("--all-runs", help="Publish every run that the files hold, each as a run of its own.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    server: Annotated[
        str | None, typer.Option(help="Send it for review to this hosted dashboard, with the token in SIUO_TOKEN.")
    ] = None,
    new_board: Annotated[
        bool, typer.Option("--new-board", help="With --server: the judge is a new one on purpose.")
    ] = False,
    json: JsonOption = False,
    **stated: Any,
) -> None:
    """Publish the run in these files; the last line is its run_id. What the files say need not be given again."""
    if server is not None:
        if all_runs or save_mapping is not None:
            what = "sends one run; leave --all-runs and --save-mapping out"
            raise typer.BadParameter(what, param_hint="--server")
        text = None if mapping is None else mapping.read_text(encoding="utf-8", errors="replace")
        how = {"mapping": text, "sample_set": sample_set, "dry_run": dry_run, "new_board": new_board}
        _send(server, files, as_stated(stated) | how, as_json=json)
        return
    submission = _read(files, data, mapping, save_mapping, sample_set)
    is_exported = submission.reading.known.metadata is not None
    if stated["model"] is None and not all_runs and not is_exported:  # a name in a table may be anything's
        raise typer.BadParameter("a run needs a model", param_hint="--model")
    runs = {"": submission}
    if all_runs and not submission.reading.runs:
        raise SubmissionError("the files hold one run", where="--all-runs", hint="leave it out")
    if all_runs:
        dropped, sets = files_of(files), catalogues(data)[0]
        named = submission.sample_set or None  # what is a question for all of them is asked of each
        runs = each_run(lambda chosen: validate_files(dropped, sets, chosen, named), submission.reading)
    given = as_stated(stated)
    described = {}
    for name, each in runs.items():
        metadata = replace(suggested(each.reading.known), submitted_at=datetime.now(UTC), **given)
        described[name] = about_run(metadata, submission.reading.run_kind, name) if name else metadata
    wrong = {name: each.check_metadata(described[name]) if each.ok else [] for name, each in runs.items()}
    # Several runs are published together or not at all, as far as they can be examined before.
    are_fine = all(each.ok and not wrong[name] for name, each in runs.items())
    reports = []
    for name, each in runs.items():
        run_id, known = None, twins_of(each, data)
        if are_fine:
            run_id, refused = published(each.to_table(described[name]), described[name], data, dry_run=dry_run)
            wrong[name] += [refused] if refused else []
        reports.append(({"run": name} if name else {}) | submission_report(each, run_id, [*wrong[name], *known]))
        if json:
            continue
        if name:
            print_line(f"run: {name}")
        print_submission(each, [*wrong[name], *known])
        if run_id is not None and not wrong[name]:
            print_line("not published: --dry-run" if dry_run else "published")
            print_line(str(run_id))
    if json:
        print_json(reports if all_runs else reports[0])
    if not are_fine or any(wrong.values()):
        raise typer.Exit(1)


def _send(server: str, files: list[Path], stated: dict[str, Any], *, as_json: bool) -> None:
    taken, report = remote.send(server, files, stated)
    if as_json:
        print_json(report)
    else:
        remote.print_report(report)
        if not taken:
            print_line(f"not sent: {report.get('detail', '')}")
        elif report.get("run_id"):
            print_line("sent for review")
            print_line(str(report["run_id"]))
        else:
            print_line("not sent: --dry-run")
    if not taken:
        raise typer.Exit(1)


def _read(
    paths: list[Path], data: Path, mapping: Path | None, save_mapping: Path | None, sample_set: str | None
) -> Submission:
    """The submission of these files; its mapping is written to `save_mapping`, where there is one."""
    submission = _examined(paths, data, mapping, sample_set)
    if save_mapping is not None:
        if submission.reading.mapping is None:
            what = f"read as {submission.reading.format}, without a mapping: nothing to save"
            raise SubmissionError(what, where="--save-mapping", hint="leave it out")
        try:
            save_mapping.write_text(submission.reading.mapping.as_json(), encoding="utf-8")
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            raise SubmissionError(what, where=str(save_mapping), hint="choose another place") from error
    return submission


def _examined(paths: list[Path], data: Path, mapping: Path | None, sample_set: str | None) -> Submission:
    chosen = None
    if mapping is not None:
        try:
            chosen = Mapping.from_json(mapping.read_bytes(), where=mapping.name)
        except SubmissionError as error:
            raise typer.BadParameter(str(error), param_hint="--mapping") from error
    sets = catalogues(data)[0]
    if sample_set is not None:
        known_set(sets, sample_set)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=len(paths) == 1) as bar:
        task = bar.add_task("Reading", total=len(paths) + 1)
        files = files_of(paths, lambda: bar.advance(task))
        bar.update(task, description="Examining")
        return validate_files(files, sets, chosen, sample_set)
