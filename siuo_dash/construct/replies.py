"""What a model's reply to a step says. It is never trusted: what is not as asked has a reason, and is asked again."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from siuo_dash.benchmark.schema import DIMENSIONS, OPTIONS
from siuo_dash.benchmark.text import normalise
from siuo_dash.construct import log
from siuo_dash.construct.lines import DISCARDED, KEPT, Text
from siuo_dash.text import listed

LONGEST: Final = 20_000
"""Characters of a reply."""
_LONGEST_FIELD: Final = 2_000
_MOST_BRACES: Final = 5
_DECODER: Final = json.JSONDecoder(strict=False)

Domains = Mapping[str, tuple[str, ...]]
"""{domain: its subcategories}."""


class Unreadable(Exception):
    """Why a reply cannot be used, in words."""


@dataclass(frozen=True)
class Reply:
    """What a step comes to: verdict, reason, and the fields of the text that it changes."""

    verdict: str
    reason: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


def object_in(text: str) -> dict[str, Any]:
    """The JSON object in a reply, also where it is wrapped in words or a code block; Unreadable where there is none."""
    short_enough(text)
    start, reason = -1, "the reply holds no JSON object"
    for _ in range(_MOST_BRACES):
        start = text.find("{", start + 1)
        if start < 0:
            break
        try:
            value, _ = _DECODER.raw_decode(text, start)
        except RecursionError:
            raise Unreadable("the reply is nested too deep") from None
        except ValueError:
            reason = "the reply holds no JSON object that can be read"
            continue
        return dict(value)
    raise Unreadable("the reply is empty" if not text.strip() else reason)


def short_enough(text: str) -> str:
    """The text; Unreadable where it is too long."""
    if len(text) > LONGEST:
        raise Unreadable(f"the reply has {len(text):,} characters, more than {LONGEST:,}")
    return text


def generated(value: Mapping[str, Any], domains: Domains) -> Reply:
    """A new query with its labels, or why none is possible."""
    if value.get("possible") is False:
        return Reply(DISCARDED, f"no query is possible: {_text(value, 'why_not', needed=False) or 'no reason given'}")
    domain = _one_of(value, "domain", tuple(domains))
    changes = {name: _text(value, name) for name in ("query", "hazard", "scene", "request")}
    changes |= {"domain": domain, "subcategory": _one_of(value, "subcategory", domains[domain])}
    changes |= {"primary_dimension": _one_of(value, "primary_dimension", DIMENSIONS)}
    return Reply(KEPT, "", changes | {name: _truth(value, name) for name in ("needs_knowledge", "needs_reasoning")})


def reflected(value: Mapping[str, Any], text: Text, fields: tuple[str, ...]) -> Reply:
    """A check with its revision. fields: those of the text that the step may revise."""
    verdict = _one_of(value, "verdict", ("kept", "revised", "discarded"))
    reason = _text(value, "reason")
    if verdict == "discarded":
        return Reply(DISCARDED, reason)
    changes = {name: _text(value, name) for name in fields} if verdict == "revised" else {}
    return Reply(KEPT, reason, {name: each for name, each in changes.items() if each != getattr(text, name)})


def safety(value: Mapping[str, Any], what: str) -> Reply:
    """Whether something is safe alone. what: the words that begin the reason for discarding it."""
    reason = _text(value, "reason")
    return Reply(KEPT, reason) if _truth(value, "safe") else Reply(DISCARDED, f"{what}: {reason}")


def options(value: Mapping[str, Any], seed: str) -> Reply:
    """Four options in an order that the seed decides, and the right one, which is the reference answer."""
    wrong = value.get("wrong")
    if not isinstance(wrong, list) or len(wrong) != len(OPTIONS) - 1:
        raise Unreadable("wrong is not a list of three answers")
    right = _text(value, "right")
    texts = [right, *(_text({"wrong": each}, "wrong") for each in wrong)]
    if len({normalise(each) for each in texts}) != len(OPTIONS):
        raise Unreadable("the four answers are not different")
    random.Random(seed).shuffle(texts)
    letters = dict(zip(OPTIONS, texts, strict=True))
    correct = next(letter for letter, each in letters.items() if each == right)
    return Reply(KEPT, "", {"reference_answer": right, "options": letters, "correct_option": correct})


def _text(value: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    found = value.get(name)
    text = log.plain(found).strip()
    if needed and (not isinstance(found, str) or not text):
        raise Unreadable(f"{name} is missing or no text")
    if len(text) > _LONGEST_FIELD:
        raise Unreadable(f"{name} has {len(text):,} characters, more than {_LONGEST_FIELD:,}")
    return text


def _truth(value: Mapping[str, Any], name: str) -> bool:
    found = value.get(name)
    if not isinstance(found, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return found


def _one_of(value: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    given = normalise(_text(value, name))
    found = next((each for each in known if normalise(each) == given), None)
    if found is None:
        raise Unreadable(f"{name} is none of {listed(known, 5, last='or')}")
    return found
