"""Commands that take results in: validate and submit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from siuo_dash.analysis import twins
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.options import (
    SHIPPED,
    DataOption,
    FilesArgument,
    JsonOption,
    MappingOption,
    SaveMappingOption,
)
from siuo_dash.cli.output import open_store, print_json, print_line, print_table
from siuo_dash.cli.stated import as_stated, published, with_facts
from siuo_dash.errors import Finding, SubmissionError
from siuo_dash.ingest.files import MAX_FILE
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.reader_process import validate as validate_files
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, UploadedFile, about_run, each_run
from siuo_dash.report.file_findings import by_kind
from siuo_dash.report.upload import recognised
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.text import fraction, interval, percent


def validate(
    files: FilesArgument,
    data: DataOption = SHIPPED,
    mapping: MappingOption = None,
    save_mapping: SaveMappingOption = None,
    json: JsonOption = False,
) -> None:
    """Read, score and examine result files. Exit code 0: they can be published; 1: they cannot; 2: wrong usage."""
    submission = _read(files, data, mapping, save_mapping)
    known = _twins(submission, data)
    if json:
        print_json(_report(submission, None, known))
    else:
        _print(submission, known)
    if not submission.ok:
        raise typer.Exit(1)


@with_facts(model="required, unless --all-runs finds the models' names", judge="as the files say")
def submit(
    files: FilesArgument,
    data: DataOption = SHIPPED,
    mapping: MappingOption = None,
    save_mapping: SaveMappingOption = None,
    all_runs: Annotated[
        bool, typer.Option("--all-runs", help="Publish every run that the files hold, each as a run of its own.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    json: JsonOption = False,
    **stated: Any,
) -> None:
    """Publish the run in these files; the last line is its run_id. What the files say need not be given again."""
    if stated["model"] is None and not all_runs:
        raise typer.BadParameter("a run needs a model", param_hint="--model")
    submission = _read(files, data, mapping, save_mapping)
    runs = {"": submission}
    if all_runs and not submission.reading.runs:
        raise SubmissionError("the files hold one run", where="--all-runs", hint="leave it out")
    if all_runs:
        dropped, catalogue = _files(files), read_catalogue(data / "samples.csv")
        runs = each_run(lambda chosen: validate_files(dropped, catalogue, chosen), submission.reading)
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
        run_id, known = None, _twins(each, data)
        if are_fine:
            run_id, refused = published(each.to_table(described[name]), described[name], data, dry_run=dry_run)
            wrong[name] += [refused] if refused else []
        reports.append(({"run": name} if name else {}) | _report(each, run_id, [*wrong[name], *known]))
        if json:
            continue
        if name:
            print_line(f"run: {name}")
        _print(each, [*wrong[name], *known])
        if run_id is not None and not wrong[name]:
            print_line("not published: --dry-run" if dry_run else "published")
            print_line(str(run_id))
    if json:
        print_json(reports if all_runs else reports[0])
    if not are_fine or any(wrong.values()):
        raise typer.Exit(1)


def _read(paths: list[Path], data: Path, mapping: Path | None, save_mapping: Path | None) -> Submission:
    """The submission of these files; its mapping is written to `save_mapping`, where there is one."""
    submission = _examined(paths, data, mapping)
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


def _examined(paths: list[Path], data: Path, mapping: Path | None) -> Submission:
    chosen = None
    if mapping is not None:
        try:
            chosen = Mapping.from_json(mapping.read_bytes(), where=mapping.name)
        except SubmissionError as error:
            raise typer.BadParameter(str(error), param_hint="--mapping") from error
    catalogue = read_catalogue(data / "samples.csv")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=len(paths) == 1) as bar:
        task = bar.add_task("Reading", total=len(paths) + 1)
        files = _files(paths, lambda: bar.advance(task))
        bar.update(task, description="Examining")
        return validate_files(files, catalogue, chosen)


def _files(paths: list[Path], after_each: Callable[[], None] = lambda: None) -> list[UploadedFile]:
    files = []
    for path in paths:
        with path.open("rb") as file:  # one byte beyond the limit tells that it is too large
            files.append(UploadedFile(path.name, file.read(MAX_FILE + 1)))
        after_each()
    return files


def _twins(submission: Submission, data: Path) -> list[Finding]:
    """Runs that are there already with the same responses, as warnings."""
    if not submission.ok:
        return []
    return twins.findings(open_store(data), submission.to_table(RunMetadata("x", "x")))


def _report(submission: Submission, run_id: str | None, more: list[Finding]) -> dict[str, Any]:
    """The JSON of a submission with what was found beyond its files."""
    report = submission.as_json(run_id, limits)
    for severity, part in (("error", "errors"), ("warning", "warnings")):
        report[part] = [*report[part], *(finding.as_dict() for finding in more if finding.severity == severity)]
    return report | {"ok": not report["errors"]}


def _print(submission: Submission, more: list[Finding]) -> None:
    print_line(recognised(submission))
    for role in submission.reading.roles:
        print_line(str(role))
    for finding, count in by_kind([*more, *submission.findings]):
        print_line(f"{finding.severity}: {finding}" + (f" (and {count - 1:,} more of this kind)" if count > 1 else ""))
        for detail in finding.details:
            print_line(f"    {detail}")
    if not submission.scores:
        return
    printed = submission.as_released.as_dict() or {}
    rows = []
    for metric, tally in submission.scores.items():
        released = printed.get(metric)
        rows.append(
            (
                METRICS[metric].label,
                percent(tally.rate, 2),
                interval(*limits(tally.k, tally.n), 2),
                fraction(tally.k, tally.n),
                "" if released is None else f"{released:.6f}" if metric == "mcqa" else f"{released:.2f}",
            )
        )
    print_table(("Score", "Rate", "95 % interval", "Count", "Released script prints"), rows)
