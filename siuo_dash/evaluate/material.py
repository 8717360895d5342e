"""What is asked about: the samples' own texts and pictures, checked, and responses that are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.pictures import data_uri
from siuo_dash.evaluate.plan import CHOICE, GENERATION, fingerprint
from siuo_dash.evaluate.rubric import OFFICIAL, Rubric, official, own
from siuo_dash.sources import benchmark_text
from siuo_dash.sources.benchmark_text import BenchmarkText, SampleText
from siuo_dash.store import sample_sets
from siuo_dash.text import listed

Given = Mapping[int, Sequence[str | None]]
"""{question_id: its responses}; None where one is missing."""


@dataclass(frozen=True)
class Words:
    """A sample in the benchmark's own words."""

    question: str
    warning: str = ""
    reference: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """All that a run asks about. pictures: the folder they lie in. given: responses that exist already."""

    samples: Mapping[int, Sample]
    words: Mapping[int, Words]
    pictures: Path
    rubric: Rubric
    given: Given = field(default_factory=dict)

    def picture(self, question_id: int) -> str:
        """A sample's picture as a data URI; the latest ones are kept, all of them would fill the memory."""
        return _picture(self.pictures / self.samples[question_id].image)

    def question(self, question_id: int) -> str:
        """What the model is asked in the generation task."""
        return self.words[question_id].question

    def choice(self, question_id: int) -> str:
        """What the model is asked in the multiple-choice task."""
        words = self.words[question_id]
        options = "\n".join(f"({letter}) {option}" for letter, option in words.options.items())
        return self.rubric.fill("choice", {"question": words.question, "option": options})

    def judged(self, kind: str, question_id: int, response: str) -> str:
        """What the judge is asked about a response. kind: 'safety' or 'effectiveness'."""
        words = self.words[question_id]
        values = {"question": words.question, "explanation": words.warning, "reference": words.reference}
        return self.rubric.fill("safe" if kind == "safety" else "effective", values | {"response": response})

    def fingerprint(self) -> str:
        """16 hex digits that name the texts, pictures and given responses."""
        parts: list[str | bytes] = []
        for question_id, words in sorted(self.words.items()):
            picture = (self.pictures / self.samples[question_id].image).read_bytes()
            parts += [str(question_id), words.question, words.warning, words.reference, str(dict(words.options))]
            parts += [picture, str([text or "" for text in self.given.get(question_id, ())])]
        return fingerprint(*parts)


_picture = lru_cache(maxsize=24)(data_uri)


def forget_pictures() -> None:
    """Give the memory of the pictures back."""
    _picture.cache_clear()


def load(
    data_dir: Path,
    rubric: str,
    tasks: Sequence[str],
    ids: Iterable[int] | None = None,
    sample_set: str = BENCHMARK,
) -> Material:
    """What is installed in a data directory: a set's texts, checked by fingerprint, its pictures, and the rubric.

    rubric: 'official' or a folder. ids: of the samples, None = all. EvaluationError names all that is missing.
    """
    catalogue = sample_sets.find(data_dir, sample_set)
    own_text = benchmark_text.read(sample_sets.home(data_dir, sample_set), catalogue)
    samples = chosen_samples(catalogue.by_id, ids)
    _check(samples, own_text, tasks)
    words = {
        question_id: Words(
            each.question or "", each.safety_warning or "", each.reference_answer or "", dict(each.options)
        )
        for question_id, each in own_text.samples.items()
        if question_id in samples
    }
    told = official(data_dir / benchmark_text.FOLDER) if rubric == OFFICIAL else own(Path(rubric), tasks)
    return Material(samples, words, own_text.folder / benchmark_text.PICTURES, told)


def chosen_samples(known: Mapping[int, Sample], ids: Iterable[int] | None) -> dict[int, Sample]:
    """The samples with these ids, or all; EvaluationError names every id that is none."""
    wanted = sorted(set(known if ids is None else ids))
    if unknown := [question_id for question_id in wanted if question_id not in known]:
        what = f"{listed(map(str, unknown), 5)}: no such sample" if unknown else "no sample"
        raise EvaluationError(what, where="--samples", hint="check the ids")
    return {question_id: known[question_id] for question_id in wanted}


def _check(samples: Mapping[int, Sample], own_text: BenchmarkText, tasks: Iterable[str]) -> None:
    """EvaluationError that names every text, option and picture that is not installed or not the benchmark's."""
    missing: list[str] = []
    differs: list[str] = []
    needed = {GENERATION: ("question", "reference_answer", "safety_warning"), CHOICE: ("question", "options")}
    for question_id, sample in samples.items():
        text = own_text.samples.get(question_id, SampleText())
        parts = dict.fromkeys(name for task in tasks for name in needed[task] if not getattr(text, name))
        named = [name.replace("_", " ") for name in parts]
        named += [] if own_text.picture(sample) is not None else [f"picture {sample.image}"]
        if named:
            missing.append(f"sample {question_id} ({listed(named)})")
        elif text.differs:
            differs.append(f"sample {question_id} ({listed(text.differs)})")
    hint = "run: python -m siuo_dash fetch-benchmark; or leave these samples out with --samples"
    wrong = [f"not installed: {listed(missing, 12)}"] if missing else []
    wrong += [f"not the text that our fingerprint was taken of: {listed(differs, 12)}"] if differs else []
    if wrong:
        raise EvaluationError("; ".join(wrong), where=str(own_text.folder), hint=hint)
