"""Which evaluation this is: a hash of its content, and the run_id made from it."""

from __future__ import annotations

import hashlib
import json
from typing import Final

import pyarrow as pa

from siuo_dash.benchmark.badges import RE_JUDGED
from siuo_dash.benchmark.names import letters
from siuo_dash.benchmark.schema import BENCHMARK, LATER
from siuo_dash.benchmark.text import slug

CONTENT_COLUMNS: Final = tuple("task question_id safe effective safe_and_effective answer correct responses".split())
RESPONSE_CONTENT: Final = ("text", "safe", "effective")
_SLUG_LENGTH: Final = 60
Judged = tuple[str | None, str]
"""A run's judge, and its source status."""


def content_hash(table: pa.Table) -> str:
    """64 hex digits that name a run's content: tasks, samples, verdicts, answers and response texts.

    table: the rows of one run under RESULT_SCHEMA. Metadata (model, judge, note, …), flags and the
    judge's words are left out, so the same evaluation under another name has the same hash; on another sample set it
    is another evaluation. Neither the order of the rows nor Arrow's chunking changes it; a repeated row does.
    """
    columns = [table.column(name).to_pylist() for name in CONTENT_COLUMNS]
    # Only totals have a domain, and only runs on another set name theirs: all else hashes as it did before there were
    # such columns.
    domains = [[] if domain is None else [domain] for domain in _later(table, "domain")]
    sets = [[] if name == BENCHMARK else [{"sample_set": name}] for name in _later(table, "sample_set")]
    rows = sorted(
        json.dumps([*plain, [[response[key] for key in RESPONSE_CONTENT] for response in responses], *domain, *of_set])
        for *plain, responses, domain, of_set in zip(*columns, domains, sets, strict=True)
    )
    return hashlib.sha256("".join(f"{row}\n" for row in rows).encode("ascii")).hexdigest()


def is_other_judgement(one: Judged, other: Judged, is_made: bool = False) -> bool:
    """Whether two runs of equal content are the work of two judges, and not one run under two judges' names.

    The names alone prove nothing: one of the two must say that it judged responses which exist already, or the first
    was made here (is_made), where the judge is known.
    """
    (judge, status), (other_judge, other_status) = one, other
    return letters(judge or "") != letters(other_judge or "") and (is_made or RE_JUDGED in (status, other_status))


def _later(table: pa.Table, name: str) -> list[str | None]:
    """A column that files of earlier versions do not have."""
    return table.column(name).to_pylist() if name in table.column_names else [LATER[name]] * table.num_rows


def make_run_id(model: str, judge: str, content_hash: str) -> str:
    """'gpt-4o-human-1a2b3c4d': readable slugs of model and judge, and 8 hex digits of the content hash.

    A name without an ASCII letter or digit becomes 'model' or 'judge'; long slugs are shortened, so that
    the id is always a short and safe file name.
    """
    words = [slug(name)[:_SLUG_LENGTH].strip("-") or other for name, other in ((model, "model"), (judge, "judge"))]
    return "-".join([*words, content_hash[:8]])
