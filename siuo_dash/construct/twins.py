"""Near-duplicates: a query that repeats one of the benchmark, of another set or candidate; the benchmark's pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.fuzz import ratio, token_sort_ratio

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.benchmark.text import fingerprint, normalise, slug
from siuo_dash.construct.candidates import folders, load
from siuo_dash.construct.pictures import look_of
from siuo_dash.sources import benchmark_text
from siuo_dash.store import sample_sets

NEAR: Final = 85.0
"""Similarity, of 100, from which on a query is taken to repeat another; the order of words does not count."""


class Twins:
    """Knows the benchmark's questions: by fingerprint always, by their words where these are installed.

    catalogue: of the data directory, where the texts are looked for. shipped: the benchmark's own. elsewhere: what else
    may not be repeated, as `elsewhere` finds it.
    """

    def __init__(
        self, catalogue: Catalogue, data_dir: Path, shipped: Catalogue, elsewhere: Mapping[str, str] | None = None
    ) -> None:
        own = benchmark_text.read(data_dir, catalogue)
        self._by_fingerprint = shipped.by_fingerprint | catalogue.by_fingerprint
        self._questions = {
            str(question_id): each.question for question_id, each in own.samples.items() if each.question
        }
        self._elsewhere = elsewhere or {}
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
        if found := _nearest(query, self._elsewhere):
            return f"it is nearly {found}"
        found = _nearest(query, others)
        return f"it is nearly candidate {found}" if found else ""


def elsewhere(data_dir: Path, folder: Path, name: str = "") -> dict[str, str]:
    """{where: query} of the samples of added sets, and of what is accepted in other folders of candidates.

    folder: the candidates' own. name: of the set that they become: its other versions may hold the same samples.
    SiuoError for a set that cannot be read: nobody knows what it holds.
    """
    sets, broken = sample_sets.catalogues(data_dir)
    if broken:
        raise next(iter(broken.values()))
    found: dict[str, str] = {}
    for set_id, catalogue in sets.items():
        if set_id != BENCHMARK and set_id.rpartition("-v")[0] != slug(name):
            texts = benchmark_text.read(sample_sets.home(data_dir, set_id), catalogue).samples
            queries = {number: each.question for number, each in texts.items() if each.question}
            found |= {f"sample {number} of the set {set_id}": query for number, query in queries.items()}
    for other, path in folders(data_dir).items():
        if path.resolve() != folder.resolve():
            accepted = [each for each in load(path).by_id.values() if each.state == "accepted"]
            found |= {f"candidate {each.id} of the folder {other}": each.text.query for each in accepted}
    return found


_compared = lru_cache(maxsize=100_000)(normalise)


def _nearest(query: str, others: Mapping[str, str]) -> str:
    """'NAME (similarity 91 of 100)' of the most similar text, or '' where none is similar."""
    text, texts = _compared(query), {name: _compared(other) for name, other in others.items()}
    found = [process.extractOne(text, texts, scorer=each, score_cutoff=NEAR) for each in (ratio, token_sort_ratio)]
    _, score, name = max((each for each in found if each), key=lambda each: each[1], default=("", 0.0, ""))
    return f"{name} (similarity {score:.0f} of 100)" if name else ""
