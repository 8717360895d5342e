"""A published figure: counts or printed rates that somebody types in, checked and made into the rows of a run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.printed import NotACount, count_of, source_link
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.benchmark.schema import BENCHMARK, DOMAIN_LABELS, METRICS, RESULT_SCHEMA
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.benchmark.totals import COUNTS, faults_of_totals, totals_outcomes
from siuo_dash.errors import Finding, SubmissionError
from siuo_dash.ingest.findings import Findings, shown

MAX_RESPONSES: Final = 127
Counts = tuple[int | None, int | None, int | None]
"""Safe, effective, both; None = not published."""
DOMAIN_COLUMNS: Final = ("domain", "n", *COUNTS)
"""The columns of a table by domain."""


@dataclass(frozen=True)
class Printed:
    """What a publication prints, as somebody types it.

    n: samples. safe, effective, both: a count or a rate each, '' = not published. responses: a sample's, None = not
    stated. by_domain: rows of DOMAIN_COLUMNS, of domains that the publication gives figures of.
    """

    n: int
    safe: str = ""
    effective: str = ""
    both: str = ""
    responses: int | None = None
    by_domain: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class PublishedFigure:
    """What was typed in, as counts. Without errors it can be published.

    overall: (n, counts). domains: {domain: (n, counts)}. read: how each rate was read, in sentences.
    """

    n: int
    overall: Counts
    domains: Mapping[str, tuple[int, Counts]] = field(default_factory=dict)
    responses: int | None = None
    findings: tuple[Finding, ...] = ()
    read: tuple[str, ...] = ()
    sample_set: str = BENCHMARK

    @property
    def errors(self) -> list[Finding]:
        """What refuses it."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def ok(self) -> bool:
        """Whether it can be published."""
        return not self.errors

    @property
    def evidence(self) -> str:
        """'totals', or 'domain_totals' where some counts are by domain."""
        return "domain_totals" if self.domains else "totals"

    @property
    def scores(self) -> dict[str, Tally]:
        """{metric: counts} of what is published."""
        return {name: Tally(k, self.n) for name, k in zip(COUNTS, self.overall, strict=True) if k is not None}

    def check_metadata(self, metadata: RunMetadata) -> list[Finding]:
        """What is wrong with its description: the facts of any run, and a source that can be opened."""
        found = metadata.check()
        wrong = {finding.field for finding in found}
        link = source_link(metadata.trimmed("source"))
        if "source" not in wrong and (link is None or not link.startswith("https://")):
            what = "no source" if metadata.trimmed("source") is None else "the source cannot be opened"
            found.append(FACTS["source"].wrong(what, "give a link that begins with https://, a DOI or an arXiv number"))
        return found

    def to_table(self, metadata: RunMetadata) -> pa.Table:
        """Its rows under RESULT_SCHEMA with its run_id; SubmissionError when it or its metadata has errors."""
        for wrong in [*self.errors, *self.check_metadata(metadata)]:
            raise SubmissionError(wrong.message, where=wrong.field, hint=wrong.hint)
        run = metadata.columns() | {"run_id": "", "sample_set": self.sample_set, "evidence": self.evidence}
        run |= {"responses_per_sample": self.responses, "task": "generation", "flags": [], "responses": []}
        rows = [run | dict(zip(("domain", *COUNTS), outcome, strict=True)) for outcome in self._outcomes()]
        table = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
        names = (metadata.trimmed("model") or "", metadata.trimmed("judge") or "")
        run_id = pa.repeat(pa.scalar(make_run_id(*names, content_hash(table)), pa.string()), table.num_rows)
        return table.set_column(0, RESULT_SCHEMA.field("run_id"), run_id)

    def as_json(self, run_id: str | None, more: Iterable[Finding] = ()) -> dict[str, Any]:
        """What `submit-published --json` prints."""
        errors = [*self.errors, *(each for each in more if each.severity == "error")]
        domains = {
            domain: {"n": n, **{name: k for name, k in zip(COUNTS, counts, strict=True) if k is not None}}
            for domain, (n, counts) in self.domains.items()
        }
        return {
            "ok": not errors,
            "n": self.n,
            "scores": {name: {"k": tally.k, "n": tally.n, "rate": tally.rate} for name, tally in self.scores.items()},
            "domains": domains,
            "read": list(self.read),
            "errors": [finding.as_dict() for finding in errors],
            "warnings": [finding.as_dict() for finding in self.findings if finding.severity == "warning"],
            "run_id": run_id,
        }

    def _outcomes(self) -> list[tuple[str | None, bool | None, bool | None, bool | None]]:
        """(domain, safe, effective, both) of each row: by domain, then what the domains leave of each count."""
        rows = [(name, *each) for name, (n, counts) in self.domains.items() for each in totals_outcomes(n, *counts)]
        rest = [self._rest(place) for place in range(len(COUNTS))]
        sizes = {n for n, k in rest if k is not None}
        if len(sizes) == 1:  # of the same samples, so the counts are known jointly
            return [*rows, *((None, *each) for each in totals_outcomes(sizes.pop(), *(k for _, k in rest)))]
        alone = (
            totals_outcomes(n, *(k if place == other else None for other in range(len(COUNTS))))
            for place, (n, k) in enumerate(rest)
        )
        return [*rows, *((None, *each) for outcomes in alone for each in outcomes)]

    def _rest(self, place: int) -> tuple[int, int | None]:
        """The samples that no domain's count of a metric covers, and how many of them pass; None = not published."""
        covered = [(n, counts[place]) for n, counts in self.domains.values() if counts[place] is not None]
        total = self.overall[place]
        left = self.n - sum(n for n, _ in covered)
        return left, None if total is None else total - sum(k for _, k in covered if k is not None)


