"""Near-duplicates: a query that repeats a benchmark's question or another candidate's; the benchmark's pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.fuzz import ratio, token_sort_ratio

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.text import fingerprint, normalise
from siuo_dash.construct.pictures import look_of
from siuo_dash.sources import benchmark_text

NEAR: Final = 85.0
"""Similarity, of 100, from which on a query is taken to repeat another; the order of words does not count."""


class Twins:
    """Knows the benchmark's questions: by fingerprint always, by their words where these are installed.

    catalogue: of the data directory, where the texts are looked for. shipped: the benchmark's own.
    """

    def __init__(self, catalogue: Catalogue, data_dir: Path, shipped: Catalogue) -> None:
        own = benchmark_text.read(data_dir, catalogue)
        self._by_fingerprint = shipped.by_fingerprint | catalogue.by_fingerprint
        self._questions = {
            str(question_id): each.question for question_id, each in own.samples.items() if each.question
        }
        self._pictures = [(each.question_id, path) for each in catalogue.samples if (path := own.picture(each))]

    @property
    def knows_texts(self) -> bool:
        """Whether the benchmark's questions are installed; else only exact repeats of them are found."""
        return bool(self._questions)

    def looks(self) -> Iterator[tuple[str, str]]:
        """(name, perceptual hash) of each of the benchmark's pictures that is installed."""
        for question_id, path in self._pictures:
            look = look_of(path)
            if look is not None:
                yield f"the picture of sample {question_id}", look

    def of(self, query: str, others: Mapping[str, str]) -> str:
        """What a query repeats, in words; '' where it repeats nothing. others: {id: query} of other candidates."""
        same = self._by_fingerprint.get(fingerprint(query))
        if same is not None:
            return f"it repeats sample {same.question_id} of the benchmark"
        if found := _nearest(query, self._questions):
            return f"it is nearly sample {found} of the benchmark"
        found = _nearest(query, others)
        return f"it is nearly candidate {found}" if found else ""


_compared = lru_cache(maxsize=100_000)(normalise)


def _nearest(query: str, others: Mapping[str, str]) -> str:
    """'NAME (similarity 91 of 100)' of the most similar text, or '' where none is similar."""
    text, texts = _compared(query), {name: _compared(other) for name, other in others.items()}
    found = [process.extractOne(text, texts, scorer=each, score_cutoff=NEAR) for each in (ratio, token_sort_ratio)]
    _, score, name = max((each for each in found if each), key=lambda each: each[1], default=("", 0.0, ""))
    return f"{name} (similarity {score:.0f} of 100)" if name else ""
