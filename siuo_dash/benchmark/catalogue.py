"""The catalogue: what is known about each sample, and where a question_id can lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from siuo_dash.benchmark.schema import BENCHMARK, DIMENSIONS, DOMAINS, OPTIONS, Domain
from siuo_dash.errors import CatalogueError


@dataclass(frozen=True)
class Sample:
    """One picture + question of the benchmark, in our own words."""

    question_id: int
    split: str
    domain: str
    subcategory: str
    primary_dimension: str
    needs_knowledge: bool
    needs_reasoning: bool
    image: str
    correct_option: str
    question_fingerprint: str
    reference_fingerprint: str
    scene: str
    request: str
    hazard: str


SAMPLE_COLUMNS = tuple(field.name for field in fields(Sample))


class Catalogue:
    """All samples of a set, by id and by question fingerprint. sample_set: the set's id."""

    def __init__(self, samples: Iterable[Sample], sample_set: str = BENCHMARK) -> None:
        self.sample_set = sample_set
        self.samples = tuple(sorted(samples, key=lambda sample: sample.question_id))
        self.by_id = {sample.question_id: sample for sample in self.samples}
        self.by_fingerprint = {sample.question_fingerprint: sample for sample in self.samples}
        if not self.samples:
            raise CatalogueError("the catalogue holds no sample", where="data/samples.csv")
        repeated = [qid for qid, count in Counter(s.question_id for s in self.samples).items() if count > 1]
        if repeated:
            raise CatalogueError(f"question_id {repeated[0]} is there twice", where="data/samples.csv")

    def __len__(self) -> int:
        return len(self.samples)

    def split_size(self, split: str) -> int:
        """Number of samples in a split."""
        return sum(sample.split == split for sample in self.samples)

    def why_unknown(self, question_id: int) -> str:
        """Why an id is no sample: 'not a SIUO sample; self-harm ends at 1019'."""
        domain = domain_of(question_id)
        if domain is None:
            return "not a SIUO sample; ids run from 1001 to 9999, one block of 1000 a domain"
        ids = [s.question_id for s in self.samples if s.domain == domain.id]
        if not ids:
            return f"not a SIUO sample; {domain.id} has no sample in the catalogue"
        start = f"runs from {min(ids)} to" if question_id < min(ids) else "ends at"
        return f"not a SIUO sample; {domain.id} {start} {max(ids)}"


def domain_of(question_id: int) -> Domain | None:
    """The domain whose block of ids holds this one, or None."""
    return next((domain for domain in DOMAINS if domain.block == question_id // 1000 * 1000), None)


def sample_from_row(row: Mapping[str, str], line: int) -> Sample:
    """One line of samples.csv, checked: known domain in its own block, known dimension, known key."""
    where = f"samples.csv, line {line}"
    missing = [name for name in SAMPLE_COLUMNS if name not in row or row[name] is None]
    if missing:
        raise CatalogueError(f"column {missing[0]} is missing", where=where)
    try:
        question_id = int(row["question_id"])
        knowledge, reasoning = (bool(int(row[name])) for name in ("needs_knowledge", "needs_reasoning"))
    except ValueError as error:
        raise CatalogueError(str(error), where=where) from error
    domain = domain_of(question_id)
    if domain is None or domain.id != row["domain"]:
        raise CatalogueError(f"question_id {question_id} does not lie in the block of {row['domain']!r}", where=where)
    for name, column, known in (("dimension", "primary_dimension", DIMENSIONS), ("option", "correct_option", OPTIONS)):
        if row[column] not in known:
            hint = f"one of {', '.join(known)}"
            raise CatalogueError(f"unknown {name} {row[column]!r}", where=where, hint=hint)
    texts: dict[str, Any] = {name: row[name] for name in SAMPLE_COLUMNS}
    parsed = {"question_id": question_id, "needs_knowledge": knowledge, "needs_reasoning": reasoning}
    return Sample(**texts | parsed)
