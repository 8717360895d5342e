"""Carries a plan out with Inspect AI. Its status, success and exit code are not believed: the answers are counted."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import anyio
from inspect_ai import Task
from inspect_ai import eval as run_tasks
from inspect_ai.hooks import Hooks, ModelRetry, hooks
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessage, ContentImage, GenerateConfig, Model, ModelCall, ModelOutput, get_model

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.answers import Answer, Answers
from siuo_dash.evaluate.asking import Ask, Asking, Progress, Stop, without_keys, without_secrets, words_of
from siuo_dash.evaluate.folder import LOGS
from siuo_dash.evaluate.material import Material, forget_pictures
from siuo_dash.evaluate.pictures import stands_for
from siuo_dash.evaluate.plan import CHOICE, GENERATION, Call, Operation, Plan
from siuo_dash.evaluate.refusals import Refused
from siuo_dash.evaluate.tasks import GRADER, RUNNING, Running, answer_of, message, siuo_choice, siuo_generation

_NO_MODEL: Final = "none/none"
_retried: Callable[[str], None] | None = None
_SCRATCH: Final = ".engine-"
_MMAP_THRESHOLD: Final = -3
"""mallopt's name for it (malloc.h)."""


@hooks(name="siuo_retries", description="counts the calls that are tried again")
class Retries(Hooks):
    """Tells whoever is asking when a call is tried again."""

    def enabled(self) -> bool:
        return _retried is not None

    async def on_model_retry(self, data: ModelRetry) -> None:
        if _retried is not None:
            _retried(data.model_name)


def carry_out(
    plan: Plan,
    operation: Operation,
    material: Material,
    folder: Path,
    answers: Answers,
    tell: Callable[[Progress], None],
    refused: Mapping[Call, Refused],
) -> Asking:
    """Ask for everything that is missing, and again for what failed, until nothing more comes; the counts are in it.

    refused: what the provider refused in earlier tries.
    EvaluationError before anything is asked, where the engine does not know a model's name or has no key.
    """
    _keep_pictures_apart()
    models = _models(plan, operation, material)
    asking = Asking(plan, operation, answers, tell, refused)
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
            if not asking.left() or asking.stop:
                break
            asking.begin()
            _one_pass(plan, operation, models, folder, asking)
            if asking.progress.here == here:
                break
    finally:
        RUNNING.reset(token)
        forget_pictures()
        _give_memory_back()
    return asking


def _one_pass(plan: Plan, operation: Operation, models: dict[str, Model], folder: Path, asking: Asking) -> None:
    """Run the tasks over all samples once; answers that are there already cost no call."""
    global _retried
    made: dict[str, Callable[[], Task]] = {
        GENERATION: lambda: siuo_generation(responses=plan.responses),
        CHOICE: siuo_choice,
    }
    place = folder / LOGS
    before = set(place.glob("*.eval")) if place.is_dir() else set()
    connections = operation.connections
    _retried = asking.retrying
    try:
        for left in folder.glob(f"{_SCRATCH}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        # The engine keeps traces in the home directory.
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
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
        _retried = None
    if any(log.status == "cancelled" for log in logs):
        asking.end(Stop("interrupted", "interrupted"))
    elif all(_is_written(log) for log in logs):
        for old in before:  # the newest logs hold all that the older ones do
            old.unlink(missing_ok=True)


def _guarded(model: Model, material: Material | None) -> Model:
    """The model, which gets each sample's picture only when it is asked, and whose errors hold no key.

    material: None where nothing stands for a picture. A server may send a key back, and the engine logs what it said.
    """
    asked = model.api.generate

    async def generate(input: list[ChatMessage], **named: Any) -> Any:
        try:
            if material is not None:
                input = [_with_picture(message, material) for message in input]
            result = await asked(input=input, **named)
        except Exception as error:
            without_keys(error)
            raise
        for each in result if isinstance(result, tuple) else (result,):
            if isinstance(each, Exception):
                without_keys(each)
            elif isinstance(each, ModelOutput) and each.error:
                each.error = without_secrets(each.error)
            elif isinstance(each, ModelCall):  # of an error it is logged whatever log_model_api says
                each.request, each.response = {}, None
        return result

    model.api.generate = generate  # type: ignore[method-assign, assignment]
    return model


def _with_picture(message: ChatMessage, material: Material) -> ChatMessage:
    """A message with the sample's picture in the place of what stands for it."""
    if isinstance(message.content, str):
        return message
    parts = [
        each.model_copy(update={"image": material.picture(question_id)})
        if isinstance(each, ContentImage) and (question_id := stands_for(each.image)) is not None
        else each
        for each in message.content
    ]
    return message.model_copy(update={"content": parts})


def _keep_pictures_apart() -> None:
    """Have glibc give each picture's memory back when it is let go of: by itself it raises the size from which it does,
    and pictures between small objects leave holes that nothing fits."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 64 * 1024)


def _give_memory_back() -> None:
    """What the calls held is free before the results are read; glibc keeps it otherwise."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _is_written(log: EvalLog) -> bool:
    return bool(log.location) and log.status in ("success", "error")


def _models(plan: Plan, operation: Operation, material: Material) -> dict[str, Model]:
    """The model and the judge, each with its own limits: a role takes only some from the task."""
    named = (("model", plan.model, operation.base_url), ("judge", plan.judge, operation.judge_base_url))
    return {role: _open_model(f"--{role}", name, url, operation, material) for role, name, url in named if name}


def _open_model(option: str, name: str, url: str, operation: Operation, material: Material | None = None) -> Model:
    """A model by its name on the command line; EvaluationError where the engine does not know it or has no key."""
    more: dict[str, Any] = {"base_url": url} if url else {}
    config = GenerateConfig(
        max_retries=operation.retries,
        attempt_timeout=operation.attempt_timeout,
        max_connections=operation.connections,
        batch=operation.batch or None,
    )
    try:
        return _guarded(get_model(name, config=config, memoize=False, **more), material)
    except Exception as error:
        hint = "see docs/evaluate.md for names, keys and addresses"
        raise EvaluationError(words_of(error), where=f"{option} {name}", hint=hint) from error


def converse(
    models: Mapping[str, tuple[str, str]],
    operation: Operation,
    work: Callable[[Ask], Awaitable[None]],
    retried: Callable[[str], None],
) -> None:
    """Carry out `work`, which asks models single questions; there is no task and no log.

    models: {name on the command line: (its option, its address or '')}. retried: is called when a call is tried again,
    with the model's name without its provider. EvaluationError before anything is asked, where the engine does not know
    a name or has no key. Ctrl-C cancels the work and is raised.
    """
    global _retried
    opened = {name: _open_model(option, name, url, operation) for name, (option, url) in models.items()}

    async def ask(model: str, prompt: str, picture: str = "", *, max_tokens: int, temperature: float | None) -> Answer:
        config = GenerateConfig(temperature=temperature, max_tokens=max_tokens)
        output = await opened[model].generate([message(prompt, picture)], config=config)
        return answer_of(opened[model], output)

    async def all_of_it() -> None:
        async with AsyncExitStack() as stack:  # which closes the models' connections
            for each in opened.values():
                await stack.enter_async_context(each)
            await work(ask)

    _retried = retried
    try:
        with tempfile.TemporaryDirectory(prefix="siuo-") as scratch:  # the engine keeps traces in the home directory
            os.environ["XDG_DATA_HOME"] = scratch
            anyio.run(all_of_it)
    finally:
        _retried = None
