"""What reads the runs' own files: words searched in all texts, and samples with their responses as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from siuo_dash.analysis import queries
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_rows, samples_with


@dataclass(frozen=True)
class Hits:
    """The samples whose texts contain the words, by where: 'benchmark' or a run_id."""

    places: Mapping[str, frozenset[int]]

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted(set().union(*self.places.values())))


def search_texts(
    store: Store,
    texts: Mapping[int, Sequence[str]],
    run_ids: Iterable[str],
    words: str,
    beside: Callable[[str, str], Collection[int]] = lambda run_id, words: (),
) -> Hits:
    """Where the words occur, case aside. Of the runs only those named are read.

    texts: the benchmark's own texts by question_id. beside: the samples of a run in whose texts that are kept elsewhere
    the words occur.
    """
    wanted = words.strip()
    if not wanted:
        return Hits({})
    folded = wanted.casefold()
    own = frozenset(
        question_id for question_id, parts in texts.items() if any(folded in part.casefold() for part in parts)
    )
    found = {run_id: frozenset({*samples_with(store, run_id, wanted), *beside(run_id, wanted)}) for run_id in run_ids}
    return Hits({"benchmark": own} | found)


Responses = Sequence[Mapping[str, Any]]


def records(
    store: Store,
    run_ids: Iterable[str],
    question_ids: Collection[int],
    *,
    task: str | None = None,
    words: Callable[[str, int, Responses], Responses] = lambda run_id, question_id, given: given,
) -> Iterator[str]:
    """One JSON object a line for each run and sample: the sample's facts, the verdicts, and the responses.

    task: only this one. The benchmark's own text is not in it; `question_id` and the fingerprint lead to it. The runs'
    files are read row group by row group while the lines are taken. words: a sample's responses with the texts that are
    kept elsewhere.
    """
    wanted = set(question_ids)
    for run_id in run_ids:
        run = queries.find_run(store, run_id)
        known = {name: run[name] for name in ("run_id", "model", "judge")}
        for row in run_rows(store, run_id, only=wanted):
            if task in (None, row["task"]):
                sample = asdict(store.sets[run["sample_set"]].by_id[row["question_id"]])
                row["responses"] = words(run_id, row["question_id"], row["responses"])
                yield json.dumps(known | {"data_version": store.version} | sample | row, ensure_ascii=False)
