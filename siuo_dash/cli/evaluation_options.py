"""Options of commands that ask models, and those that `evaluate` and `judge` share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.cli.options import DataOption, JsonOption
from siuo_dash.evaluate import address
from siuo_dash.evaluate.budget import read_price
from siuo_dash.evaluate.plan import Operation
from siuo_dash.evaluate.rubric import OFFICIAL
from siuo_dash.settings.paths import USUAL
from siuo_dash.store.sample_sets import find

FOUND: Final = ("model", "judge", "source_status", "evaluated_on")
"""Facts about a run that an evaluation knows itself."""


@dataclass(frozen=True)
class CallOptions:
    """How models are asked; an option a field."""

    base_url: Annotated[
        str, typer.Option(help="The address of an OpenAI-compatible server, for openai-api/NAME/MODEL.")
    ] = ""
    connections: Annotated[
        str, typer.Option(help="Calls at once to each model, or adaptive: more while the server allows it.")
    ] = "20"
    retries: Annotated[int, typer.Option(min=0, help="How often a call that failed is tried again.")] = 6
    attempt_timeout: Annotated[int, typer.Option(min=1, help="Seconds that one try may take.")] = 120
    batch: Annotated[bool, typer.Option("--batch", help="Use the provider's batch API: cheaper, and slower.")] = False
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL=IN,OUT", help="US dollars a million tokens; may be repeated."),
    ] = None
    max_cost: Annotated[float | None, typer.Option(min=0, help="Ask nothing more beyond so many US dollars.")] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, ask nothing.")] = False
    json: JsonOption = False

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Self:
        """These options out of all that a command was given, where the facts about the run are left."""
        return cls(**{each.name: given.pop(each.name) for each in fields(cls)})

    def operation(self) -> Operation:
        """How the calls are made."""
        is_number = self.connections.isdecimal() and 1 <= int(self.connections) <= 10_000
        if self.connections != "adaptive" and not is_number:
            raise typer.BadParameter(f"{self.connections} is neither a number nor adaptive", param_hint="--connections")
        if self.base_url:
            address.check("--base-url", self.base_url)
        return Operation(
            base_url=self.base_url,
            connections=int(self.connections) if is_number else None,
            retries=self.retries,
            attempt_timeout=self.attempt_timeout,
            batch=self.batch,
            max_cost=self.max_cost,
            prices=dict(map(read_price, self.price or ())),
        )


@dataclass(frozen=True)
class Options(CallOptions):
    """What `evaluate` and `judge` take; an option a field."""

    judge: Annotated[str | None, typer.Option(help="The judge, PROVIDER/NAME: openai/gpt-4o-mini-2024-07-18.")] = None
    to: Annotated[
        Path | None, typer.Option(help="The run's folder.", show_default="siuo-runs/MODEL-JUDGE-…", file_okay=False)
    ] = None
    data: DataOption = USUAL
    judge_base_url: Annotated[str, typer.Option(help="The same for the judge.")] = ""
    rubric: Annotated[str, typer.Option(help="official, or a folder with safe.txt, effective.txt and choice.txt.")] = (
        OFFICIAL
    )
    samples: Annotated[
        str | None,
        typer.Option(help="Only these: ids with commas between; a sample set: SET; or SET:ids.", show_default="all"),
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N samples.")] = None
    judge_picture: Annotated[bool, typer.Option(help="Whether the judge sees the picture.")] = True
    judge_max_tokens: Annotated[int, typer.Option(min=1, help="Tokens that a verdict may have.")] = 200
    give_up: Annotated[
        int | None,
        typer.Option(min=1, help="Ask no more for what the provider refused N times.", show_default="never"),
    ] = None
    publish: Annotated[bool, typer.Option("--publish", help="Publish the run when it is complete.")] = False
    partial: Annotated[
        bool, typer.Option("--partial", help="Publish what is there, also where something is missing.")
    ] = False
    name: Annotated[str, typer.Option(help="The model's name on the board.", show_default="as it is asked for")] = ""

    def ids(self) -> tuple[int, ...]:
        """The chosen samples; () = all."""
        named, given = self._named()
        wanted = words_in(given)
        wrong = [each for each in wanted if not each.isdecimal()]
        if wrong or (self.samples is not None and not wanted and not named):
            raise typer.BadParameter(f"not an id: {wrong[0] if wrong else self.samples}", param_hint="--samples")
        if wanted or self.limit is None:
            return tuple(sorted({int(each) for each in wanted}))[: self.limit]
        return tuple(sorted(find(self.data, self.set_id()).by_id))[: self.limit]

    def set_id(self) -> str:
        """The sample set: the one that --samples names, else the benchmark's own. NoSampleSet where there is none."""
        return self.named_set() or BENCHMARK

    def named_set(self) -> str | None:
        """The sample set that --samples names, if any. NoSampleSet where there is none of that name."""
        named = self._named()[0] or None
        return named if named in (None, BENCHMARK) else find(self.data, named).sample_set

    def _named(self) -> tuple[str, str]:
        """The set and the ids that --samples names; '' for either."""
        first, _, rest = (self.samples or "").partition(":")
        return (first.strip(), rest) if re.search("[a-z]", first) else ("", self.samples or "")

    def run_operation(self, before: Mapping[str, str] | None = None) -> Operation:
        """How the run is carried out. before: the settings of an earlier try, where none is given now."""
        known = before or {}
        urls: dict[str, Any] = {
            name: getattr(self, name) or known.get(name, "") for name in ("base_url", "judge_base_url")
        }
        for name, url in urls.items():
            if url:
                address.check(f"--{name.replace('_', '-')}", url)
        return replace(self.operation(), give_up=self.give_up or 0, **urls)


def words_in(text: str) -> list[str]:
    """Words with commas between."""
    return [each.strip() for each in text.split(",") if each.strip()]
