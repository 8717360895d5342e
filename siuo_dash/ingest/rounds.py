"""Files (or sheets) that hold the same samples: rounds of one run, a run each, or one file twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from siuo_dash.ingest.fields import SHEET
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Need, Partial
from siuo_dash.text import counted, listed

ROUNDS: Final = "rounds"
"""The answer that several files, or rows of a sample, are the responses of one run."""
ANNOTATORS: Final = "annotators"
"""The answer that they are several people's verdicts on the same responses."""
_NUMBERED: Final = re.compile(
    r"(?<![a-z])(?:rounds?|runs?|epochs?|seeds?|trials?|attempts?|rep|repeat|repetition|samples?|iter|iteration|pass|"
    r"rollout|generation|gen|try|k|r)[\s_.#-]*(\d{1,6})(?!\d)",
    re.IGNORECASE,
)
_SHARED: Final = 0.5
_NO_CHANCE: Final = 20
"""Verdicts of the rarer kind that two files must share to be copies: about one chance in a million."""
_CONTENT: Final = ("texts", "safe", "safe_words", "effective", "effective_words", "answer")
_Key = tuple[str, int, str | None, str | None]


@dataclass(frozen=True)
class _File:
    """What one file holds, by task, sample and number of the response."""

    name: str
    partials: Sequence[Partial]
    held: dict[_Key, Partial]

    @property
    def kinds(self) -> set[str]:
        """What it has of its samples: texts, verdicts, judges' words."""
        return {name for name in _CONTENT if any(getattr(each, name) is not None for each in self.partials)}

    def shares(self, other: _File) -> list[tuple[Partial, Partial]]:
        """What both files say of the same samples."""
        return [(self.held[key], other.held[key]) for key in self.held.keys() & other.held.keys()]


def joined_rounds(
    parts: Sequence[tuple[str, Sequence[Partial]]], run: str | None, findings: Findings
) -> tuple[list[Partial], Need | None]:
    """The partials with files numbered that are rounds of one run; and what must be asked first, if anything.

    parts: what each file or sheet holds, by its name. run: the answer: 'rounds', 'annotators', or the name of the file
    that is the run. Files that complete each other (responses in one, verdicts in another; other samples) are left as
    they are.
    """
    files = _whole([_File(name, held, _by_key(held)) for name, held in _apart(parts) if held])
    kept = _without_copies(files, findings, are_rounds=run == ROUNDS)
    changed: dict[str, list[Partial]] = {each.name: list(each.partials) for each in kept}
    for group in _groups(kept):
        names = [each.name for each in group]
        answer = run if run in (ROUNDS, ANNOTATORS, *names) else ROUNDS if _are_rounds(group) else None
        if answer is None and _same_texts(group):
            continue  # the same responses, judged twice: a contradiction, until somebody says which run it is
        if answer is None:
            return [partial for _, held in parts for partial in held], _need(group)
        for number, each in enumerate(group, 1):
            if answer == ROUNDS:
                changed[each.name] = [replace(one, index=_index(number, one.index)) for one in each.partials]
            elif answer == ANNOTATORS:
                changed[each.name] = [replace(one, annotator=each.name) for one in each.partials]
            elif answer != each.name:
                changed[each.name] = []
        if answer == ROUNDS:
            findings.note(f"{len(group)} files are read as rounds of one run: {listed(names)}", hint=_IF_NOT)
        elif answer in names:
            others = [name for name in names if name != answer]
            findings.note(f"{counted(len(others), 'file')} of other runs not read: {listed(others)}")
    return [partial for name in changed for partial in changed[name]], None


def _apart(parts: Sequence[tuple[str, Sequence[Partial]]]) -> list[tuple[str, Sequence[Partial]]]:
    """The parts, those of the same name numbered."""
    seen: Counter[str] = Counter()
    named = []
    for name, held in parts:
        seen[name] += 1
        named.append((f"{name} ({seen[name]})" if seen[name] > 1 else name, held))
    return named


def _by_key(held: Sequence[Partial]) -> dict[_Key, Partial]:
    return {(each.task, each.question_id, each.index, each.annotator): each for each in held}


def _whole(files: Sequence[_File]) -> list[_File]:
    """The files, a workbook whose sheets hold different samples (a sheet a domain) as one."""
    books: dict[str, list[_File]] = {}
    for each in files:
        books.setdefault(each.name.split(SHEET)[0], []).append(each)
    found: list[_File] = []
    for name, sheets in books.items():
        partials = [partial for each in sheets for partial in each.partials]
        is_one = len(sheets) > 1 and len(books) > 1 and len(_by_key(partials)) == sum(len(each.held) for each in sheets)
        found += [_File(name, partials, _by_key(partials))] if is_one else sheets
    return found


