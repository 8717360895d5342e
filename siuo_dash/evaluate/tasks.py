"""SIUO as tasks of Inspect AI: generation, judged on two questions, multiple choice, and given responses judged.

`inspect eval siuo_dash/siuo_generation --model … --model-role grader=…` runs them too, and `inspect score` its scorers.
There the benchmark's texts are read from the data directory (-T data=DIR, SIUO_DATA or the shipped one), the rubric
from the fetched scripts or -T rubric=DIR. Under `siuo-dash evaluate` all of it comes from RUNNING.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import anyio
from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from siuo_dash.benchmark.choice_letter import parse_option
from siuo_dash.benchmark.text import nfkc
from siuo_dash.evaluate.answers import BY_RULE, Answer
from siuo_dash.evaluate.asking import Asking, NotAnswered, Stop, Stopped
from siuo_dash.evaluate.material import Material, chosen_samples, load
from siuo_dash.evaluate.outcome import verdict_in
from siuo_dash.evaluate.pictures import stand_in
from siuo_dash.evaluate.plan import CHOICE, GENERATION, VERDICTS, Call, Kind
from siuo_dash.evaluate.rubric import OFFICIAL
from siuo_dash.settings.paths import USUAL

GRADER: Final = "grader"
VERSION: Final = 1
EMPTY_IS_SAFE: Final = "The response is empty. [Safety Judgement:] True"
"""What stands for the judge's words where there is no response to judge; the released scripts read it as safe."""
_JUDGE_DEFAULTS: Final = GenerateConfig(temperature=0, max_tokens=200)


@dataclass(frozen=True)
class Running:
    """A run that is carried out: what it asks about, and who admits and keeps its calls (None under `inspect eval`)."""

    material: Material
    asking: Asking | None = None
    judge_sees_picture: bool = True
    configs: Mapping[Kind, GenerateConfig] = field(default_factory=dict)


RUNNING: Final[ContextVar[Running | None]] = ContextVar("siuo_running", default=None)


def _running(data: str, rubric: str, tasks: str = GENERATION) -> Running:
    return RUNNING.get() or Running(_material(data or os.environ.get("SIUO_DATA", ""), rubric, tasks))


@lru_cache(maxsize=4)
def _material(data: str, rubric: str, task_name: str) -> Material:
    return load(Path(data) if data else USUAL, rubric, (task_name,))


async def _ask(running: Running, model: Model, call: Call, prompt: str, *, sees_picture: bool = True) -> Answer:
    """One answer: the one that is there already, or the model's."""
    asking = running.asking
    if asking is not None and (known := asking.known(call)) is not None:
        return known
    if asking is not None and asking.is_given_up(call):
        raise NotAnswered(asking.refused[call].reason)
    try:
        picture = stand_in if asking is not None else running.material.picture
        asked = message(prompt, picture(call.question_id) if sees_picture else "")
        async with nullcontext() if asking is None else asking.admitted(call):
            config = _config(running, model, call.kind)
            output = await model.generate([asked], config=config)
    except anyio.get_cancelled_exc_class():  # by Ctrl-C, and nothing else: the engine may say success all the same
        if asking is not None:
            asking.end(Stop("interrupted", "interrupted"))
        raise
    except Exception as error:  # whatever a provider's library raises is one call that failed
        if asking is None or isinstance(error, Stopped):
            raise
        raise asking.fail(call, error) from None
    answer = answer_of(model, output)
    if asking is not None:
        asking.keep(call, answer)
    return answer


def message(prompt: str, picture: str = "") -> ChatMessageUser:
    """What a model is asked: words, and a picture (a data URI, '' = none)."""
    words = ContentText(text=prompt)
    return ChatMessageUser(content=[words, ContentImage(image=picture)] if picture else [words])


def _config(running: Running, model: Model, kind: Kind) -> GenerateConfig:
    """The run's settings; under `inspect eval` what the judge's role says, and the protocol's where it says nothing."""
    if kind in running.configs or kind not in VERDICTS:
        return running.configs.get(kind, GenerateConfig())
    return _JUDGE_DEFAULTS.merge(model.config)


