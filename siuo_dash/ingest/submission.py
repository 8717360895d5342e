"""A submission: an uploaded run, scored, examined, and ready to be published or refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.health import count_flags
from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import BENCHMARK, DOMAINS, MCQA_JUDGE, METRICS, RESULT_SCHEMA, TASKS
from siuo_dash.benchmark.scoring import Judged, Tally
from siuo_dash.errors import Finding, SubmissionError
from siuo_dash.ingest.findings import SEVERITIES
from siuo_dash.ingest.mapping import Mapping as FieldMapping
from siuo_dash.ingest.read import Reading, UploadedFile, read_files
from siuo_dash.ingest.released import AsReleased, as_released, why_different
from siuo_dash.ingest.scored import ScoredSample, judged_on, score, tallies, without_flagged
from siuo_dash.ingest.validation import responses_per_sample, warnings, whole_run_errors
from siuo_dash.ingest.verdicts import name_tokens

__all__ = ["Submission", "UploadedFile", "submission_of", "validate"]

_PLAIN: Final = frozenset("original baseline base plain vanilla none default".split())
"""Words in the name of a variant that is the plain model."""
ANY_FLAG = "any"
"""The key of `scores_without_flagged` for all flagged responses together."""


@dataclass(frozen=True)
class Submission:
    """One run as uploaded. Without errors it can be published; a refused one has no scores.

    scores: {metric: counts}, for the metrics that were judged. as_released: what the released scripts would
    print. health: {flag: number of samples}. scores_without_flagged: {flag, or 'any': {metric: counts}}
    without the responses that have it. sample_set: the id of the set that it was read for; '' where that is open.
    """

    reading: Reading
    samples: tuple[ScoredSample, ...] = ()
    judged: Judged = field(default_factory=lambda: Judged(safe=False, effective=False))
    findings: tuple[Finding, ...] = ()
    scores: Mapping[str, Tally] = field(default_factory=dict)
    as_released: AsReleased = field(default_factory=AsReleased)
    split_size: int = 0
    sample_set: str = BENCHMARK

    @property
    def errors(self) -> list[Finding]:
        """What refuses the run."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """What the run is published with."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def notes(self) -> list[Finding]:
        """What was left aside, or done in one of several ways."""
        return [finding for finding in self.findings if finding.severity == "note"]

    @property
    def ok(self) -> bool:
        """Whether the run can be published."""
        return not self.errors

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the files hold samples of."""
        return tuple(task for task in TASKS if any(record.task == task for record in self.reading.samples))

    @property
    def task(self) -> str | None:
        """'generation', 'mcqa', 'generation + mcqa', or None where nothing was read."""
        return " + ".join(self.tasks) or None

    @property
    def n_samples(self) -> int:
        """How many different samples were read."""
        return len({record.question_id for record in self.reading.samples})

    @property
    def is_partial(self) -> bool:
        """Whether a metric has fewer graded samples than the benchmark has samples: not ranked unless asked for."""
        return any(tally.n < self.split_size for tally in self.scores.values())

    @property
    def responses_per_sample(self) -> int | None:
        """The protocol's number of responses; None where there is no response, or for multiple choice alone."""
        return responses_per_sample([each for each in self.samples if each.record.task == "generation"])

    @property
    def health(self) -> dict[str, int]:
        """{flag: number of samples that have it}."""
        return count_flags(each.flags for each in self.samples)

    @property
    def scores_without_flagged(self) -> dict[str, dict[str, Tally]]:
        """The scores without the flagged responses, by kind and without any flagged one."""
        kinds = {flag: [flag] for flag in self.health}
        if kinds:
            kinds[ANY_FLAG] = list(kinds)
        return {
            name: tallies(without_flagged(self.samples, flags, self.judged), list(self.scores))
            for name, flags in kinds.items()
        }

    @property
    def by_domain(self) -> dict[str, dict[str, Tally]]:
        """{domain: {metric: counts}}, for the domains that have samples."""
        domains = {domain.id: [each for each in self.samples if each.sample.domain == domain.id] for domain in DOMAINS}
        return {name: tallies(samples, list(self.scores)) for name, samples in domains.items() if samples}

    @cached_property
    def content_hash(self) -> str:
        """64 hex digits that name the content, whatever the run is called; SubmissionError for a refused run."""
        return content_hash(self._rows(RunMetadata("x", "x")))

    def run_id(self, model: str, judge: str) -> str:
        """The run's id under these names."""
        return make_run_id(model, judge if "generation" in self.tasks else MCQA_JUDGE, self.content_hash)

    def check_metadata(self, metadata: RunMetadata) -> list[Finding]:
        """What is wrong with the metadata for this run."""
        return metadata.check(needs_judge="generation" in self.tasks)

    def to_table(self, metadata: RunMetadata) -> pa.Table:
        """The run's rows under RESULT_SCHEMA, sorted by task and sample, with its run_id.

        SubmissionError when the run or its metadata has errors.
        """
        wrong = self.check_metadata(metadata)
        if wrong:
            raise SubmissionError(wrong[0].message, where=wrong[0].field, hint=wrong[0].hint)
        run_id = self.run_id(metadata.trimmed("model") or "", metadata.trimmed("judge") or "")
        table = self._rows(metadata)
        return table.set_column(0, RESULT_SCHEMA.field("run_id"), pa.array([run_id] * table.num_rows, pa.string()))

    def as_json(
        self, run_id: str | None = None, interval: Callable[[int, int], tuple[float | None, float | None]] | None = None
    ) -> dict[str, Any]:
        """What `validate --json` prints. interval: low and high of a rate from k and n, as fractions."""
        return {
            "ok": self.ok,
            "task": self.task,
            "n_samples": self.n_samples,
            "scores": {metric: _score(tally, interval) for metric, tally in self.scores.items()},
            "as_released": self.as_released.as_dict(),
            "health": self.health,
            "errors": [finding.as_dict() for finding in self.errors],
            "warnings": [finding.as_dict() for finding in self.warnings],
            "notes": [finding.as_dict() for finding in self.notes],
            "mapping": None if self.reading.mapping is None else json.loads(self.reading.mapping.as_json()),
            "read": [role.as_dict() for role in self.reading.roles],
            "run_id": run_id,
            "sample_set": self.sample_set or None,
        }

    def _rows(self, metadata: RunMetadata) -> pa.Table:
        if self.errors:
            first = self.errors[0]
            raise SubmissionError("the run has errors and cannot be published", where=first.file, hint=str(first))
        shared = metadata.columns() | {"run_id": "", "sample_set": self.sample_set, "evidence": "per_sample"}
        by_task: dict[str, dict[str, Any]] = {
            "generation": {"responses_per_sample": self.responses_per_sample},
            "mcqa": {"judge": MCQA_JUDGE, "responses_per_sample": 1},
        }
        rows = [shared | by_task[each.record.task] | _row(each) for each in self.samples]
        return pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)