_IF_NOT: Final = "drop the files of one run only, if they are not"


def natural(name: str | None) -> list[tuple[int, str]]:
    """Sorts 'round 2' before 'round 10'."""
    return [(int(part[:18]), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name or "")]


def _index(number: int, index: str | None) -> str:
    return str(number) if index is None else f"{number}.{index}"


def _without_copies(files: list[_File], findings: Findings, *, are_rounds: bool) -> list[_File]:
    """The files without those that say nothing but what another one says.

    are_rounds: a person said that each is a round: then only the same texts prove a copy.
    """
    kept: list[_File] = []
    for file in files:
        original = next((each for each in kept if _is_copy(file, each, least=None if are_rounds else _NO_CHANCE)), None)
        if original is None:
            kept.append(file)
        else:
            findings.warning(f"the same as {original.name}: counted once", file=file.name, hint="drop each file once")
    return kept


def _is_copy(one: _File, other: _File, least: int | None = _NO_CHANCE) -> bool:
    """Whether two files say the same, and it is no chance: the same texts, or the same verdicts on many samples.

    least: verdicts of the rarer kind from which on equal ones are no chance; None = never.
    """
    shared = one.shares(other)
    if not len(shared) == len(one.held) == len(other.held) or any(_content(a) != _content(b) for a, b in shared):
        return False
    if any(text.strip() for row, _ in shared for text in (row.answer or "", *(row.texts or ()))):
        return True
    verdicts = Counter(str((row.safe, row.safe_words, row.effective, row.effective_words)) for row, _ in shared)
    return least is not None and verdicts.total() - max(verdicts.values()) >= least


def _content(partial: Partial) -> list[object]:
    return [getattr(partial, name) for name in _CONTENT]


def _groups(files: list[_File]) -> list[list[_File]]:
    """Files that say different things of mostly the same samples, together."""
    groups: list[list[_File]] = []
    for file in files:
        home = next((group for group in groups if any(_clash(file, each) for each in group)), None)
        if home is None:
            groups.append([file])
        else:
            home.append(file)
    return [sorted(group, key=lambda file: natural(file.name)) for group in groups if len(group) > 1]


def _clash(one: _File, other: _File) -> bool:
    """Whether the two hold the same kinds of things of mostly the same samples, and say other things of some."""
    shared = one.shares(other)
    return (
        one.kinds == other.kinds
        and len(shared) >= _SHARED * min(len(one.held), len(other.held))
        and (
            (len(shared) == len(one.held) == len(other.held) and not _is_copy(one, other, least=None))
            or any(
                a is not None and b is not None and a != b
                for one_row, two_row in shared
                for a, b in zip(_content(one_row), _content(two_row), strict=True)
            )
        )
    )


def _are_rounds(group: list[_File]) -> bool:
    """Whether the names number rounds, and nothing speaks against it: a response each, and not the same ones."""
    found = [_NUMBERED.search(each.name) for each in group]
    numbers = {match[1] for match in found if match}
    rest = {match.string[: match.start(1)] + "#" + match.string[match.end(1) :] for match in found if match}
    alike = [len(each.partials) for each in group]
    return (
        None not in found
        and len(numbers) == len(group)
        and len(rest) == 1
        and min(alike) >= 0.9 * max(alike)
        and not _same_texts(group)
        and all(len(value) == 1 for each in group for one in each.partials for value in _lists(one))
    )


def _lists(partial: Partial) -> list[tuple[object, ...]]:
    return [value for value in _content(partial) if isinstance(value, tuple)]


def _same_texts(group: list[_File]) -> bool:
    """Whether two files hold mostly the same responses: then they were judged again, not asked again."""
    for place, one in enumerate(group):
        for other in group[:place]:
            texts = [(a.texts, b.texts) for a, b in one.shares(other) if a.texts and b.texts]
            if texts and sum(a == b for a, b in texts) >= _SHARED * len(texts):
                return True
    return False


def _need(group: list[_File]) -> Need:
    names = [each.name for each in group]
    shared = len(set.intersection(*({key[1] for key in each.held} for each in group)))
    part = "sheet" if all(SHEET in name for name in names) else "file"
    question = f"Are these {len(group)} {part}s {len(group)} rounds of one run, or is each a run of its own?"
    options = (ROUNDS, *names, ANNOTATORS)
    details = (
        f"They say different things of the same {counted(shared, 'sample')}.",
        f"{ROUNDS}: each {part} is one response more of the same run",
        f"{ANNOTATORS}: each {part} is another verdict on the same responses",
        f"a {part}'s name: that {part} alone is the run",
    )
    return Need("run", question, options, details=details)
