"""The fields of several tables as columns by sample: compared with each other and with the catalogue, and counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from statistics import median
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Table, has_field, is_blank, parse_id, spread, value_at
from siuo_dash.ingest.findings import shown
from siuo_dash.ingest.placing import question_of
from siuo_dash.ingest.series import expanded
from siuo_dash.ingest.verdicts import number_in, token

Key = tuple[int | str, int]
"""A sample, and the how-manieth of its rows; without an id, a file and its row."""
_SHOWN: Final = 4
_FEWEST_PAIRS: Final = 10
_ALWAYS: Final = 0.97
_CHANCE: Final = 2.2
"""Standard deviations from which on two columns go together."""
_TELLING: Final = 5
_ENOUGH: Final = 30
"""Samples that a column must have before its agreement with the catalogue is more than chance."""


class Columns:
    """Values by sample, in the order of the rows. ids: the fields that may hold the question_id; question: its text."""

    def __init__(
        self, tables: Sequence[Table], ids: Sequence[str], catalogue: Catalogue, question: str | None = None
    ) -> None:
        self.tables, self.catalogue = tables, catalogue
        self.keys = [_keys(table, ids, catalogue, question) for table in tables]
        self._known: dict[str, dict[Key, Any]] = {}
        self._tokens: dict[tuple[str, ...], dict[Key, tuple[str, ...]]] = {}
        self._facts: dict[str, dict[Key, Any]] | None = None

    def of(self, path: str) -> dict[Key, Any]:
        """{row: value} of the rows that have the field."""
        if path not in self._known:
            self._known[path] = {
                key: value_at(row, path)
                for table, keys in zip(self.tables, self.keys, strict=True)
                for key, row in zip(keys, table.values, strict=True)
                if has_field(row, path)
            }
        return self._known[path]

    def tokens(self, paths: Sequence[str]) -> dict[Key, tuple[str, ...]]:
        """{row: the field's filled cells, as they are compared}, lists spread out; rows without one are left out."""
        if (known := self._tokens.get(tuple(paths))) is None:
            cells: dict[Key, list[str]] = defaultdict(list)
            for path in paths:
                for key, value in self.of(path).items():
                    cells[key] += [token(item) for item in spread([value]) if not is_blank(item)]
            known = self._tokens[tuple(paths)] = {key: tuple(found) for key, found in cells.items() if found}
        return known

    def evidence(self, name: str) -> str:
        """What a field holds, on one line: "label: 96 × 'bad', 71 × 'ok'; first rows: 1001 'ok', 1002 'ok', …".

        name: of a field, or of several that number a sample's responses: 'safe_{0..2}'.
        """
        each = [self.of(path) for path in expanded(name)]
        cells = [(key, item) for values in each for key, value in values.items() for item in spread([value])]
        counts = Counter(shown("" if is_blank(item) else item, 40) for _, item in cells)
        listed = ", ".join(f"{count} × {value}" for value, count in counts.most_common(_SHOWN))
        more = f" and {len(counts) - _SHOWN} other values" if len(counts) > _SHOWN else ""
        first = ", ".join(f"{key[0]} {shown(item, 40)}" for key, item in cells[:3])
        return f"{shown(name)[1:-1]}: {listed}{more}; first rows: {first}"

    def describes_the_sample(self, paths: Sequence[str], texts: Sequence[str]) -> bool:
        """Whether a column follows from the sample: from what the catalogue says of it, or whatever the response was.

        texts: the fields with the responses. A column of one value throughout says nothing of the kind.
        """
        cells = self.tokens(paths)
        if len(set(cells.values())) < 2 or len(cells) < _ENOUGH:
            return False
        for known in self._of_catalogue().values():
            facts = [(known[key], cell) for key, cell in cells.items() if key in known]
            if len(facts) >= _ENOUGH and len({fact for fact, _ in facts}) > 1 and _follows(facts):
                return True
        return self._ignores_responses(cells, texts)

    def _of_catalogue(self) -> dict[str, dict[Key, Any]]:
        """{what the catalogue says: {row: of its sample}}."""
        if self._facts is None:
            keys = [key for listed in self.keys for key in listed if key[0] in self.catalogue.by_id]
            names = ("domain", "primary_dimension", "needs_knowledge", "needs_reasoning", "correct_option")
            by_id: dict[Any, Any] = dict(self.catalogue.by_id)
            self._facts = {name: {key: getattr(by_id[key[0]], name) for key in keys} for name in names}
        return self._facts

    def nearly_follows(self, path: str, texts: Sequence[str], reads: Callable[[str], bool | None]) -> bool:
        """Whether a field's values go with what texts state, more than by chance and less than always."""
        said = self._beside(path, texts, reads)
        count, yes = len(said), sum(truth for _, truth in said)
        if not _is_telling(said) or _agreement(said) > _ALWAYS:
            return False
        pairs = Counter(_halved(said))
        each = {cell: (pairs[cell, True], pairs[cell, True] + pairs[cell, False]) for cell, _ in pairs}
        share = yes / count
        return any(
            abs(t - n * share) > _CHANCE * (n * share * (1 - share) * (1 - n / count)) ** 0.5
            for t, n in each.values()
            if _TELLING <= n < count
        )

    def differs(self, path: str, texts: Sequence[str], reads: Callable[[str], bool | None]) -> bool:
        """Whether a field's values do not always go with what texts state."""
        said = self._beside(path, texts, reads)
        return _is_telling(said) and _agreement(said) <= _ALWAYS

    def _beside(self, path: str, texts: Sequence[str], reads: Callable[[str], bool | None]) -> list[Said]:
        """Each of a field's cells with what the text beside it states: of rounds, the text of the same number."""
        numbers = re.findall(r"\d+", path)
        texts = [text for text in texts if re.findall(r"\d+", text) == numbers] or texts
        return [
            (item, truth)
            for key, cell in self.tokens([path]).items()
            for text in texts
            if len(cell) == len(words := [item for item in spread([self.of(text).get(key)]) if isinstance(item, str)])
            for item, truth in zip(cell, map(reads, words), strict=True)
            if truth is not None
        ]

    def _ignores_responses(self, cells: dict[Key, tuple[str, ...]], texts: Sequence[str]) -> bool:
        """Whether it is the same for all of a sample's rows, though their responses differ."""
        by_sample: dict[int | str, list[Key]] = defaultdict(list)
        for key in cells:
            by_sample[key[0]].append(key)
        words = self.tokens(texts)
        differing = [
            keys for keys in by_sample.values() if len(keys) > 1 and len({words.get(key) for key in keys}) == len(keys)
        ]
        return len(differing) >= _ENOUGH and all(len({cells[key] for key in keys}) == 1 for keys in differing)


Said = tuple[str, bool]
"""A cell, and what is said beside it."""


def _is_telling(said: Sequence[Said]) -> bool:
    """Whether there are enough cells, with yes and no beside them."""
    return len(said) >= _FEWEST_PAIRS and len({truth for _, truth in said}) == 2


def _agreement(said: Sequence[Said]) -> float:
    """The share that is right when each value means one answer: numbers, all from some number on and the others."""
    if len(numbers := {item: n for item, _ in said if (n := number_in(item)) is not None}) < 3:
        pairs = Counter(said)
        return sum(max(pairs[item, True], pairs[item, False]) for item in {item for item, _ in said}) / len(said)
    ordered = sorted((numbers[item], truth) for item, truth in said if item in numbers)
    yes = sum(truth for _, truth in ordered)
    # With the first n taken for no: those of them that are no, and the others that are yes.
    right = [yes + n - 2 * below for n, below in enumerate(accumulate((truth for _, truth in ordered), initial=0))]
    return max(max(right), len(ordered) - min(right)) / len(ordered)


def _halved(said: Sequence[Said]) -> Sequence[Said]:
    """Numbers of more than two values as the lower and the upper half; other cells as they are."""
    numbers = {item: number for item, _ in said if (number := number_in(item)) is not None}
    if len(numbers) < 3:
        return said
    middle = median(numbers[item] for item, _ in said if item in numbers)
    halves = {item: "upper" if number > middle else "lower" for item, number in numbers.items()}
    return [(halves.get(item, item), truth) for item, truth in said]


def _follows(facts: Iterable[tuple[Any, tuple[str, ...]]]) -> bool:
    """Whether the second value is settled by the first, and does not merely seem so in groups of one."""
    settled: dict[Any, tuple[str, ...]] = {}
    counts: Counter[Any] = Counter()
    for fact, cell in facts:
        if settled.setdefault(fact, cell) != cell:
            return False
        counts[fact] += 1
    return min(counts.values()) >= 3


def _keys(table: Table, ids: Sequence[str], catalogue: Catalogue, question: str | None) -> list[Key]:
    seen: Counter[int | str] = Counter()
    keys: list[Key] = []
    for number, row in table.rows:
        path = next((path for path in ids if has_field(row, path)), None)
        found = None if path is None else parse_id(value_at(row, path), catalogue.by_id)
        text = None if found is not None or question is None else value_at(row, question)
        if asked := question_of(text, catalogue):
            found = asked.question_id
        sample: int | str = f"{table.file}, row {number}" if found is None else found
        keys.append((sample, seen[sample]))
        seen[sample] += 1
    return keys