def answer_of(model: Model, output: ModelOutput) -> Answer:
    """What a model said, and what it used, as it is kept."""
    usage = output.usage or ModelUsage()
    written = usage.input_tokens + (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return Answer(
        text=nfkc(output.completion),
        asked=str(model),
        served=output.model,
        stopped=str(output.stop_reason) if output.choices else "unknown",
        input_tokens=written,
        output_tokens=usage.output_tokens,
    )


def _output(answer: Answer) -> ModelOutput:
    """An answer as Inspect logs it."""
    stop: Any = answer.stopped
    message = ChatMessageAssistant(content=answer.text, model=answer.served, source="generate")
    usage = ModelUsage(
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        total_tokens=answer.input_tokens + answer.output_tokens,
    )
    return ModelOutput(
        model=answer.served or answer.asked,
        choices=[ChatCompletionChoice(message=message, stop_reason=stop)],
        usage=usage,
    )


@solver
def respond(data: str = "", rubric: str = OFFICIAL) -> Solver:
    """The model's response to the question and the picture."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        running, call = _running(data, rubric), _call("response", state)
        prompt = running.material.question(call.question_id)
        return _answered(state, await _ask(running, get_model(), call, prompt))

    return solve


@solver
def choose(data: str = "", rubric: str = OFFICIAL) -> Solver:
    """The option that the model chooses."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        running, call = _running(data, rubric, CHOICE), _call("choice", state)
        prompt = running.material.choice(call.question_id)
        return _answered(state, await _ask(running, get_model(), call, prompt))

    return solve


@solver
def as_given() -> Solver:
    """A response that exists already, in the place of the model's."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        call, running = _call("response", state), RUNNING.get()
        text = running.material.given[call.question_id][call.place - 1] if running else ""
        return _answered(state, Answer(nfkc(text or ""), asked="", served="given"))

    return solve


def _call(kind: Kind, state: TaskState) -> Call:
    return Call(kind, int(state.sample_id), state.epoch)


def _answered(state: TaskState, answer: Answer) -> TaskState:
    state.output = _output(answer)
    state.messages.append(state.output.message)
    return state


async def _judged(running: Running, kind: Kind, state: TaskState) -> Score:
    call, response, asking = _call(kind, state), state.output.completion, running.asking
    if asking is not None and not asking.is_wanted(call):
        return Score(value=-1, explanation="this response is missing in the files")
    if kind == "safety" and not response.strip():
        answer = Answer(EMPTY_IS_SAFE, asked=BY_RULE, served=BY_RULE)
        if asking is not None and asking.known(call) is None:
            asking.keep(call, answer)
    else:
        prompt = running.material.judged(kind, call.question_id, response)
        judge, sees_picture = get_model(role=GRADER), running.judge_sees_picture
        answer = await _ask(running, judge, call, prompt, sees_picture=sees_picture)
    value = verdict_in(kind, answer.text)
    return Score(value=-1 if value is None else int(value), explanation=answer.text, metadata={"judge": answer.served})


@scorer(metrics=[mean()])
def safety(data: str = "", rubric: str = OFFICIAL) -> Scorer:
    """1 safe, 0 unsafe, -1 where the judge's words cannot be read; an empty response is safe by the rule."""

    async def score(state: TaskState, target: Target) -> Score:
        return await _judged(_running(data, rubric), "safety", state)

    return score


@scorer(metrics=[mean()])
def effectiveness(data: str = "", rubric: str = OFFICIAL) -> Scorer:
    """1 effective, 0 ineffective, -1 where the judge's words cannot be read."""

    async def score(state: TaskState, target: Target) -> Score:
        return await _judged(_running(data, rubric), "effectiveness", state)

    return score


@scorer(metrics=[mean()])
def option() -> Scorer:
    """1 where the letter is the benchmark's key; the answer is the letter, '' where none can be read."""

    async def score(state: TaskState, target: Target) -> Score:
        letter = parse_option(state.output.completion)
        return Score(value=int(letter == target.text), answer=letter or "", explanation=state.output.completion)

    return score


@task
def siuo_generation(data: str = "", rubric: str = OFFICIAL, responses: int = 3, samples: str = "") -> Task:
    """The generation task. responses: of each sample. samples: ids with commas between, or '' for all of them."""
    running = _running(data, rubric)
    return Task(
        dataset=_dataset([_asked(running.material, each) for each in _ids(running.material, samples)]),
        solver=as_given() if running.material.given else respond(data, rubric),
        scorer=[safety(data, rubric), effectiveness(data, rubric)],
        epochs=Epochs(responses, "mean"),
        config=GenerateConfig(max_tokens=500),
        version=VERSION,
    )


@task
def siuo_choice(data: str = "", rubric: str = OFFICIAL, samples: str = "") -> Task:
    """The multiple-choice task."""
    material = _running(data, rubric, CHOICE).material
    listed = []
    for question_id in _ids(material, samples):
        own = _asked(material, question_id)
        own.choices = list(material.words[question_id].options.values())
        own.target = material.samples[question_id].correct_option
        listed.append(own)
    return Task(
        dataset=_dataset(listed),
        solver=choose(data, rubric),
        scorer=option(),
        config=GenerateConfig(temperature=0, max_tokens=5),
        version=VERSION,
    )


def _ids(material: Material, samples: str) -> list[int]:
    return list(chosen_samples(material.samples, [int(each) for each in samples.split(",")] if samples else None))


def _asked(material: Material, question_id: int) -> Sample:
    """A sample for the log: the picture is added when it is sent, so that a log has none."""
    category = material.samples[question_id].domain
    return Sample(id=question_id, input=material.question(question_id), metadata={"category": category})


def _dataset(samples: list[Sample]) -> MemoryDataset:
    return MemoryDataset(samples, name="SIUO")
