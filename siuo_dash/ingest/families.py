"""Columns that a file has once for each run: `llava_safe`, `qwen_safe`; `original.response`, `rag.response`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from siuo_dash.ingest.fields import FieldValues, Table, field_paths, field_values, is_blank, spread, value_at
from siuo_dash.ingest.judge_texts import NOT_JUDGED, is_not_judged
from siuo_dash.ingest.mapping import ROLES, RUN, Mapping
from siuo_dash.ingest.series import is_series
from siuo_dash.ingest.verdicts import NO, UNGRADED, YES, name_tokens, names_question, token

_FEWEST, _MOST = 2, 30
_ROWS: Final = 2_000
_VERDICT_NAMES: Final = frozenset(
    "label labels verdict verdicts judgement judgment decision outcome result rating score flag flagged class "
    "annotation vote".split()
)
# Words that name parts of one evaluation, not runs.
_PARTS: Final = frozenset(
    "is was are not un safe unsafe safety effective effectiveness helpful helpfulness harmful harmfulness harm toxic "
    "toxicity bias fairness privacy relevance quality fluency correctness accuracy coherence truthfulness honesty "
    "refusal refused jailbroken attack asr judge judgement judgment label verdict score rating reason reasoning raw "
    "overall total mean average majority final evaluation eval gold true ground truth target reference expected human "
    "prompt question query input image text response responses output outputs answer prediction pred model category "
    "policy risk severity split both combined joint the of and or by in on for level type confidence prob id "
    "attempt trial round rollout iteration repetition".split()
)
_PEOPLE: Final = frozenset("annotator annotators rater raters reviewer coder labeller labeler expert assessor".split())
_MODELS: Final = re.compile(
    r"gpt|claude|gemini|llava|llama|qwen|intern|phi\d|mistral|mixtral|deepseek|glm|cogvlm|minicpm|^yi|kimi|gemma|molmo|"
    r"pixtral|idefics|blip|fuyu|minigpt|otter|grok|sonnet|opus|haiku|doubao|vlm|^o[134]$|^\d+b$",
)


@dataclass(frozen=True)
class Family:
    """Runs that have columns of their own.

    names: the runs (or annotators). templates: {field of all runs, with {run} for the name: plain name}. The plain name
    says what the field is without saying whose: 'is_safe' for '{run}.is_safe'.
    """

    names: tuple[str, ...]
    templates: dict[str, str]
    of_people: bool = False

    @property
    def are_models(self) -> bool:
        """Whether most names look like models'."""
        return 2 * sum(is_model_name(name) for name in self.names) >= len(self.names)

    def view(self, tables: Sequence[Table]) -> list[Table]:
        """The tables as if the file held one run: the first run's fields under plain names, without the others'."""
        plain = {template.replace(RUN, self.names[0]): name for template, name in self.templates.items()}
        return [_seen(table, plain, self) for table in tables]

    def restored(self, mapping: Mapping) -> Mapping:
        """A mapping of the view as a mapping of the file; of annotators, with all their columns."""
        back = {name: template for template, name in self.templates.items()}
        changes: dict[str, Any] = {}
        for role in ROLES:
            given = getattr(mapping, role.name)
            if not role.many:
                changes[role.name] = back.get(given, given) if given else given
                continue
            paths = [back.get(path, path) for path in given]
            if self.of_people:
                paths = [path.replace(RUN, name) for path in paths for name in (self.names if RUN in path else ("",))]
            changes[role.name] = tuple(paths)
        return replace(mapping, **changes)

    def runs_of(self, paths: Sequence[str]) -> set[str]:
        """The runs that these fields belong to."""
        own = {template.replace(RUN, name): name for template in self.templates for name in self.names}
        return {own[path] for path in paths if path in own}

    def option(self, role: str, option: str) -> str:
        """A plain name among a question's options as the file has it."""
        back = {name: template for template, name in self.templates.items()}
        return back.get(option, option)


