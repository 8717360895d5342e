"""What is to be made from a folder of pictures, what it costs at most, and which steps are done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import normalise
from siuo_dash.construct.candidates import Candidate
from siuo_dash.construct.instructions import FIELDS
from siuo_dash.construct.lines import ANSWERED, STEPS
from siuo_dash.construct.making import Order, most_tokens
from siuo_dash.construct.pictures import Picture
from siuo_dash.construct.replies import Domains
from siuo_dash.errors import ConstructionError
from siuo_dash.evaluate.budget import Usage, tokens_in
from siuo_dash.text import listed

AGAIN: Final = tuple(step for step in STEPS if step in FIELDS)
"""The steps that can be asked again with another instruction or model."""
_LONGEST_PLACE: Final = 5
_QUERY: Final = 400
"""Characters of a query and its hazard, roughly; for an estimate only."""


def domains_of(catalogue: Catalogue, wanted: Sequence[str]) -> Domains:
    """{domain: its subcategories}, of the wanted domains, or of all; ConstructionError names those that are none."""
    subcategories = {
        domain.id: tuple(dict.fromkeys(each.subcategory for each in catalogue.samples if each.domain == domain.id))
        for domain in DOMAINS
    }
    names = {normalise(word): domain.id for domain in DOMAINS for word in (domain.id, domain.label, domain.short)}
    if unknown := [each for each in wanted if normalise(each) not in names]:
        hint = f"one of {listed(subcategories, last='or')}"
        raise ConstructionError(f"{listed(unknown)}: no such domain", where="--domain", hint=hint)
    chosen = {names[normalise(each)] for each in wanted} or set(subcategories)
    return {name: each for name, each in subcategories.items() if name in chosen}


def planned(
    taken: Sequence[Picture],
    kept: Mapping[str, Picture],
    known: Mapping[str, Candidate],
    per_picture: int,
    limit: int | None,
) -> dict[str, tuple[Picture, int]]:
    """{id: (picture, place)}: one of each picture first, then the second of each, …; then what was begun before.

    taken: the pictures to write for. kept: all of the folder. known: its candidates. limit: of those of `taken`.
    """
    found = {f"{each.sha256[:12]}-{place}": (each, place) for place in range(1, per_picture + 1) for each in taken}
    chosen = dict(list(found.items())[:limit])
    for name, each in known.items():
        if each.next_step and each.picture in kept:
            place = name.rpartition("-")[2]
            is_place = place.isdecimal() and len(place) < _LONGEST_PLACE
            chosen.setdefault(name, (kept[each.picture], int(place) if is_place else 1))
    return chosen


def estimated(order: Order, candidates: Iterable[Candidate]) -> dict[str, Usage]:
    """What unfinished candidates use at most: {model: calls and tokens}, roughly; nothing is counted as discarded."""
    found: dict[str, Usage] = {}
    judged: set[str] = set()
    for each in candidates:
        for step in STEPS[len(each.passed) :] if each.next_step else ():
            picture = order.candidates[each.id][0].sha256
            if step == "near_duplicate" or (step == "picture_safety" and picture in judged):
                continue
            if step == "picture_safety":
                judged.add(picture)
            if step == "text_safety" and each.answer is None:
                _count(found, order.small_model, _QUERY, 0, most_tokens("text_answer"))
            length = len(order.instructions.texts[step]) + _QUERY + len(order.domain_words) * (step == "generated")
            length += 4 * most_tokens("text_answer") * (step == "text_safety")
            _count(found, order.model, length, int(step != "text_safety"), most_tokens(step))
    return found


def asked_again(order: Order, candidates: Mapping[str, Candidate], step: str) -> dict[str, Candidate]:
    """The candidates, those set back to a step that did it by another instruction or model and that nobody reviewed.

    Nothing is written: the step's new line takes the place of the old one, and works on the present text. The small
    model's answer is a part of text_safety.
    """
    place, own = STEPS.index(step), {step: {(order.instructions.fingerprint(step), order.model)}}
    if step == "text_safety":
        own[ANSWERED] = {("", order.small_model)}
        own[step] |= own[ANSWERED]  # discarded for an answer that could not be read
    found = dict(candidates)
    for name, each in candidates.items():
        last = {line.step: (line.prompt, line.model) for line in each.history}
        if step not in last or name not in order.candidates or each.reviews:
            continue
        if any(at in last and last[at] not in done for at, done in own.items()):
            answer = each.answer if place > STEPS.index("text_safety") else None
            found[name] = replace(each, passed=each.passed[:place], discarded_at="", reason="", tries=0, answer=answer)
    return found


def _count(found: dict[str, Usage], model: str, length: int, pictures: int, most: int) -> None:
    usage = found.setdefault(model, Usage())
    usage.calls += 1
    usage.input_tokens += tokens_in(length, pictures)
    usage.output_tokens += most