def read_printed(printed: Printed, catalogue: Catalogue) -> PublishedFigure:
    """The counts behind what is printed, and everything that is wrong with it; never raises for bad input."""
    findings, read = Findings(), list[str]()
    if not 0 < printed.n <= len(catalogue):
        hint = "give the number of samples that the figures are over"
        findings.error(f"{printed.n} samples, and the benchmark has {len(catalogue)}", hint=hint, field="n")
        return PublishedFigure(printed.n, (None, None, None), findings=tuple(findings.listed()))
    if printed.responses is not None and not 0 < printed.responses <= MAX_RESPONSES:
        hint = f"a number from 1 to {MAX_RESPONSES}, or leave it out where it is not stated"
        findings.error(f"{printed.responses} responses a sample", hint=hint, field="responses")
    domains = _domains(printed.by_domain, printed.n, catalogue, findings, read)
    typed = (printed.safe, printed.effective, printed.both)
    counts = [_count(text, printed.n, name, findings, read) for text, name in zip(typed, COUNTS, strict=True)]
    for place, name in enumerate(COUNTS):
        if typed[place].strip() and counts[place] is None:
            continue  # what is wrong with it is said already
        counts[place] = _checked_total(counts[place], place, name, printed.n, domains, findings)
    overall: Counts = (counts[0], counts[1], counts[2])
    if not findings.has_errors and all(count is None for count in overall):
        findings.error("no figure is given", hint="give a count or a printed rate for at least one of the three")
    for what, hint in () if findings.has_errors else faults_of_totals(printed.n, *overall):
        findings.error(what, hint=hint or "compare the figures with the publication", field="safe_and_effective")
    figure = PublishedFigure(printed.n, overall, domains, printed.responses, (), tuple(read))
    if not findings.has_errors:
        rest = [figure._rest(place) for place in range(len(COUNTS))]
        sizes = {n for n, k in rest if k is not None}
        left = [k for _, k in rest]
        for what, hint in faults_of_totals(sizes.pop(), *left) if len(sizes) == 1 else ():
            message = f"the domains leave of the totals what cannot be: {what}"
            findings.error(message, hint=hint or "compare the figures with the publication", field="domain")
    responses = printed.responses
    found = tuple(findings.listed())
    return PublishedFigure(printed.n, overall, domains, responses, found, tuple(read), catalogue.sample_set)


