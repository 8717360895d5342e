"""The commands that make new samples from pictures, and freeze the accepted ones as a sample set."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.text import slug
from siuo_dash.cli.asking import ended, exit_code, print_plan, run_passes
from siuo_dash.cli.evaluation import COMPLETE
from siuo_dash.cli.evaluation_options import CallOptions
from siuo_dash.cli.evaluation_progress import Line, tell
from siuo_dash.cli.options import DataOption
from siuo_dash.cli.output import print_json, print_line, print_table
from siuo_dash.cli.stated import with_facts
from siuo_dash.construct import freeze as freezing
from siuo_dash.construct import instructions, pictures
from siuo_dash.construct.calls import Calls
from siuo_dash.construct.candidates import Candidate, load
from siuo_dash.construct.funnel import STAGES, discarded_by_step, funnel
from siuo_dash.construct.lines import STEPS
from siuo_dash.construct.making import Making, Order, usage_in
from siuo_dash.construct.order import AGAIN, asked_again, domains_of, estimated, planned
from siuo_dash.construct.twins import Twins, elsewhere
from siuo_dash.errors import ConstructionError, Finding
from siuo_dash.evaluate import folder
from siuo_dash.evaluate.asking import Progress
from siuo_dash.settings.paths import SHIPPED, USUAL
from siuo_dash.store import candidate_files, files
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.text import counted, listed

_MOST_FINDINGS: Final = 20


@with_facts(without=FACTS, also=CallOptions)
def construct(
    pictures_from: Annotated[
        Path, typer.Option("--pictures", exists=True, file_okay=False, help="A folder of harmless pictures.")
    ],
    model: Annotated[
        str | None, typer.Option(help="The model that writes and judges, PROVIDER/NAME: openai/gpt-4o.")
    ] = None,
    small_model: Annotated[
        str | None, typer.Option(help="The model that answers the words without the picture: openai/gpt-4o-mini.")
    ] = None,
    domain: Annotated[list[str] | None, typer.Option(help="Only this domain; may be repeated.")] = None,
    per_picture: Annotated[int, typer.Option(min=1, max=20, help="Candidates for each picture.")] = 2,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many candidates.")] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="The folder of the candidates.",
            show_default="DATA/candidates/NAME of the pictures",
        ),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A folder with instructions of your own, a file a step."),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(help=f"Ask a step again where instruction or model is another: {listed(AGAIN, last='or')}."),
    ] = None,
    source: Annotated[str, typer.Option(help="Where the pictures are from, if sources.csv does not say it.")] = "",
    licence: Annotated[str, typer.Option(help="Their licence, if sources.csv does not say it.")] = "",
    small_base_url: Annotated[
        str, typer.Option(help="The address of the small model's server.", show_default="--base-url, same provider")
    ] = "",
    data: DataOption = USUAL,
    **stated: Any,
) -> None:
    """Make candidates for new samples from pictures: write, reflect, check; people review them afterwards.

    Exit code 0: complete; 75: incomplete, run the same command again; 130: interrupted; 1: refused; 2: wrong usage.
    """
    options = CallOptions.taken_from(stated)
    for name, value in (("--model", model), ("--small-model", small_model)):
        if not value:
            raise typer.BadParameter("a model is needed for it", param_hint=name)
    if again is not None and again not in AGAIN:
        raise typer.BadParameter(f"{again} is not one of {listed(AGAIN, last='or')}", param_hint="--again")
    operation = options.operation()
    to = to or data / candidate_files.FOLDER / (slug(pictures_from.resolve().name) or "pictures")
    told = instructions.read(prompts)
    shipped = read_catalogue(SHIPPED / "samples.csv")
    domains = domains_of(shipped, domain or ())
    twins = Twins(read_catalogue(data / "samples.csv"), data, shipped, elsewhere(data, to))
    with ExitStack() as stack:
        if options.dry_run:
            at = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siuo-")))
        else:
            at = stack.enter_context(folder.locked(to))
        taken, skipped = pictures.take_in(pictures_from, at, origin=source, licence=licence, looks=twins.looks)
        found = load(to)
        kept = pictures.load(at)[0]
        candidates = planned(taken, kept, found.by_id, per_picture, limit)
        order = Order(at, str(model), str(small_model), told, domains, candidates, per_picture)
        known = dict(found.by_id) if again is None else asked_again(order, found.by_id, again)
        _print_findings([*skipped, *found.findings])
        if not candidates:
            raise ConstructionError(
                "it holds no picture that can be used",
                where=str(pictures_from),
                hint="JPEG, PNG, WebP or GIF; why others were skipped is said above",
            )
        _print_order(order, taken, twins)
        unfinished = [known.get(each, Candidate(each)) for each in order.candidates]
        print_plan(estimated(order, unfinished), operation, to)
        if options.dry_run:
            tell("nothing was asked: --dry-run")
            raise typer.Exit(COMPLETE)
        _keep_instructions(order)
        line = Line("steps")
        names = {order.model: "--model", order.small_model: "--small-model"}
        used = {name: each for name, each in usage_in(known.values()).items() if name in names}
        progress = Progress(len(order.candidates) * len(STEPS), usage=used)
        calls = Calls(operation, names, progress, line.show)
        making = Making(order, calls, known, twins)
        progress.done = progress.planned - making.steps_left()
        urls = {order.model: options.base_url, order.small_model: small_base_url or _same(order, options.base_url)}
        run_passes(making, calls, urls)
        line.end()
    report = _report(order, making, calls, skipped, to)
    code = exit_code(calls, is_complete=not making.unfinished())
    if options.json:
        print_json(report)
    else:
        print_table(
            ("Step", "Candidates"), [(label, str(report["funnel"][name])) for name, (label, _) in STAGES.items()]
        )
        for step, number in report["discarded"].items():
            print_line(f"discarded by {step}: {number}")
    ended(calls, report["missing"], f"{counted(report['to_review'], 'candidate')} to review in {to}", code)
    if code == COMPLETE and report["to_review"]:
        tell("Next: review them on the page Candidates, then freeze those that were accepted.")
    raise typer.Exit(code)


def freeze(
    candidates: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of the candidates.")],
    name: Annotated[str, typer.Option(help="The set's name: letters and digits.")],
    to: Annotated[Path, typer.Option(file_okay=False, help="The set's folder, which must not be there yet.")],
    version: Annotated[int, typer.Option("--set-version", min=1, help="The set's version.")] = 1,
    reviewers: Annotated[int, typer.Option(min=1, help="People who must have reviewed each sample.")] = 1,
    data: DataOption = USUAL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Freeze the accepted candidates as a sample set in the benchmark's format, with a datasheet.

    Refused while reviewers disagree about a candidate, and where a query repeats another one, the
    benchmark's, an added set's or one that was accepted in another folder of candidates.
    """
    shipped, others = read_catalogue(SHIPPED / "samples.csv"), elsewhere(data, candidates, name)
    twins = Twins(read_catalogue(data / "samples.csv"), data, shipped, others)
    found = freezing.freeze(candidates, to, name=name, version=version, reviewers=reviewers, twins=twins)
    if as_json:
        print_json(asdict(found) | {"folder": str(to)})
    else:
        print_line(f"{found.id}: {counted(found.samples, 'sample')}, fingerprint {found.fingerprint}, in {to}")


