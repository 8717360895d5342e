"""A run's folder: one process at a time, one plan, the answers, the record of how the run was made, the results."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.answers import Answers
from siuo_dash.evaluate.material import Given, Material
from siuo_dash.evaluate.outcome import (
    Outcome,
    as_bytes,
    choice_rows,
    file_name,
    generation_rows,
    short_name,
)
from siuo_dash.evaluate.plan import Call, Operation, Plan
from siuo_dash.evaluate.refusals import Refused
from siuo_dash.store import files

DEFAULT: Final = "siuo-runs"
RECORD: Final = "run.json"
GIVEN: Final = "given.json"
LOGS: Final = "logs"


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """The folder, made where it is not there, for this process alone."""
    with files.explained(path):
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait for it, or give this one another folder with --to"
            raise EvaluationError("another process works in this folder", where=str(path), hint=hint) from None
        yield path
    finally:
        os.close(descriptor)


def default_name(plan: Plan, name: str = "") -> str:
    """The folder's name where none is given: the same plan, the same folder. name: of a model that is not asked."""
    return "-".join([*(file_name(each) for each in (plan.model or name, plan.judge) if each), plan.id[:8]])


def read_record(path: Path) -> dict[str, Any] | None:
    """What run.json says; None where there is none. EvaluationError where it cannot be read."""
    try:
        record = json.loads((path / RECORD).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        hint = "begin in a new folder, or take the file from a copy"
        raise EvaluationError(f"cannot be read ({error})", where=str(path / RECORD), hint=hint) from error
    if not isinstance(record, dict) or not isinstance(record.get("plan"), dict):
        raise EvaluationError("this is no record of a run", where=str(path / RECORD), hint="begin in a new folder")
    return record


def claim(path: Path, plan: Plan, settings: dict[str, Any], given: Given) -> None:
    """Write the plan down before anything is asked; EvaluationError where the folder holds another plan.

    settings: what else a later try needs to know: addresses, the rubric's folder, the data directory.
    """
    record = read_record(path)
    if record is None:
        if strange := sorted(each.name for each in path.iterdir() if not each.name.startswith(".")):
            hint = "give an empty folder or a new name with --to"
            raise EvaluationError(f"there are other files in it ({strange[0]}, …)", where=str(path), hint=hint)
        record = {"began": _now()}
    elif differences := plan.differences(record["plan"]):
        hint = "give the settings that the folder was begun with, or another folder with --to"
        raise EvaluationError("this folder holds another run: " + "; ".join(differences), where=str(path), hint=hint)
    if given and not (path / GIVEN).exists():
        files.replace(path / GIVEN, json.dumps({str(key): list(texts) for key, texts in given.items()}).encode())
    _write(path, record | {"plan": json.loads(plan.as_json()), "settings": settings})


def refused_in(path: Path, plan: Plan) -> dict[Call, Refused]:
    """What the provider refused in earlier tries, as run.json has it."""
    calls = {str(call): call for call in plan.calls()}
    noted = (read_record(path) or {}).get("missing", [])
    return {calls[each["call"]]: Refused(each["refused"], each["reason"]) for each in noted if "refused" in each}


def given_in(path: Path) -> Given:
    """The responses that were given to a run, as its folder keeps them."""
    try:
        return {int(key): texts for key, texts in json.loads((path / GIVEN).read_bytes()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise EvaluationError(f"cannot be read ({error})", where=str(path / GIVEN), hint="start again") from error


def made(plan: Plan, operation: Operation, material: Material, outcome: Outcome) -> dict[str, Any]:
    """How a run was made, for run.json and for whoever reads the published run."""
    return {
        "model": plan.model or None,
        "judge": plan.judge or None,
        "engine": f"inspect-ai {version('inspect-ai')}",
        "rubric": material.rubric.label,
        "rubric_fingerprint": material.rubric.fingerprint,
        "material_fingerprint": plan.material,
        "judge_sees_picture": plan.judge_sees_picture,
        "temperature": plan.temperature,
        "max_tokens": plan.max_tokens,
        "judge_max_tokens": plan.judge_max_tokens,
        "choice_max_tokens": plan.choice_max_tokens,
        "planned": dict(outcome.planned),
        "done": dict(outcome.done),
        "usage": {name: asdict(each) for name, each in outcome.usage.items()},
        "served": {role: dict(names) for role, names in outcome.served.items()},
        "stop_reasons": dict(outcome.stopped),
        "cost_usd": outcome.cost,
        "batch": operation.batch,
    }


def finish(
    path: Path, plan: Plan, material: Material, outcome: Outcome, answers: Answers, how: dict[str, Any], name: str
) -> list[Path]:
    """Write the result files and the record of how the run was made; the result files' paths."""
    model = file_name(plan.model or name or "given")
    tables = {
        f"siuo_gen-{model}-gpteval-merged-pro.json": generation_rows(plan, material, outcome, answers),
        f"siuo_mcqa-{model}.json": choice_rows(plan, material, answers),
    }
    written = []
    for name, rows in tables.items():
        if rows:
            files.replace(path / name, as_bytes(rows))
            written.append(path / name)
    missing = [
        {"call": str(call), "reason": reason}
        | ({"refused": outcome.refused[call].times} if call in outcome.refused else {})
        for call, reason in outcome.missing.items()
    ]
    record = read_record(path) or {}
    _write(path, record | {"ended": _now(), "complete": outcome.is_complete, "made": how, "missing": missing})
    return written


def note(how: dict[str, Any], name: str) -> str:
    """How the run was made in one line, for its note."""
    parts = [f"evaluated with siuo-dash and {how['engine']}"]
    if how["model"]:
        served = ", ".join(how["served"].get("model", {}))
        parts.append(f"{how['model']}" + (f" (served as {served})" if served and short_name(served) != name else ""))
        temperature = (
            "the provider's temperature" if how["temperature"] is None else f"temperature {how['temperature']:g}"
        )
        parts.append(f"{temperature}, at most {how['max_tokens']} tokens a response")
    return "; ".join(parts)


def _write(path: Path, record: dict[str, Any]) -> None:
    with files.explained(path):
        files.replace(path / RECORD, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
