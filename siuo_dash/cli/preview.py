"""What the terminal shows of a submission before it is published: what was read, what was found, the scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siuo_dash.analysis import twins
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.output import open_store, print_line, print_table
from siuo_dash.errors import Finding
from siuo_dash.ingest.files import MAX_FILE
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report.file_findings import by_kind
from siuo_dash.report.upload import recognised
from siuo_dash.text import fraction, interval, percent


def files_of(paths: list[Path], after_each: Callable[[], None] = lambda: None) -> list[UploadedFile]:
    """The files' names and contents, of which a file that is too large has one byte more than it may have."""
    files = []
    for path in paths:
        with path.open("rb") as file:  # one byte beyond the limit tells that it is too large
            files.append(UploadedFile(path.name, file.read(MAX_FILE + 1)))
        after_each()
    return files


def twins_of(submission: Submission, data: Path) -> list[Finding]:
    """Runs that are there already with the same responses, as warnings."""
    if not submission.ok:
        return []
    return twins.findings(open_store(data), submission.to_table(RunMetadata("x", "x")))


def print_submission(submission: Submission, more: list[Finding]) -> None:
    """Print what was read, what was found and the scores."""
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
    print_table(("Score", "Rate", "95% interval", "Count", "Released script prints"), rows)
