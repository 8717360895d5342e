"""The commands that run the benchmark on a model, and judge responses that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from siuo_dash.cli.evaluation import Request, carry_out
from siuo_dash.cli.options import SHIPPED, DataOption, JsonOption
from siuo_dash.cli.stated import as_stated, with_facts
from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.budget import read_price
from siuo_dash.evaluate.plan import GENERATION, TASKS, Operation, Plan
from siuo_dash.evaluate.rubric import OFFICIAL
from siuo_dash.store.catalogue_file import read_catalogue

_FOUND = ("model", "judge", "source_status", "evaluated_on")
"""Facts that an evaluation knows itself."""
JudgeOption = Annotated[
    str | None, typer.Option("--judge", help="The judge, PROVIDER/NAME: openai/gpt-4o-mini-2024-07-18.")
]
ToOption = Annotated[
    Path | None,
    typer.Option("--to", help="The run's folder.", show_default="siuo-runs/MODEL-JUDGE-…", file_okay=False),
]
UrlOption = Annotated[
    str, typer.Option("--base-url", help="The address of an OpenAI-compatible server, for openai-api/NAME/MODEL.")
]
JudgeUrlOption = Annotated[str, typer.Option("--judge-base-url", help="The same for the judge.")]
RubricOption = Annotated[
    str, typer.Option("--rubric", help="official, or a folder with safe.txt, effective.txt and choice.txt.")
]
SamplesOption = Annotated[
    str | None, typer.Option("--samples", help="Only these: ids with commas between.", show_default="all")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N samples.")]
PictureOption = Annotated[
    bool, typer.Option("--judge-picture/--no-judge-picture", help="Whether the judge sees the picture.")
]
JudgeTokensOption = Annotated[int, typer.Option("--judge-max-tokens", min=1, help="Tokens that a verdict may have.")]
ConnectionsOption = Annotated[
    str, typer.Option("--connections", help="Calls at once to each model, or adaptive: more while the server allows.")
]
RetriesOption = Annotated[int, typer.Option("--retries", min=0, help="How often a call is tried again.")]
TimeoutOption = Annotated[int, typer.Option("--attempt-timeout", min=1, help="Seconds that one try may take.")]
BatchOption = Annotated[bool, typer.Option("--batch", help="Use the provider's batch API: cheaper, and slower.")]
PriceOption = Annotated[
    list[str], typer.Option("--price", metavar="MODEL=IN,OUT", help="US dollars a million tokens; may be repeated.")
]
MaxCostOption = Annotated[float | None, typer.Option("--max-cost", min=0, help="Ask nothing more beyond so many US $.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan, ask nothing.")]
PublishOption = Annotated[bool, typer.Option("--publish", help="Publish the run when it is complete.")]
PartialOption = Annotated[
    bool, typer.Option("--partial", help="Publish it also where something is missing: what is there.")
]
NameOption = Annotated[str, typer.Option("--name", help="The model's name on the board.", show_default="as in --model")]


@with_facts(without=_FOUND)
def evaluate(
    model: Annotated[
        str | None, typer.Option("--model", help="The model, PROVIDER/NAME: openai/gpt-4o, ollama/llava.")
    ] = None,
    judge: JudgeOption = None,
    to: ToOption = None,
    data: DataOption = SHIPPED,
    base_url: UrlOption = "",
    judge_base_url: JudgeUrlOption = "",
    tasks: Annotated[str, typer.Option("--tasks", help="generation, choice, or both.")] = "generation,choice",
    responses: Annotated[int, typer.Option("--responses", min=1, max=100, help="Responses to each sample.")] = 3,
    samples: SamplesOption = None,
    limit: LimitOption = None,
    rubric: RubricOption = OFFICIAL,
    judge_picture: PictureOption = True,
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, help="Of responses.", show_default="the provider's own")
    ] = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Tokens that a response may have.")] = 500,
    judge_max_tokens: JudgeTokensOption = 200,
    choice_max_tokens: Annotated[
        int, typer.Option("--choice-max-tokens", min=1, help="Tokens that a choice may have.")
    ] = 5,
    connections: ConnectionsOption = "20",
    retries: RetriesOption = 6,
    attempt_timeout: TimeoutOption = 120,
    batch: BatchOption = False,
    price: PriceOption = [],  # noqa: B006 - typer copies it
    max_cost: MaxCostOption = None,
    dry_run: DryRunOption = False,
    publish: PublishOption = False,
    partial: PartialOption = False,
    name: NameOption = "",
    json: JsonOption = False,
    **stated: Any,
) -> None:
    """Run the benchmark on a model, have its responses judged, and publish the run.

    Exit code 0: complete; 75: incomplete, run the same command again; 130: interrupted; 1: refused; 2: wrong usage.
    """
    if model is None:
        raise typer.BadParameter("a run needs a model", param_hint="--model")
    chosen = tuple(task for task in TASKS if task in _words(tasks))
    if unknown := set(_words(tasks)) - set(TASKS):
        raise typer.BadParameter(f"{sorted(unknown)[0]} is no task: generation, choice", param_hint="--tasks")
    if GENERATION in chosen and judge is None:
        raise typer.BadParameter("the generation task needs a judge", param_hint="--judge")
    plan = Plan(
        model=model,
        judge=(judge or "") if GENERATION in chosen else "",
        samples=_ids(samples, limit, data),
        rubric="",
        tasks=chosen,
        responses=responses,
        judge_sees_picture=judge_picture,
        temperature=temperature,
        max_tokens=max_tokens,
        judge_max_tokens=judge_max_tokens,
        choice_max_tokens=choice_max_tokens,
    )
    operation = _operation(base_url, judge_base_url, connections, retries, attempt_timeout, batch, price, max_cost)
    request = Request(plan, operation, data, rubric, to, {}, name, publish, partial, dry_run, json, as_stated(stated))
    raise typer.Exit(carry_out(request))


def _operation(
    base_url: str,
    judge_base_url: str,
    connections: str,
    retries: int,
    attempt_timeout: int,
    batch: bool,
    price: list[str],
    max_cost: float | None,
) -> Operation:
    """How a run is carried out, of its options."""
    if connections != "adaptive" and not (connections.isdecimal() and 1 <= int(connections) <= 10_000):
        raise typer.BadParameter(f"{connections} is neither a number nor adaptive", param_hint="--connections")
    for name, url in (("--base-url", base_url), ("--judge-base-url", judge_base_url)):
        _check_url(name, url)
    return Operation(
        base_url=base_url,
        judge_base_url=judge_base_url,
        connections=None if connections == "adaptive" else int(connections),
        retries=retries,
        attempt_timeout=attempt_timeout,
        batch=batch,
        max_cost=max_cost,
        prices=dict(map(read_price, price)),
    )


def _check_url(name: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        hint = "write it like http://127.0.0.1:8000/v1"
        raise EvaluationError(f"not a web address: {url}", where=name, hint=hint)
    if parts.username or parts.password:
        hint = "leave it out, and give the key in the environment: NAME_API_KEY for openai-api/NAME/MODEL"
        raise EvaluationError("a password in an address would be seen by everybody", where=name, hint=hint)


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _ids(samples: str | None, limit: int | None, data: Path) -> tuple[int, ...]:
    """The chosen samples' ids; () = all."""
    if samples is not None:
        wrong = [each for each in _words(samples) if not each.isdecimal()]
        if wrong or not _words(samples):
            raise typer.BadParameter(f"not an id: {wrong[0] if wrong else samples}", param_hint="--samples")
        ids = sorted({int(each) for each in _words(samples)})
    elif limit is None:
        return ()
    else:
        ids = sorted(read_catalogue(data / "samples.csv").by_id)
    return tuple(ids[:limit])