def read_domain_rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV table with DOMAIN_COLUMNS; SubmissionError says what it lacks."""
    try:
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        rows = [{name: (cell or "").strip() for name, cell in row.items() if name} for row in reader]
    except csv.Error as error:
        raise SubmissionError(f"is no table ({error})", hint=f"a CSV with {', '.join(DOMAIN_COLUMNS)}") from error
    missing = [name for name in ("domain", "n") if name not in names]
    if missing:
        what = f"column {missing[0]} is missing"
        raise SubmissionError(what, where="the table by domain", hint=f"its columns are {', '.join(DOMAIN_COLUMNS)}")
    return rows


def _domains(
    rows: Sequence[Mapping[str, str]], n: int, catalogue: Catalogue, findings: Findings, read: list[str]
) -> dict[str, tuple[int, Counts]]:
    """{domain: (n, counts)} of the rows that hold a figure."""
    sizes = {domain: 0 for domain in DOMAIN_LABELS}
    for sample in catalogue.samples:
        sizes[sample.domain] += 1
    named = {name.casefold(): domain for domain, label in DOMAIN_LABELS.items() for name in (domain, label)}
    found: dict[str, tuple[int, Counts]] = {}
    for number, row in enumerate(rows, start=1):
        at = findings.at(row=number)
        texts = [(row.get(name) or "").strip() for name in COUNTS]
        if not any(texts):
            continue
        said = " ".join((row.get("domain") or "").split())
        domain = named.get(said.casefold())
        if domain is None:
            hint = f"one of {', '.join(DOMAIN_LABELS)}"
            at.error(f"{shown(said)} is no domain", hint=hint, field="domain")
            continue
        if domain in found:
            at.error(f"{domain} is there twice", hint="keep one row", field="domain")
            continue
        size = (row.get("n") or "").strip()
        if not size.isdecimal() or not 0 < int(size) <= n:
            at.error(f"{domain}: {shown(size)} is no number of samples up to {n}", hint="how many it has", field="n")
            continue
        if int(size) != sizes[domain]:
            hint = "go on if the publication says so; the benchmark's versions differ by a few samples"
            at.warning(f"{domain}: {size} samples, and {sizes[domain]} in the catalogue", hint=hint, field="n")
        where = f"{domain}, "
        counts = [_count(text, int(size), name, at, read, where) for text, name in zip(texts, COUNTS, strict=True)]
        known: Counts = (counts[0], counts[1], counts[2])
        for what, hint in faults_of_totals(int(size), *known):
            at.error(f"{domain}: {what}", hint=hint or "compare the row with the publication", field="domain")
        found[domain] = (int(size), known)
    total = sum(size for size, _ in found.values())
    if total > n:
        findings.error(f"the domains have {total} samples together, of {n}", hint="correct one of them", field="n")
    return found


def _count(text: str, n: int, name: str, findings: Findings, read: list[str], where: str = "") -> int | None:
    """The count that a text says; None where it is empty or wrong, which is a finding. where: before the metric."""
    if not text.strip():
        return None
    label = f"{where}{METRICS[name].label}"
    try:
        k = count_of(text, n)
    except NotACount as error:
        findings.error(f"{label}: {error.what}", hint=error.hint, field=name)
        return None
    if not text.strip().isdecimal():
        read.append(f"{label}: {text.strip()} is {k} of {n}.")
    return k


def _checked_total(
    total: int | None,
    place: int,
    name: str,
    n: int,
    domains: Mapping[str, tuple[int, Counts]],
    findings: Findings,
) -> int | None:
    """The count over all samples: as given, or the sum of the domains where these are all samples."""
    covered = [(size, counts[place]) for size, counts in domains.values() if counts[place] is not None]
    if not covered:
        return total
    size, passing = sum(each for each, _ in covered), sum(k for _, k in covered if k is not None)
    label = METRICS[name].label
    if total is None:
        if size == n:
            return passing
        hint = f"give {label} over all {n} samples, too, or correct the number of samples"
        findings.error(f"{label}: the domains have {size} of {n} samples", hint=hint, field=name)
    elif not 0 <= total - passing <= n - size:
        hint = "compare both with the publication; a rate that is rounded to few digits can be off by one"
        what = f"{label}: {total} of {n} in all, but {passing} of {size} in the domains"
        findings.error(what, hint=hint, field=name)
    return total


def printed_of(table: pa.Table) -> Printed:
    """What was typed in for a run of totals: its counts again. table: its rows under RESULT_SCHEMA."""
    frame = table.select(["domain", "responses_per_sample", *COUNTS]).to_pandas()
    known = frame[list(COUNTS)].notna()
    totals = {name: str(int(frame[name].eq(True).sum())) if known[name].any() else "" for name in COUNTS}
    rows = []
    for domain, part in frame.groupby("domain", sort=False):
        given = {name: part[name].dropna() for name in COUNTS if part[name].notna().any()}
        counts = {name: str(int(values.eq(True).sum())) for name, values in given.items()}
        rows.append({"domain": str(domain), "n": str(max(map(len, given.values()), default=0)), **counts})
    responses = frame["responses_per_sample"].dropna()
    return Printed(
        n=int(known.sum().max()),
        safe=totals["safe"],
        effective=totals["effective"],
        both=totals["safe_and_effective"],
        responses=None if responses.empty else int(responses.iloc[0]),
        by_domain=rows,
    )
