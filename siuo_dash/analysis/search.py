"""Search for words in the benchmark's own texts, if they are installed, and in the chosen runs' responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import samples_with


@dataclass(frozen=True)
class Hits:
    """The samples whose texts contain the words, by where: 'benchmark' or a run_id."""

    places: Mapping[str, frozenset[int]]

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted(set().union(*self.places.values())))


def search_texts(store: Store, texts: Mapping[int, Sequence[str]], run_ids: Iterable[str], words: str) -> Hits:
    """Where the words occur, case aside. Of the runs only those named are read.

    texts: the benchmark's own texts by question_id.
    """
    wanted = words.strip()
    if not wanted:
        return Hits({})
    folded = wanted.casefold()
    own = frozenset(
        question_id for question_id, parts in texts.items() if any(folded in part.casefold() for part in parts)
    )
    return Hits({"benchmark": own} | {run_id: frozenset(samples_with(store, run_id, wanted)) for run_id in run_ids})
