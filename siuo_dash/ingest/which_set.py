"""Which sample set the files are for: found by their questions and ids, and asked where several sets fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import Finding
from siuo_dash.ingest.mapping import Mapping as FieldMapping
from siuo_dash.ingest.placing import ELSEWHERE
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.submission import Submission

ROLE: Final = "sample_set"


def read_for(
    sets: Mapping[str, Catalogue],
    read: Callable[[Catalogue], Submission],
    mapping: FieldMapping | None = None,
    named: str | None = None,
) -> Submission:
    """The submission as it is read for the set that it is for. named: the set's id; else the mapping may name it.

    Ids of two sets look alike, as both count from 1 in each domain. So the questions' texts decide, then the ids, and
    where both leave several sets open, the submission is refused with a question. A file whose samples are of no set is
    read for the one that most of them fit, so that its errors are listed.
    """
    wanted = named or (mapping.sample_set if mapping is not None else None)
    if wanted is not None and wanted not in sets:
        what = f"there is no sample set {wanted[:60]!r}"
        hint = f"one of {', '.join(sets)}; or add it: siuo-dash sets add"
        error = Finding("error", what, hint, field=ROLE)
        refused = read(next(iter(sets.values())))
        return Submission(refused.reading, findings=(error,), sample_set="")
    if wanted is not None or len(sets) == 1:
        return read(sets[wanted] if wanted is not None else next(iter(sets.values())))
    found = [read(each) for each in sets.values()]
    fitting = [each for each in found if not any(finding.kind in ELSEWHERE for finding in each.findings)]
    by_text = [each for each in found if each.reading.has_questions]
    for some in ([each for each in by_text if each in fitting], by_text, fitting):
        if len(some) == 1:
            return some[0]
        if some:
            return _asked(some)
    return max(found, key=lambda each: each.n_samples)


def _asked(open_ones: list[Submission]) -> Submission:
    """The question, which set is meant."""
    options = tuple(each.sample_set for each in open_ones)
    need = Need(ROLE, "Which sample set was the model asked about? The files fit several.", options)
    reading = replace(open_ones[0].reading, needs=(need,), samples=())
    hint = f"name it with --set: {' or '.join(options)} (the API's field: {ROLE})"
    return Submission(reading, findings=(Finding("error", need.question, hint, field=ROLE),), sample_set="")
