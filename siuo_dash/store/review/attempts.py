"""How many results the same person sent for the same model: the best of many is seen to be that."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from siuo_dash.store import journal
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.ledger import Entry, Ledger


def attempts(data_dir: Path) -> dict[tuple[str, str], int]:
    """{(owner, model): how many different results this person sent for the model}; the name as spelled last.

    Drafts that were never sent do not count, nor does the same content sent again.
    """
    journal.settle(data_dir)
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for entry, model in _sent(data_dir, book.read(data_dir)):
        owner = str(entry.owner)
        contents = found.get((owner, _key(model)), ("", set()))[1]
        found[owner, _key(model)] = (model, contents | {_content(entry)})
    return {(owner, model): len(contents) for (owner, _), (model, contents) in found.items()}


def attempts_of(data_dir: Path, run_ids: Iterable[str]) -> dict[str, int]:
    """{run_id: which attempt of its owner for its model it was, from 1}; runs without an owner, or never sent, are left out."""
    journal.settle(data_dir)
    wanted = set(run_ids)
    seen: dict[tuple[str, str], list[str]] = {}
    found = {}
    for entry, model in _sent(data_dir, book.read(data_dir)):
        contents = seen.setdefault((str(entry.owner), _key(model)), [])
        if _content(entry) not in contents:
            contents.append(_content(entry))
        if entry.run_id in wanted:
            found[entry.run_id] = contents.index(_content(entry)) + 1
    return found


def _sent(data_dir: Path, ledger: Ledger) -> Iterable[tuple[Entry, str]]:
    order = {
        event.run_id: place for place, event in reversed(list(enumerate(ledger.events))) if event.event in book.SENT
    }
    for run_id in sorted(order, key=order.__getitem__):
        entry = ledger.entries[run_id]
        model = _model(data_dir, ledger, entry)
        if entry.owner is not None and model is not None:
            yield entry, model


def _model(data_dir: Path, ledger: Ledger, entry: Entry) -> str | None:
    """The model, from the log; of a run that came before the log said it, from its file."""
    if entry.first is None or entry.owner is None:
        return None
    if entry.first.model is not None:
        return entry.first.model
    place = journal.place_of(data_dir, entry.run_id)
    return reading.told(data_dir, ledger, entry, place).model if place else None


def _content(entry: Entry) -> str:
    return next((event.content_hash for event in entry.events if event.content_hash), entry.run_id)


def _key(model: str) -> str:
    """A model's name without case, spaces and punctuation, so that another spelling is no other model."""
    folded = unicodedata.normalize("NFKC", model).casefold()
    return "".join(char for char in folded if char.isalnum()) or folded
