"""The command that checks whether pictures and words are safe alone, as the benchmark's authors did."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.cli.asking import ended, exit_code, print_plan, run_passes
from siuo_dash.cli.evaluation import COMPLETE
from siuo_dash.cli.evaluation_options import CallOptions, Options
from siuo_dash.cli.evaluation_progress import Line, tell
from siuo_dash.cli.options import DataOption
from siuo_dash.cli.output import print_json, print_line, print_table
from siuo_dash.cli.stated import with_facts
from siuo_dash.construct import instructions, pictures
from siuo_dash.construct.auditing import PUBLISHED, Audit, Subject
from siuo_dash.construct.calls import Calls
from siuo_dash.construct.candidates import load
from siuo_dash.errors import ConstructionError
from siuo_dash.evaluate import folder
from siuo_dash.evaluate.asking import Progress
from siuo_dash.evaluate.material import chosen_samples
from siuo_dash.settings.paths import USUAL
from siuo_dash.sources import benchmark_text
from siuo_dash.store import sample_sets
from siuo_dash.text import counted, interval, listed, percent

DEFAULT: Final = Path("siuo-audit")
NONE: Final = "none"
_LABELS: Final = {"picture": "picture alone", "words": "words alone"}


@with_facts(without=FACTS, also=CallOptions)
def audit(
    model: Annotated[str, typer.Option(help="The model that judges, PROVIDER/NAME: openai/gpt-4o.")],
    samples: Annotated[
        str | None,
        typer.Option(help="Ids with commas between, a SET, SET:ids, or none.", show_default="all installed"),
    ] = None,
    candidates: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="The candidates in this folder too.")
    ] = None,
    to: Annotated[Path, typer.Option(file_okay=False, help="The folder of the verdicts.")] = DEFAULT,
    prompts: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder with instructions of your own.")
    ] = None,
    data: DataOption = USUAL,
    **stated: Any,
) -> None:
    """Judge pictures and words alone: each picture without its words, each query without its picture.

    Exit codes as of `construct`.
    """
    options = CallOptions.taken_from(stated)
    operation, told = options.operation(), instructions.read(prompts)
    subjects = [*_samples(data, samples), *(_candidates(candidates) if candidates is not None else ())]
    if not subjects:
        raise ConstructionError("there is nothing to judge", where="audit", hint="give --samples or --candidates DIR")
    line = Line("verdicts")
    calls = Calls(operation, {model: "--model"}, Progress(0), line.show)
    if options.dry_run:
        print_plan(Audit(to, model, told, subjects, calls).estimated(), operation, to)
        tell("nothing was asked: --dry-run")
        raise typer.Exit(COMPLETE)
    with folder.locked(to):
        work = Audit(to, model, told, subjects, calls)
        print_plan(work.estimated(), operation, to)
        run_passes(work, calls, {model: options.base_url})
    line.end()
    missing = work.missing()
    code = exit_code(calls, is_complete=not work.unfinished())
    rates = {group: {kind: _rate(each) for kind, each in kinds.items()} for group, kinds in work.tallies().items()}
    if options.json:
        usage = {name: asdict(each) for name, each in calls.progress.usage.items()}
        report = {"complete": not missing, "model": model, "folder": str(to), "safe": rates, "published": PUBLISHED}
        print_json(
            report | {"unsafe": work.unsafe(), "missing": missing, "usage": usage, "cost_usd": calls.progress.cost}
        )
    else:
        _print(work.tallies())
    of = counted(len(subjects), "sample or candidate", "samples and candidates")
    ended(calls, missing, f"{work.judged():,} of {of} judged", code)
    raise typer.Exit(code)


def _samples(data: Path, wanted: str | None) -> list[Subject]:
    """The samples whose texts and pictures are installed; ConstructionError names wanted ones that are not."""
    if wanted == NONE:
        return []
    chosen = Options(samples=wanted, data=data)
    catalogue, ids = sample_sets.find(data, chosen.set_id()), chosen.ids()
    own = benchmark_text.read(sample_sets.home(data, catalogue.sample_set), catalogue)
    of = "" if catalogue.sample_set == BENCHMARK else f"{catalogue.sample_set}, "
    found, missing = [], []
    for question_id, sample in chosen_samples(catalogue.by_id, ids or None).items():
        text, picture = own.samples.get(question_id), own.picture(sample)
        if text is None or not text.question or picture is None:
            missing.append(str(question_id))
        else:
            found.append(Subject(f"{of}sample {question_id}", catalogue.sample_set, text.question, picture))
    hint = "run: python -m siuo_dash fetch-benchmark; or --samples none"
    if missing and (ids or not found):
        raise ConstructionError(f"not installed: {listed(missing, 12)}", where="--samples", hint=hint)
    if missing:
        tell(f"warning: not installed, and left out: {counted(len(missing), 'sample')} ({listed(missing, 12)})")
    return found


def _candidates(place: Path) -> list[Subject]:
    """The candidates that were not discarded, with their present words; those without a picture are named."""
    kept = pictures.load(place)[0]
    found, missing = [], []
    for each in load(place).by_id.values():
        if not each.text.query or each.state in ("discarded", "rejected"):
            continue
        picture = place / pictures.FOLDER / kept[each.picture].file if each.picture in kept else None
        if picture is None or not picture.is_file():
            missing.append(each.id)
        else:
            found.append(Subject(f"candidate {each.id}", "candidates", each.text.query, picture))
    if missing:
        tell(f"warning: the picture is gone of {counted(len(missing), 'candidate')} ({listed(missing, 12)})")
    return found


def _rate(tally: Tally) -> dict[str, Any]:
    low, high = limits(tally.k, tally.n)
    return {"safe": tally.k, "judged": tally.n, "of": tally.total, "rate": tally.rate, "low": low, "high": high}


def _print(tallies: dict[str, dict[str, Tally]]) -> None:
    rows = []
    for group, kinds in tallies.items():
        for kind, each in kinds.items():
            shown = f"{percent(each.rate)} ({interval(*limits(each.k, each.n))})" if each.n else percent(None)
            rows.append((group, _LABELS[kind], f"{each.k}/{each.n}", shown, str(each.ungraded)))
    print_table(("What", "Judged", "Safe", "Rate (95% interval)", "Ungraded"), rows)
    print_line(f"The benchmark's authors report {listed(percent(each, 2) for each in PUBLISHED)} for the two checks.")
