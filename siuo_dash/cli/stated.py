"""What a person states about a run on the command line: an option a fact, and the run published with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import pyarrow as pa
import typer

from siuo_dash.benchmark.fact_kinds import Choice, Day, Fact, Number, YesNo
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.errors import Finding, StoreError, SubmissionError
from siuo_dash.store.registry import AlreadyPublished, publish


def with_facts(
    without: Collection[str] = (), also: type | None = None, **defaults: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command with an option for each fact about a run, which it takes as **stated: typer reads the signature.

    without: facts that the command finds itself. also: a dataclass whose fields are options too, with their defaults.
    defaults: what the help says of a fact that is left out.
    """
    return lambda command: _with_facts(command, without, also, defaults)


def _with_facts(
    command: Callable[..., None], without: Collection[str], also: type | None, defaults: Mapping[str, str]
) -> Callable[..., None]:
    signature = inspect.signature(command, eval_str=True)
    files, *others = (each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD)
    facts = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None,
            annotation=_option(fact, defaults),
        )
        for name, fact in FACTS.items()
        if name not in without
    ]
    hints = get_type_hints(also, include_extras=True) if also else {}
    more = [
        inspect.Parameter(
            each.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=each.default, annotation=hints[each.name]
        )
        for each in (fields(also) if also else ())
    ]
    command.__signature__ = signature.replace(parameters=[files, *more, *facts, *others])  # type: ignore[attr-defined]
    return command


def _option(fact: Fact, defaults: Mapping[str, str]) -> Any:
    """How typer declares a fact's option."""
    kinds: dict[type[Fact], type] = {Number: float, YesNo: bool, Day: datetime}
    kind: Any = kinds.get(type(fact), str)
    more: dict[str, Any] = {}
    match fact:
        case Day():
            more = {"formats": ["%Y-%m-%d"]}
        case Choice():
            default, *others = fact.offered
            kind, more = Literal[tuple(others)], {"show_default": fact.offered[default].lower()}
    if fact.name in defaults:
        more = {"show_default": defaults[fact.name]}
    return Annotated[kind | None, typer.Option(fact.option, help=f"{fact.help}.", **more)]


def as_stated(stated: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of the facts; typer knows no days, only moments."""
    return {
        name: value.date() if isinstance(value, datetime) else value
        for name, value in stated.items()
        if value is not None
    }


def published(
    table: pa.Table, metadata: RunMetadata, data: Path, *, dry_run: bool
) -> tuple[str | None, Finding | None]:
    """The run_id, and why it was refused; of content that is in the store already, the id of the run that holds it."""
    if dry_run:
        return str(table["run_id"][0]), None
    try:
        return publish(data, table, by=metadata.trimmed("submitted_by")).run_id, None
    except AlreadyPublished as known:
        return known.existing_run_id, Finding("error", known.what, known.hint)
    except (SubmissionError, StoreError) as error:
        return None, Finding("error", error.what, error.hint, error.where)
