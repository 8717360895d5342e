"""The command that takes a published figure in: counts or printed rates, checked and published as a run of totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import BENCHMARK, DOMAIN_LABELS, METRICS
from siuo_dash.benchmark.totals import COUNTS
from siuo_dash.cli.options import DataOption, JsonOption
from siuo_dash.cli.output import print_json, print_line, print_table
from siuo_dash.cli.stated import as_stated, published, with_facts
from siuo_dash.errors import Finding
from siuo_dash.ingest.published_figure import DOMAIN_COLUMNS, Printed, PublishedFigure, read_domain_rows, read_printed
from siuo_dash.report.published_figure import scores
from siuo_dash.settings.paths import USUAL
from siuo_dash.store.sample_sets import find
from siuo_dash.text import fraction

_PRINTED = "as printed: a count (89) or a rate in percent (53.29%)"
_DOMAINS = f"A CSV with {', '.join(DOMAIN_COLUMNS)}: the figures by domain, of as many domains as are printed."


@with_facts(model="required", judge="required", source="required")
def submit_published(
    safe: Annotated[str, typer.Option(help=f"Safe, {_PRINTED}.")] = "",
    effective: Annotated[str, typer.Option(help=f"Effective, {_PRINTED}.")] = "",
    both: Annotated[str, typer.Option(help=f"Safe & Effective, {_PRINTED}.")] = "",
    n: Annotated[
        int | None, typer.Option("--n", help="How many samples the figures are over.", show_default="all of the set")
    ] = None,
    responses: Annotated[int | None, typer.Option(help="Responses a sample.", show_default="not stated")] = None,
    by_domain: Annotated[
        Path | None, typer.Option("--by-domain", exists=True, dir_okay=False, readable=True, help=_DOMAINS)
    ] = None,
    sample_set: Annotated[str, typer.Option("--set", help="The sample set, as `sets list` names it.")] = BENCHMARK,
    data: DataOption = USUAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    json: JsonOption = False,
    **stated: Any,
) -> None:
    """Publish what a paper or page prints, without its verdicts; the last line is the run_id. --source is needed."""
    rows = read_domain_rows(by_domain.read_text(encoding="utf-8-sig")) if by_domain else []
    samples = find(data, sample_set)
    figure = read_printed(Printed(len(samples) if n is None else n, safe, effective, both, responses, rows), samples)
    metadata = replace(RunMetadata("", submitted_at=datetime.now(UTC)), **as_stated(stated))
    wrong, run_id = figure.check_metadata(metadata), None
    if figure.ok and not wrong:
        run_id, refused = published(figure.to_table(metadata), metadata, data, dry_run=dry_run)
        wrong = [refused] if refused else []
    if json:
        print_json(figure.as_json(run_id, wrong))
    else:
        _print(figure, wrong)
    if wrong or not figure.ok:
        raise typer.Exit(1)
    if not json:
        print_line("not published: --dry-run" if dry_run else "published")
        print_line(str(run_id))


def _print(figure: PublishedFigure, more: list[Finding]) -> None:
    for line in figure.read:
        print_line(line)
    for finding in [*more, *figure.findings]:
        print_line(f"{finding.severity}: {finding}")
    if not figure.ok:
        return
    scored = scores(figure)
    print_table(tuple(scored.columns), list(scored.itertuples(index=False, name=None)))
    if figure.domains:
        given = [(DOMAIN_LABELS[domain], n, counts) for domain, (n, counts) in figure.domains.items()]
        domains = [(label, *("" if k is None else fraction(k, n) for k in counts)) for label, n, counts in given]
        print_table(("Domain", *(METRICS[name].label for name in COUNTS)), domains)
