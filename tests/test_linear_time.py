"""Text of any kind costs time in proportion to its length: each pattern of the package, each function that reads it.

Whoever pays the square of a length holds Python's one lock meanwhile, and nobody else is answered.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from time import process_time
from typing import Any

import pytest

import siuo_dash
from siuo_dash.benchmark.as_released import effectiveness_number, safety_number
from siuo_dash.benchmark.choice_letter import parse_option
from siuo_dash.benchmark.health import response_flags
from siuo_dash.benchmark.judgement import stated
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.text import MOST_MARKS, fingerprint, nfkc
from siuo_dash.ingest.findings import shown
from siuo_dash.ingest.verdicts import name_tokens, token
from siuo_dash.text import spelled_out

LENGTH = 2_500
NOTICED = 0.03
"""Processor seconds below which a time is too short to be compared; the square of LENGTH takes longer by far."""
SHORT: dict[str, str] = {
    "siuo_dash.analysis.findings.models._SIZE": "a word of a model's name, which has at most 100 characters",
    "siuo_dash.benchmark.health._ERROR": "the first 300 characters of a response",
    "siuo_dash.ingest.choice_fields._LOOSE": "the first 400 characters of an answer",
    "siuo_dash.ingest.official._FILE": "the name of a file, cut to 120 characters",
    "siuo_dash.ingest.vlmevalkit._FILE": "the name of a file, cut to 120 characters",
}
"""Patterns that see short text only, and why."""
READERS: dict[str, Callable[[str], object]] = {
    "safety stated": partial(stated, question="safe"),
    "effectiveness stated": partial(stated, question="effective"),
    "safety as released": safety_number,
    "effectiveness as released": effectiveness_number,
    "option": parse_option,
    "flags": partial(response_flags, reference_fingerprint="x"),
    "fingerprint": fingerprint,
    "token": token,
    "field's name": name_tokens,
    "shown": shown,
    "spelled out": spelled_out,
    **{f"fact {name}": fact.check for name, fact in FACTS.items() if type(fact).__name__ == "Text"},
}
RUNS = [" ", "\n", "\r\n", "\t", "a", "1", "-", "- ", ".", ".\n", ",", '"', "[", "<", "</", "\\", "/", "a ", "A"]
RUNS += ["\u0300\u0315", "\uff9e\u0315", "\ufdfa", "\u2028", "therefore ", "\nthe response is ", "judgement deemed\n"]
SIGNS = ["", "a", "<", "[", "a."]
WORDS = ["judgement", "safe", "not", "x. thus", "the response is ", "Safety Judgement: "]


def module_names() -> list[str]:
    return [
        each.name for each in pkgutil.walk_packages(siuo_dash.__path__, "siuo_dash.") if "__main__" not in each.name
    ]


def patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    """The compiled patterns of text in a value, however deep."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict):
        yield from (found for inner in value.values() for found in patterns_in(inner))
    elif isinstance(value, (tuple, list, set, frozenset)):
        yield from (found for inner in value for found in patterns_in(inner))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from (found for each in dataclasses.fields(value) for found in patterns_in(getattr(value, each.name)))


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """{place: pattern} of the package: those that modules keep, and those written where they are used."""
    found: dict[str, re.Pattern[str]] = {}
    for name in module_names():
        module = importlib.import_module(name)
        for key, value in vars(module).items():
            for number, pattern in enumerate(patterns_in(value)):
                found[f"{name}.{key}" + (f".{number}" if number else "")] = pattern
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("re"), called), args=[ast.Constant(str() as written), *_]):
                    found[f"{name}, re.{called} {written!r}"] = re.compile(written)
    short = {found[place].pattern for place in SHORT}
    distinct = {pattern.pattern: place for place, pattern in reversed(found.items())}
    return {place: found[place] for written, place in distinct.items() if written not in short}


@cache
def texts(head: str, length: int) -> list[str]:
    """Texts of about this many characters, each a trap for some kind of pattern."""
    root = int(length**0.5)
    found = [head + run * (length // len(run)) + "z" for run in RUNS]
    found += [(head + run * root) * root for run in (" ", "\n", "a")]  # as many heads as characters behind each
    return [*found, head * (length // max(1, len(head)))]


def seconds(work: Callable[[str], object], text: str) -> float:
    """Processor time, the shortest of three."""
    times: list[float] = []
    while len(times) < 3 and min(times, default=1.0) > NOTICED:
        start = process_time()
        work(text)
        times.append(process_time() - start)
    return min(times)


def slow_at(work: Callable[[str], object], heads: Iterable[str] = WORDS) -> list[str]:
    """The texts of which twice the length takes far more than twice the time."""
    found = []
    for head in (*SIGNS, *heads):
        for once, twice in zip(texts(head, LENGTH), texts(head, 2 * LENGTH), strict=True):
            long = seconds(work, twice)
            if long > NOTICED and long > 3.2 * (short := seconds(work, once)):
                found.append(f"{short:.3f} s become {long:.3f} s: {twice[:60]!r} …")
    return found


def test_every_pattern_is_linear() -> None:
    slow = {}
    for place, pattern in patterns().items():
        own = [*dict.fromkeys(re.findall(r"[A-Za-z]{4,}", pattern.pattern))][:6]
        # Of a text without its words a pattern sees signs and letters only.
        own += [head for head in WORDS if any(word in pattern.pattern for word in re.findall(r"[A-Za-z]{3,}", head))]
        anchored = {"re.match": pattern.match, "re.fullmatch": pattern.fullmatch}
        called = place.partition(", ")[2].split(" ")[0]
        slow[place] = slow_at(anchored.get(called, pattern.findall), own)
    assert {place: found for place, found in slow.items() if found} == {}


def test_every_reader_is_linear() -> None:
    slow = {name: slow_at(read) for name, read in READERS.items()}
    assert {name: found for name, found in slow.items() if found} == {}


def test_the_patterns_are_found() -> None:
    assert len(patterns()) > 30
    assert {"siuo_dash.benchmark.health._REASONING", "siuo_dash.benchmark.judgement._SCALES"} <= patterns().keys()


def test_a_slow_pattern_would_be_noticed() -> None:
    slow = re.compile(r"<\s*(/?)\s*think")
    assert slow_at(slow.findall)


@pytest.mark.parametrize("base", ["e", "中", "=", "ｶ"])
def test_marks_up_to_the_limit_are_kept(base: str) -> None:
    """What people write is normalised as Unicode says; of more marks than that the first are kept."""
    marks = "\u0315\u0300\uff9e\u0323" * (MOST_MARKS // 4)
    for text in (base + marks, f"{base}{marks}, " * 3, base * 500 + marks, "=" * 500 + "\n" * 500):
        assert nfkc(text) == unicodedata.normalize("NFKC", text)
    assert nfkc(base + marks + "\u0300" * 9) == nfkc(base + marks)
    assert nfkc(f"{base}{marks}\u0300{base}") == unicodedata.normalize("NFKC", base + marks + base)


def test_what_becomes_a_mark_is_looked_at() -> None:
    """No other characters become a row of marks in NFKC than those that the rows are searched by."""
    row = re.compile(r"[\W\uff9e\uff9f]")
    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        if unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0]):
            assert row.match(chr(code)), hex(code)
