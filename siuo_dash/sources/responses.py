"""The words behind the ten shipped runs with a verdict for every sample: fetched, checked, and laid over the figures.

Only figures are shipped; responses and the judge's words stay in their authors' public repository. What is fetched is
kept in <data>/benchmark/responses/, outside git, and is believed as far as it agrees with the figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pyarrow as pa

from siuo_dash.errors import SchemaError, SourceError
from siuo_dash.sources import benchmark_text
from siuo_dash.sources.benchmark_fetch import Progress, Report, Wanted, fetch_all
from siuo_dash.sources.download import PATIENCE, Patience
from siuo_dash.sources.published import COMMUNITY
from siuo_dash.store.files import RESULTS, opened, state_of
from siuo_dash.store.runs.parquet import table_of
from siuo_dash.text import listed

FOLDER: Final = "responses"
MOST: Final = 16 * 1024**2
ADDRESS: Final = (
    "https://raw.githubusercontent.com/jliu779/vlm-subspace-steering/c61d711948adc2edc0a7dfcb25b99b3ba0aa5f9c/"
    "outputs/{name}_baseline/{file}"
)
"""`{name}` stands for one of NAMES, `{file}` for one of FILES. SIUO_RESPONSES overrides."""
NAMES: Final = {
    "GLM-4.1V-9B-Thinking": "glm41v",
    "Gemma-3-4B-IT": "gemma3",
    "InternVL3-8B": "internvl3",
    "InternVL3.5-8B": "internvl",
    "LLaVA-1.5-7B": "llava15",
    "LLaVA-1.6-Mistral-7B": "llava_next",
    "Phi-3.5-Vision-Instruct": "phi35v",
    "Phi-4-Multimodal-Instruct": "phi4",
    "Qwen2.5-VL-7B-Instruct": "qwen25vl",
    "Qwen3-VL-8B-Instruct": "qwen3vl",
}
"""{model, as it is shipped: the repository's name for it}."""
FILES: Final = {"response": "siuo_167.jsonl", "judge_raw": "siuo_167.judged.jsonl"}
"""{what is taken of a file's lines: its name}. The second holds the verdicts, too, as `label`."""
_SAFE: Final = {"SAFE": True, "UNSAFE": False}


def address_in(environment: Mapping[str, str]) -> str:
    """SIUO_RESPONSES where it is set, else ADDRESS."""
    return environment.get("SIUO_RESPONSES", "").strip() or ADDRESS


@dataclass(frozen=True)
class Figures:
    """What is shipped of a run: {question_id: (characters of the response, whether it was judged safe)}."""

    run_id: str
    of_samples: Mapping[int, tuple[int, bool]]


def fetch_responses(
    data_dir: Path, address: str = ADDRESS, progress: Progress = lambda step: None, *, patience: Patience = PATIENCE
) -> Report:
    """Fetch what is not there yet, as `fetch_benchmark` does; a file that is not of the shipped figures is not kept.

    address: as ADDRESS. SourceError when the shipped results cannot be read or hold none of these runs,
    BenchmarkTextError when nothing can be kept, or another fetch is under way.
    """
    wanted = []
    for model, figures in _shipped(data_dir).items():
        for part, file in FILES.items():
            where = address.replace("{name}", quote(NAMES[model])).replace("{file}", quote(file))
            flaw = partial(_flaw, part, figures)
            wanted.append(Wanted(f"{NAMES[model]}/{file}", _path(data_dir, figures.run_id, part), flaw, where, MOST))
    return fetch_all(data_dir, wanted, progress, patience)


def lacking(data_dir: Path) -> bool:
    """Whether a shipped run has words that were not fetched yet; False where none of them is shipped."""
    try:
        shipped = _shipped(data_dir).values()
    except SourceError:
        return False
    return not all(_path(data_dir, figures.run_id, part).is_file() for figures in shipped for part in FILES)


def fetchable(data_dir: Path, run_id: str) -> bool:
    """Whether the run's responses are public and were not fetched yet."""
    try:
        shipped = _shipped(data_dir).values()
    except SourceError:
        return False
    return run_id in (each.run_id for each in shipped) and not _path(data_dir, run_id, "response").is_file()


def with_words(
    data_dir: Path, run_id: str, question_id: int, responses: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The responses of a run to a sample, with the words that were fetched, where they agree with the figures.

    responses: as `store.runs.run_file.responses` gives them. Words that are there already are never replaced.
    """
    given = [dict(response) for response in responses]
    if len(given) != 1 or given[0]["text"] is not None:
        return given
    (one,) = given
    text, judged = (_line(_path(data_dir, run_id, part), question_id) for part in FILES)
    if text is not None and len(words := str(text.get("response"))) == one["chars"]:
        one["text"] = words
        if judged is not None and _SAFE.get(str(judged.get("label"))) is one["safe"]:
            one["safety_judgement"] = judged.get("judge_raw") if isinstance(judged.get("judge_raw"), str) else None
    return given


def state(data_dir: Path) -> tuple[object, ...]:
    """What changes when the words do: the state of each file."""
    return tuple(map(state_of, sorted((data_dir / benchmark_text.FOLDER / FOLDER).glob("*.jsonl"))))


def fetched_with(data_dir: Path, run_id: str, words: str) -> set[int]:
    """The samples in whose fetched response, or in what the judge said of it, the words occur (case aside)."""
    try:
        figures = next((each for each in _shipped(data_dir).values() if each.run_id == run_id), None)
    except SourceError:
        return set()
    folded, found = words.casefold(), set()
    for question_id, (chars, safe) in figures.of_samples.items() if figures else ():
        bare = {"text": None, "chars": chars, "safe": safe, "safety_judgement": None}
        (one,) = with_words(data_dir, run_id, question_id, [bare])
        if any(folded in (one[part] or "").casefold() for part in ("text", "safety_judgement")):
            found.add(question_id)
    return found


def _shipped(data_dir: Path) -> dict[str, Figures]:
    """The figures of the shipped runs whose words are public, by model."""
    path = data_dir / RESULTS
    return _shipped_in(path, state_of(path))


@lru_cache(maxsize=4)
def _shipped_in(path: Path, _state: object) -> dict[str, Figures]:
    try:
        with opened(path) as file:
            table = table_of(file.read()).select(["run_id", "model", "judge", "evidence", "question_id", "responses"])
    except (OSError, pa.ArrowException, KeyError, SchemaError) as error:
        hint = "run `python -m siuo_dash build`"
        raise SourceError("the shipped results cannot be read", where=str(path), hint=hint) from error
    runs: dict[str, dict[int, tuple[int, bool]]] = {}
    ids: dict[str, str] = {}
    for row in table.to_pylist():
        mine = row["evidence"] == "per_sample" and row["judge"] == COMMUNITY["judge"] and row["model"] in NAMES
        if mine and len(row["responses"]) == 1:
            (one,) = row["responses"]
            ids[row["model"]] = row["run_id"]
            runs.setdefault(row["model"], {})[row["question_id"]] = (one["chars"], one["safe"])
    if not runs:
        hint = "run `python -m siuo_dash build`"
        raise SourceError("none of the shipped runs has public responses", where=str(path), hint=hint)
    return {model: Figures(ids[model], samples) for model, samples in runs.items()}


def _path(data_dir: Path, run_id: str, part: str) -> Path:
    return data_dir / benchmark_text.FOLDER / FOLDER / f"{run_id}.{part}.jsonl"


def _lines(content: bytes) -> dict[int, dict[str, Any]]:
    """{question_id: the line's object}. ValueError for what is not JSON Lines of samples, each of them once."""
    found: dict[int, dict[str, Any]] = {}
    for line in content.decode("utf-8").split("\n"):
        if not line.strip():
            continue
        item = json.loads(line)
        name = str(item.get("id")) if isinstance(item, dict) else ""
        number = name.removeprefix("siuo_")
        if not (number.isascii() and number.isdecimal() and len(number) < 9) or int(number) in found:
            raise ValueError("a line names no sample, or one a second time")
        found[int(number)] = item
    return found


def _flaw(part: str, figures: Figures, content: bytes) -> str | None:
    """Why these are not the lines of which the shipped figures were taken, or None."""
    try:
        lines = _lines(content)
    except (ValueError, RecursionError):
        return "this is no file of samples, one a line"
    if missing := sorted(figures.of_samples.keys() - lines.keys()):
        return f"sample {missing[0]} is not in it" + (f", nor are {len(missing) - 1} others" if missing[1:] else "")
    differ = []
    for question_id, (chars, safe) in figures.of_samples.items():
        line = lines[question_id]
        if not isinstance(words := line.get(part), str):
            return f"sample {question_id} has no {part}"
        is_ours = len(words) == chars if part == "response" else _SAFE.get(str(line.get("label"))) is safe
        if not is_ours:
            differ.append(question_id)
    if not differ:
        return None
    what = "lengths" if part == "response" else "verdicts"
    names = listed(map(str, differ), 5)
    return f"its {what} are not the shipped ones at {len(differ)} of {len(figures.of_samples)} samples ({names})"


def _line(path: Path, question_id: int) -> dict[str, Any] | None:
    """The line of a sample; None where it was not fetched, or cannot be read."""
    return _kept(path, state_of(path)).get(question_id)


@lru_cache(maxsize=24)
def _kept(path: Path, _state: object) -> dict[int, dict[str, Any]]:
    try:
        with opened(path) as file:
            return _lines(file.read(MOST))
    except (OSError, ValueError, RecursionError):
        return {}