def validate(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: FieldMapping | None = None) -> Submission:
    """Read, score and examine the files of one run; never raises for bad input."""
    return submission_of(read_files(files, catalogue, mapping), catalogue)


def each_run(read: Callable[[FieldMapping], Submission], reading: Reading) -> dict[str, Submission]:
    """{name: submission} of every run that the files hold. read: the same files by another mapping."""
    mapping = reading.mapping or FieldMapping()
    return {name: read(mapping.answered("run", name)) for name in reading.runs}


def about_run(stated: RunMetadata, kind: str, name: str) -> RunMetadata:
    """What was stated of all runs of a file, with this run's own name. kind: as `Reading.run_kind`."""
    model = stated.model.strip()
    if kind in ("model", "judge"):
        own: dict[str, Any] = {kind: name}
        return replace(stated, **own)
    if kind != "variant":
        return replace(stated, model=f"{model}, {name}")
    if _PLAIN & set(name_tokens(name)):
        return stated
    return replace(stated, model=f"{model} + {name}", base_model=stated.trimmed("base_model") or model, method=name)


def submission_of(reading: Reading, catalogue: Catalogue) -> Submission:
    """The submission that a reading makes: scored when it has no errors, with all findings in any case."""
    judged = judged_on(reading.samples)
    findings = [*reading.findings, *whole_run_errors(reading, judged)]
    if any(finding.severity == "error" for finding in findings):
        return Submission(reading, findings=_sorted(findings), sample_set=catalogue.sample_set)
    samples = score(reading.samples, catalogue)
    scores = tallies(samples, _judged_metrics(samples, judged))
    released = as_released(samples, judged)
    findings += [*why_different(samples, released, scores), *warnings(reading, samples, judged, scores, catalogue)]
    splits = {each.sample.split for each in samples}
    return Submission(
        reading=reading,
        samples=tuple(samples),
        judged=judged,
        findings=_sorted(findings),
        scores=scores,
        as_released=released,
        split_size=sum(catalogue.split_size(split) for split in splits),
        sample_set=catalogue.sample_set,
    )


def _judged_metrics(samples: Sequence[ScoredSample], judged: Judged) -> list[str]:
    tasks = {each.record.task for each in samples}
    is_judged = {
        "safe": judged.safe,
        "effective": judged.effective,
        "safe_and_effective": judged.safe and judged.effective,
    }
    return [metric.id for metric in METRICS.values() if metric.task in tasks and is_judged.get(metric.id, True)]


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def _score(
    tally: Tally, interval: Callable[[int, int], tuple[float | None, float | None]] | None
) -> dict[str, float | None]:
    low, high = (None, None) if interval is None or not tally.n else interval(tally.k, tally.n)
    return {"k": tally.k, "n": tally.n, "rate": tally.rate, "low": low, "high": high}


def _row(each: ScoredSample) -> dict[str, Any]:
    return {
        "task": each.record.task,
        "question_id": each.record.question_id,
        "safe": each.outcome.safe,
        "effective": each.outcome.effective,
        "safe_and_effective": each.outcome.safe_and_effective,
        "answer": each.letter,
        "correct": each.correct,
        "flags": list(each.flags),
        "responses": [
            {
                "text": response.record.text,
                "chars": response.record.chars,
                "safe": response.safe,
                "effective": response.effective,
                "safety_judgement": response.record.safety and response.record.safety.words,
                "effectiveness_judgement": response.record.effectiveness and response.record.effectiveness.words,
                "flags": list(response.flags),
            }
            for response in each.responses
        ],
    }
