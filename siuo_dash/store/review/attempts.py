"""How many results the same person sent for the same model: the best of many is seen to be that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from siuo_dash.benchmark.names import letters
from siuo_dash.store import journal
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.ledger import OPEN, Entry, Ledger


@dataclass(frozen=True)
class Attempt:
    """Which result of its owner for its model a run was, from 1, and of how many different ones."""

    number: int
    of: int


def attempts(data_dir: Path, *, undecided: bool = False) -> dict[str, Attempt]:
    """{run_id: which attempt it was}, for all runs with an owner that were ever sent.

    Drafts that were never sent do not count, and the same content sent again is no other attempt. A model is known by
    letters and digits of its name. undecided: count what waits for a decision, too, which is for its owner and for
    reviewers only.
    """
    journal.settle(data_dir)
    return _attempts(data_dir, book.read(data_dir), undecided)


@lru_cache(maxsize=8)
def _attempts(data_dir: Path, ledger: Ledger, undecided: bool) -> dict[str, Attempt]:
    tried: dict[tuple[str, str], dict[str, int]] = {}
    found: dict[str, tuple[tuple[str, str], str]] = {}
    for entry, owner, model in _sent(data_dir, ledger):
        if not undecided and entry.place in OPEN:
            continue
        content = next((event.content_hash for event in entry.events if event.content_hash), entry.run_id)
        key = owner, _key(model)
        numbers = tried.setdefault(key, {})
        numbers.setdefault(content, len(numbers) + 1)
        found[entry.run_id] = key, content
    return {run_id: Attempt(tried[key][content], len(tried[key])) for run_id, (key, content) in found.items()}


def _sent(data_dir: Path, ledger: Ledger) -> Iterator[tuple[Entry, str, str]]:
    """Submissions with owner and model, in the order in which they were first sent."""
    for run_id in dict.fromkeys(event.run_id for event in ledger.events if event.event in book.SENT):
        entry = ledger.entry(run_id)
        if entry.owner is not None and (model := _model(data_dir, ledger, entry)) is not None:
            yield entry, entry.owner, model


def _model(data_dir: Path, ledger: Ledger, entry: Entry) -> str | None:
    """The model, from the log; of a run that came before the log said it, from its file."""
    if entry.first is None or entry.first.model is not None:
        return entry.first.model if entry.first else None
    place = journal.place_of(data_dir, entry.run_id)
    return reading.told(data_dir, ledger, entry, place).model if place else None


def _key(model: str) -> str:
    """A model's name without case, spaces and punctuation, so that another spelling is no other model."""
    return letters(model) or model.casefold()