def family_in(tables: Sequence[Table]) -> Family | None:
    """The runs that have columns of their own in one of these tables; None where there are no such."""
    for table in tables:
        fields = field_values(table)
        verdicts = [each for each in fields if is_verdict(each)]
        found = _largest(verdicts, keys_of(table))
        if found is not None:
            template, names = found
            return _whole(template, names, [each.path for each in fields])
    return None


def _largest(verdicts: list[FieldValues], keys: set[str]) -> tuple[str, tuple[str, ...]] | None:
    """The template and the names of most runs. keys: as the rows have them, for names with dots of their own."""
    groups: dict[str, dict[str, FieldValues]] = {}
    for each in verdicts:
        for template, name in _templates(each.path, keys):
            groups.setdefault(template, {})[name] = each
    usable: dict[str, tuple[str, ...]] = {}
    for template, members in groups.items():
        fixed = set(name_tokens(template.replace(RUN, " ")))
        says_safe = names_question(template.replace(RUN, " "), "safe")
        names = tuple(name for name in members if is_run_name(name) and (says_safe or not names_question(name, "safe")))
        if template == RUN and not all(map(_is_person, names)):
            models = [name for name in names if is_model_name(name)]
            values = {item for name in models for item in _items(members[name])}
            names = tuple(name for name in names if name in models or _items(members[name]) <= values)
            names = names if 2 * len(models) >= len(names) else ()
        if not _FEWEST <= len(names) <= _MOST or all(name.isdecimal() for name in names):
            continue
        if template.endswith(RUN) and is_series([members[name].path for name in names]):
            continue  # rounds: safe_1, safe_2; r1_safe may be a rater's
        if template != RUN and not (says_safe or fixed & _VERDICT_NAMES or _ends_with_judge(template, names)):
            continue
        others = [each for each in verdicts if each not in [members[name] for name in names]]
        of_all = any(_is_of_response(each.path) and not _belongs(each.path, names) for each in others)
        if of_all and not all(map(_is_person, names)):
            continue  # one field says it for all
        usable[template] = names
    if not usable:
        return None
    best = max(usable, key=lambda template: _fit(template, len(usable[template])))
    # 'ann_is_safe', 'ben_is_safe' and 'caption_safe': those that share more of their name belong together.
    paths = {best.replace(RUN, name) for name in usable[best]}
    for template, names in sorted(usable.items(), key=lambda item: -len(item[0])):
        if 2 * len(names) > len(paths) and {template.replace(RUN, name) for name in names} < paths:
            return template, names
    return best, usable[best]


def _ends_with_judge(template: str, names: Sequence[str]) -> bool:
    """Whether it is a judge that all the fields end with, rather than their models: 'ann GPT-4 eval'."""
    ending = template.removeprefix(RUN)
    return RUN not in ending and is_model_name(ending) and not any(map(is_model_name, names))


def _is_of_response(path: str) -> bool:
    """Whether a field's name says that a response is safe, not a prompt or a scene, or another model's response."""
    is_other = is_not_judged(path) or bool(set(name_tokens(path)) & {"baseline", "other"})
    return names_question(path, "safe") and not is_other


def _fit(template: str, count: int) -> tuple[bool, bool, int, int]:
    """A name that is a whole part of the path is better than one that is a piece of it; then more; the longer rest."""
    before, after = template.split(RUN)
    is_whole = (not before or before.endswith(".")) and after.startswith(".")
    return names_question(before + " " + after, "safe"), is_whole, count, len(before) + len(after)


def keys_of(table: Table) -> set[str]:
    """The keys of the rows and of the objects in them, of the first rows."""
    keys: set[str] = set()
    level: list[Any] = list(table.values[:20])
    for _ in range(4):
        keys.update(key for each in level for key in each)
        level = [inner for each in level for inner in each.values() if isinstance(inner, dict)]
    return keys


def may_name(name: str, path: str, keys: set[str]) -> bool:
    """Whether a piece of a path is one name: it does not cross from an object into what it holds."""
    return "." not in name or name in keys or path in keys


