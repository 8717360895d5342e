"""Fields of any other name that may hold a verdict: never taken, only offered, or held against what texts state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from siuo_dash.benchmark.judgement import Question, bare_yes, stated
from siuo_dash.ingest.fields import FieldValues, is_blank, spread
from siuo_dash.ingest.judge_texts import NOT_JUDGED
from siuo_dash.ingest.verdicts import name_tokens, number_in, token

MACHINE: Final = frozenset(
    "finish stop latency seconds duration time timestamp date created updated tokens length count words cost batch gpu "
    "worker retries retry seed turn round epoch trial attempt index idx row page version hash url path file lang "
    "perplexity bleu rouge logprob nll id uid key error truncated".split()
)
"""Words for what a program counts while it works: no verdict, and not offered as one."""
_FEW_VALUES: Final = 12
_LONGEST_VALUE: Final = 40


def any_other(fields: Mapping[str, FieldValues], texts: Sequence[str]) -> list[str]:
    """The fields of any other name that hold few different short values, or numbers: only ever offered."""
    found = []
    for path, each in fields.items():
        items = [token(item) for item in spread(each.values) if not is_blank(item)]
        different = set(items)
        if path in texts or 2 * len(items) < len(each.values) or set(name_tokens(path)) & (NOT_JUDGED | MACHINE):
            continue
        is_few = 2 <= len(different) <= _FEW_VALUES and max(map(len, different)) <= _LONGEST_VALUE
        if is_few or (len(different) > 1 and all(number_in(item) is not None for item in different)):
            found.append((not is_few, path))
    return [path for _, path in sorted(found, key=lambda pair: pair[0])]


def judge_reads(question: Question) -> Callable[[str], bool | None]:
    """What a judge's text states, or its bare yes."""

    def reads(text: str) -> bool | None:
        said = stated(text, question)
        return bare_yes(text) if said is None else said

    return reads
