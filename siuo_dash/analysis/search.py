"""Search for words in every text that is at hand: the benchmark's own, and the chosen runs' responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from siuo_dash.sources.benchmark_text import BenchmarkText
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_rows import samples_with


@dataclass(frozen=True)
class Hits:
    """The samples whose texts hold the words, by where: 'benchmark' or a run_id."""

    places: Mapping[str, frozenset[int]]

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted(set().union(*self.places.values())))


def search_texts(store: Store, text: BenchmarkText, run_ids: Iterable[str], words: str) -> Hits:
    """Where the words occur, case aside. Of the runs only those named are read."""
    wanted = words.strip()
    if not wanted:
        return Hits({})
    folded = wanted.casefold()
    own = frozenset(
        question_id
        for question_id, sample in text.samples.items()
        if any(folded in place.casefold() for place in sample.places())
    )
    return Hits({"benchmark": own} | {run_id: frozenset(samples_with(store, run_id, wanted)) for run_id in run_ids})