def _templates(path: str, keys: set[str]) -> list[tuple[str, str]]:
    """(template, name) of each piece of a path that may name a run."""
    pieces = re.findall(r"[^._\-\s/]+|[._\-\s/]+", path)
    if len(pieces) > 15:
        return []
    found = []
    for first in range(0, len(pieces), 2):
        for last in range(first, len(pieces), 2):
            before, name, after = (
                "".join(part) for part in (pieces[:first], pieces[first : last + 1], pieces[last + 1 :])
            )
            # A name in the middle of a word distinguishes runs only where it is a part of the path by itself.
            if may_name(name, path, keys) and (
                not before or not after or (before.endswith(".") and after.startswith("."))
            ):
                found.append((f"{before}{RUN}{after}", name))
    return found


def _whole(template: str, names: tuple[str, ...], paths: list[str]) -> Family:
    """The family with the other fields that each run has."""
    before, after = template.split(RUN)
    joint = after[:1] if after else before[-1:]
    templates = {template: None}
    for path in paths:
        name = names[0]
        if joint and after and path.startswith(f"{before}{name}{joint}"):
            candidate = f"{before}{RUN}{path[len(before) + len(name) :]}"
        elif joint and not after and path.endswith(f"{joint}{name}"):
            candidate = f"{path[: -len(name)]}{RUN}"
        else:
            continue
        if all(candidate.replace(RUN, other) in paths for other in names):
            templates[candidate] = None
    plain = {each: _plain(each) for each in templates}
    twice = {name for name, count in Counter(plain.values()).items() if count > 1} | set(paths)
    named = {each: f"{name} of the run" if name in twice else name for each, name in plain.items()}
    return Family(names, named, of_people=all(map(_is_person, names)))


def _plain(template: str) -> str:
    before, after = template.split(RUN)
    return f"{before.rstrip('._- /')}.{after.lstrip('._- /')}".strip(".") or "verdict"


def _belongs(path: str, names: Sequence[str]) -> bool:
    """Whether a field is one run's, by its name."""
    return any(re.search(rf"(?:^|[._\-\s/]){re.escape(name)}(?:[._\-\s/]|$)", path) for name in names)


def _seen(table: Table, plain: dict[str, str], family: Family) -> Table:
    paths = field_paths(table.values[:50])
    kept = {path: plain.get(path, path) for path in paths if path in plain or not _belongs(path, family.names)}
    rows = tuple(
        (number, {name: value_at(row, path) for path, name in kept.items()}) for number, row in table.rows[:_ROWS]
    )
    return replace(table, rows=rows)


def is_run_name(name: str) -> bool:
    """Whether a piece of a field's name may be a run's: no word for a part of an evaluation."""
    words = {word.rstrip("0123456789") or word for word in name_tokens(name)} or {""}
    return (
        len(name) <= 60
        and bool(words - _PARTS - NOT_JUDGED - {""})
        and not name.endswith((".is", "_is", ".was", "_resp"))
    )


def is_model_name(name: str) -> bool:
    """Whether a name looks like a model's."""
    return any(_MODELS.search(part) for part in re.split(r"[^a-z0-9]+", name.lower()))


def _is_person(name: str) -> bool:
    words = {word.rstrip("0123456789") for word in name_tokens(name)}
    return bool(words & _PEOPLE) or bool(re.fullmatch(r"(human|judge|label)[\s_-]?\d+", name.lower()))


def _items(each: FieldValues) -> set[str]:
    return {token(item) for item in spread(value for value in each.values if not is_blank(value))}


def is_verdict(each: FieldValues) -> bool:
    """Whether the field holds what might be verdicts: numbers, or few different short labels."""
    different = _items(each)
    known = YES | NO | UNGRADED
    if different and all(_NUMBER.fullmatch(item) or item in known for item in different):
        return True
    if not different or len(different) > 11 or any(len(item) > 40 for item in different):
        return False
    if len(different) <= 5 and all(len(item) <= 20 for item in different):
        return True
    return all(item in known or _NUMBER.fullmatch(item) or _WORDS.search(item) for item in different)


_NUMBER: Final = re.compile(r"-?\d{1,3}(\.\d+)?")
_WORDS: Final = re.compile(r"safe|harm|effective|helpful|refus|compl|pass|fail|good|bad|ok")
