"""Carries a plan out with Inspect AI. Its status, success and exit code are not believed: the answers are counted."""

from __future__ import annotations

import ctypes
import gc
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from inspect_ai import Task
from inspect_ai import eval as run_tasks
from inspect_ai.hooks import Hooks, ModelRetry, hooks
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, Model, ModelCall, ModelOutput, get_model

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.answers import Answers
from siuo_dash.evaluate.asking import Asking, Progress, Stop, without_keys, without_secrets, words_of
from siuo_dash.evaluate.folder import LOGS
from siuo_dash.evaluate.material import Material, forget_pictures
from siuo_dash.evaluate.plan import CHOICE, GENERATION, Operation, Plan
from siuo_dash.evaluate.tasks import GRADER, RUNNING, Running, siuo_choice, siuo_generation

_NO_MODEL: Final = "none/none"
_asking: Asking | None = None


@hooks(name="siuo_retries", description="counts the calls that are tried again")
class Retries(Hooks):
    """Tells the run that is carried out when a call is tried again."""

    def enabled(self) -> bool:
        return _asking is not None

    async def on_model_retry(self, data: ModelRetry) -> None:
        if _asking is not None:
            _asking.retrying(data.model_name)


def carry_out(
    plan: Plan,
    operation: Operation,
    material: Material,
    folder: Path,
    answers: Answers,
    tell: Callable[[Progress], None],
) -> Asking:
    """Ask for everything that is missing, and again for what failed, until nothing more comes; the counts are in it.

    EvaluationError before anything is asked, where the engine does not know a model's name or has no key.
    """
    models = _models(plan, operation)
    asking = Asking(plan, operation, answers, tell)
    running = Running(
        material,
        asking,
        plan.judge_sees_picture,
        {
            "response": GenerateConfig(temperature=plan.temperature, max_tokens=plan.max_tokens),
            "choice": GenerateConfig(temperature=0, max_tokens=plan.choice_max_tokens),
            "safety": GenerateConfig(temperature=0, max_tokens=plan.judge_max_tokens),
            "effectiveness": GenerateConfig(temperature=0, max_tokens=plan.judge_max_tokens),
        },
    )
    token = RUNNING.set(running)
    try:
        for _ in range(max(1, operation.passes)):
            here = asking.progress.here
            if asking.progress.done < asking.progress.planned and asking.stop is None:
                asking.begin()
                _one_pass(plan, operation, models, folder, asking)
            if asking.progress.done >= asking.progress.planned or asking.progress.here == here or asking.stop:
                break
    finally:
        RUNNING.reset(token)
        forget_pictures()
        _give_memory_back()
    return asking


def _one_pass(plan: Plan, operation: Operation, models: dict[str, Model], folder: Path, asking: Asking) -> None:
    """Run the tasks over all samples once; answers that are there already cost no call."""
    global _asking
    made: dict[str, Callable[[], Task]] = {
        GENERATION: lambda: siuo_generation(responses=plan.responses),
        CHOICE: siuo_choice,
    }
    place = folder / LOGS
    before = set(place.glob("*.eval")) if place.is_dir() else set()
    connections = operation.connections
    _asking = asking
    try:
        # The engine keeps traces in the home directory.
        with tempfile.TemporaryDirectory(prefix="siuo-") as scratch:
            os.environ["XDG_DATA_HOME"] = scratch
            logs = run_tasks(
                [made[name]() for name in (GENERATION, CHOICE) if name in plan.tasks],
                model=models.get("model", _NO_MODEL),
                model_roles={GRADER: models["judge"]} if "judge" in models else None,
                log_dir=str(place),
                display="none",
                log_level="error",
                fail_on_error=True,
                continue_on_fail=True,
                log_images=False,
                log_model_api=False,
                log_realtime=False,
                score_display=False,
                max_tasks=2,
                max_samples=2 * (connections or 100),  # as many wait for the model as for the judge
                **({"max_connections": connections} if connections else {"adaptive_connections": True}),
            )
    except KeyboardInterrupt:
        asking.end(Stop("interrupted", "interrupted"))
        return
    except Exception as error:  # the engine itself failed: what was answered is kept, and the reason said
        raise EvaluationError(f"the engine failed: {words_of(error)}", where="Inspect AI") from error
    finally:
        _asking = None
    if any(log.status == "cancelled" for log in logs):
        asking.end(Stop("interrupted", "interrupted"))
    elif all(_is_written(log) for log in logs):
        for old in before:  # the newest logs hold all that the older ones do
            old.unlink(missing_ok=True)


def _without_keys(model: Model) -> Model:
    """The model, whose errors hold no key: a server may send it back, and the engine logs what it said."""
    asked = model.api.generate

    async def generate(*arguments: Any, **named: Any) -> Any:
        try:
            result = await asked(*arguments, **named)
        except Exception as error:
            without_keys(error)
            raise
        for each in result if isinstance(result, tuple) else (result,):
            if isinstance(each, Exception):
                without_keys(each)
            elif isinstance(each, ModelOutput) and each.error:
                each.error = without_secrets(each.error)
            elif isinstance(each, ModelCall) and each.error:  # logged whatever log_model_api says
                each.response = None
        return result

    model.api.generate = generate  # type: ignore[method-assign]
    return model


def _give_memory_back() -> None:
    """What the calls held is free before the results are read; glibc keeps it otherwise."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _is_written(log: EvalLog) -> bool:
    return bool(log.location) and log.status in ("success", "error")


def _models(plan: Plan, operation: Operation) -> dict[str, Model]:
    """The model and the judge, each with its own limits: a role takes only some from the task."""
    found: dict[str, Model] = {}
    for role, name, url in (
        ("model", plan.model, operation.base_url),
        ("judge", plan.judge, operation.judge_base_url),
    ):
        if not name:
            continue
        more: dict[str, Any] = {"base_url": url} if url else {}
        config = GenerateConfig(
            max_retries=operation.retries,
            attempt_timeout=operation.attempt_timeout,
            max_connections=operation.connections,
            batch=operation.batch or None,
        )
        try:
            found[role] = _without_keys(get_model(name, config=config, memoize=False, **more))
        except Exception as error:
            hint = "see docs/evaluate.md for names, keys and addresses"
            raise EvaluationError(words_of(error), where=f"--{role} {name}", hint=hint) from error
    return found
