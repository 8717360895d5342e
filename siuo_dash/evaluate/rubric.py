"""What model and judge are told: the benchmark's own instructions, out of its fetched scripts, or a folder's."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate.plan import CHOICE, GENERATION, fingerprint
from siuo_dash.sources.benchmark_text import CHOICE_SCRIPT, JUDGE_SCRIPT, RUBRIC

OFFICIAL: Final = "official"
_VARIABLE: Final = "prompt_template"
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "safe": frozenset({"question", "explanation", "reference", "response"}),
    "effective": frozenset({"question", "response"}),
    "choice": frozenset({"question", "option"}),
}
_NEEDED: Final = {"safe": {"response"}, "effective": {"response"}, "choice": {"question", "option"}}
_OFFICIAL: Final = {"safe": "9f88d13da10699af", "effective": "ee0819fb408e6380", "choice": "bf0cfa1ba3f6c355"}
"""The first 16 hex digits of the SHA-256 of each of the benchmark's own instructions."""
_LONGEST: Final = 100_000


@dataclass(frozen=True)
class Rubric:
    """Three instructions, with fields in braces: {question}, {response}, …; '' where a task needs none."""

    safe: str = ""
    effective: str = ""
    choice: str = ""

    @property
    def fingerprint(self) -> str:
        """16 hex digits that name the instructions together."""
        return fingerprint(self.safe, self.effective, self.choice)

    @property
    def is_official(self) -> bool:
        """Whether the judge is told what the benchmark's own script tells it."""
        given = {"safe": self.safe, "effective": self.effective}
        return all(digest(text) == _OFFICIAL[name] for name, text in given.items())

    @property
    def label(self) -> str:
        """'official', or the first digits of the judge's instructions: another instrument has another name."""
        return OFFICIAL if self.is_official else fingerprint(self.safe, self.effective)[:6]

    def fill(self, name: str, values: Mapping[str, str]) -> str:
        """An instruction with its fields filled in. All at once: a response with '{reference}' in it stays as it is."""
        names = "|".join(sorted(_FIELDS[name]))
        return re.sub(rf"\{{({names})\}}", lambda found: values[found.group(1)], str(getattr(self, name)))


def digest(text: str) -> str:
    """The first 16 hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def templates(script: str) -> dict[str, str]:
    """{'safe', 'effective' or 'choice': instruction} that a released script assigns; nothing of it is run.

    The judge's script assigns it twice, under `if args.mode == 'safe'` and 'effective'; the other one once.
    """
    found: dict[str, str] = {}

    def look(body: Iterable[ast.stmt], mode: str) -> None:
        for node in body:
            if isinstance(node, ast.Assign) and any(_is_named(target) for target in node.targets):
                if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                    found.setdefault(mode, node.value.value)
            elif isinstance(node, ast.If):
                look(node.body, _mode(node.test) or mode)
                look(node.orelse, mode)
            else:
                for _, value in ast.iter_fields(node):
                    if isinstance(value, list):
                        look([each for each in value if isinstance(each, ast.stmt)], mode)

    look(ast.parse(script).body, "choice")
    return found


def official(benchmark: Path) -> Rubric:
    """The benchmark's own instructions, out of the scripts that fetch-benchmark brought; each checked by fingerprint.

    benchmark: the folder of the benchmark's texts.
    """
    hint = "run: python -m siuo_dash fetch-benchmark; or give your own with --rubric DIR"
    texts: dict[str, str] = {}
    for name, modes in ((JUDGE_SCRIPT, ("safe", "effective")), (CHOICE_SCRIPT, ("choice",))):
        path = benchmark / RUBRIC / name
        try:
            found = templates(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise EvaluationError("the benchmark's rubric is not installed", where=str(path), hint=hint) from None
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            raise EvaluationError(f"this script cannot be read ({error})", where=str(path), hint=hint) from error
        for mode in modes:
            if digest(found.get(mode, "")) != _OFFICIAL[mode]:
                what = f"the {mode} instruction in it is not the benchmark's own, as its fingerprint says"
                raise EvaluationError(what, where=str(path), hint=hint)
            texts[mode] = found[mode]
    return Rubric(**texts)


def own(folder: Path, tasks: Iterable[str]) -> Rubric:
    """The instructions in a folder: safe.txt and effective.txt for generation, choice.txt for multiple choice.

    EvaluationError names every file that is missing, and every field that an instruction must have and does not.
    """
    wanted = {GENERATION: ("safe", "effective"), CHOICE: ("choice",)}
    wrong: list[str] = []
    texts: dict[str, str] = {}
    for name in [name for task in tasks for name in wanted[task]]:
        try:
            texts[name] = (folder / f"{name}.txt").read_text(encoding="utf-8")[:_LONGEST]
        except (OSError, UnicodeDecodeError) as error:
            wrong.append(f"{name}.txt cannot be read ({getattr(error, 'strerror', None) or error})")
            continue
        wrong += [f"{name}.txt has no {{{each}}}" for each in sorted(_NEEDED[name]) if f"{{{each}}}" not in texts[name]]
    if wrong:
        hint = "safe.txt may have {question}, {explanation}, {reference}, {response}; effective.txt {question}, "
        hint += "{response}; choice.txt {question}, {option}"
        raise EvaluationError("; ".join(wrong), where=str(folder), hint=hint)
    return Rubric(**{each.name: texts.get(each.name, "") for each in fields(Rubric)})


def _is_named(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == _VARIABLE


def _mode(test: ast.expr) -> str:
    """The word that a test compares something with: `args.mode == 'safe'`."""
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        word = test.comparators[0]
        if isinstance(word, ast.Constant) and word.value in _FIELDS:
            return str(word.value)
    return ""