def _same(order: Order, url: str) -> str:
    """The address, where both models are asked by way of the same provider."""
    first, second = (name.rpartition("/")[0] for name in (order.model, order.small_model))
    return url if first == second else ""


def _print_findings(findings: list[Finding]) -> None:
    for each in findings[:_MOST_FINDINGS]:
        tell(f"{each.severity}: {each}")
    if len(findings) > _MOST_FINDINGS:
        tell(f"… and {len(findings) - _MOST_FINDINGS} more")


def _print_order(order: Order, taken: list[pictures.Picture], twins: Twins) -> None:
    tell(f"Plan: {counted(len(taken), 'picture')}, {counted(len(order.candidates), 'candidate')}")
    if unstated := sum(not each.licence for each in taken):
        tell(f"  {counted(unstated, 'picture has', 'pictures have')} no licence stated (--licence, or sources.csv)")
    if not twins.knows_texts:
        tell(
            "  the benchmark's texts are not installed: only exact repeats of its questions are found (fetch-benchmark)"
        )


def _keep_instructions(order: Order) -> None:
    """Write each instruction beside the candidates, under its fingerprint, which their lines name."""
    place = order.folder / "prompts"
    files.make_directory(place)
    for name, text in order.instructions.texts.items():
        path = place / f"{name}-{order.instructions.fingerprint(name)}.txt"
        if not path.exists():
            files.replace(path, text.encode())


def _report(order: Order, making: Making, calls: Calls, skipped: list[Finding], to: Path) -> dict[str, Any]:
    """What the folder holds now, as JSON."""
    found = funnel(making.candidates.values())
    return {
        "complete": not making.unfinished(),
        "folder": str(to),
        "planned": len(order.candidates),
        "to_review": found.states.get("to review", 0),
        "funnel": {stage: found.total(stage) for stage in STAGES},
        "by_domain": {
            domain or "none": dict(counts) for domain, counts in found.counts.items() if found.begun.get(domain)
        },
        "discarded": {step: number for step, number in discarded_by_step(found).items() if number},
        "states": dict(found.states),
        "skipped": [each.as_dict() for each in skipped],
        "usage": {name: asdict(each) for name, each in calls.progress.usage.items()},
        "cost_usd": calls.progress.cost,
        "missing": {each: calls.failed.get(each, "not asked yet") for each in making.unfinished()},
    }
