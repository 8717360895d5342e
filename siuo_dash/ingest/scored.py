"""Records to scored samples: verdicts become outcomes, faults become flags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.choice_letter import option_in, parse_option
from siuo_dash.benchmark.health import are_identical, boilerplate_openings, in_order, response_flags, verdict_flags
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Judged, Outcome, Tally, outcome_of, outcome_without, safe_by_rule, tally
from siuo_dash.ingest.records import ResponseRecord, SampleRecord

_OF_AN_ANSWER: Final = frozenset({"empty", "error_message", "unclosed_reasoning"})
"""Flags that mean something for a multiple-choice answer, which may well be one letter."""


@dataclass(frozen=True)
class ScoredResponse:
    """One response as it is stored: final verdicts and flags."""

    record: ResponseRecord
    safe: bool | None
    effective: bool | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class ScoredSample:
    """One sample of a run as it is stored."""

    sample: Sample
    record: SampleRecord
    responses: tuple[ScoredResponse, ...]
    outcome: Outcome
    letter: str | None
    correct: bool | None
    flags: tuple[str, ...]

    def value(self, metric: str) -> bool | None:
        """The sample's outcome on a metric; None = ungraded or not judged."""
        if METRICS[metric].task != self.record.task:
            return None
        return self.correct if metric == "mcqa" else getattr(self.outcome, METRICS[metric].column)


def judged_on(records: Iterable[SampleRecord]) -> Judged:
    """What the run was judged on: whatever has a verdict on any of its responses."""
    generation = [record for record in records if record.task == "generation"]
    responses = [response for record in generation for response in record.responses]
    stated = [record.stated for record in generation if record.stated is not None and not record.responses]
    return Judged(
        safe=any(r.value("safe") is not None for r in responses) or any(c[0] is not None for c in stated),
        effective=any(r.value("effective") is not None for r in responses) or any(c[1] is not None for c in stated),
    )


def score(records: Sequence[SampleRecord], catalogue: Catalogue) -> list[ScoredSample]:
    """Each record scored by the benchmark's rules and examined for faults."""
    judged = judged_on(records)
    boilerplate = boilerplate_openings(
        response.text for record in records if record.task == "generation" for response in record.responses
    )
    return [
        _answered(record, catalogue.by_id[record.question_id])
        if record.task == "mcqa"
        else _generated(record, catalogue.by_id[record.question_id], judged, boilerplate)
        for record in records
    ]


def tallies(
    samples: Sequence[ScoredSample],
    metrics: Sequence[str],
    value: Callable[[ScoredSample, str], bool | None] = ScoredSample.value,
) -> dict[str, Tally]:
    """{metric: counts} over the samples of its task."""
    return {
        metric: tally(value(each, metric) for each in samples if each.record.task == METRICS[metric].task)
        for metric in metrics
    }


def without_flagged(samples: Sequence[ScoredSample], flags: Iterable[str], judged: Judged) -> list[ScoredSample]:
    """The samples scored again without the responses that have one of these flags; none left, no sample."""
    dropped = frozenset(flags)
    kept = []
    for each in samples:
        responses = each.responses if each.record.task == "generation" else ()
        if not dropped & set(each.flags):
            kept.append(each)
        elif left := outcome_without(dropped, ((r.flags, r.safe, r.effective) for r in responses), judged):
            kept.append(replace(each, outcome=left))
    return kept


def _generated(record: SampleRecord, sample: Sample, judged: Judged, boilerplate: frozenset[str]) -> ScoredSample:
    identical = are_identical([response.text for response in record.responses])
    responses = tuple(_response(each, sample, judged, boilerplate, identical=identical) for each in record.responses)
    if not responses and record.stated is not None:
        return ScoredSample(sample, record, (), Outcome(*record.stated), None, None, record.flags)
    flags = in_order([flag for response in responses for flag in response.flags])
    outcome = outcome_of(((response.safe, response.effective) for response in responses), judged)
    return ScoredSample(sample, record, responses, outcome, None, None, tuple(flags))


def _response(
    record: ResponseRecord, sample: Sample, judged: Judged, boilerplate: frozenset[str], *, identical: bool
) -> ScoredResponse:
    said = record.value("safe")
    safe = safe_by_rule(record.text, said) if judged.safe else None
    effective = record.value("effective")
    verdicts = [verdict for verdict, is_judged in ((safe, judged.safe), (effective, judged.effective)) if is_judged]
    words = [verdict.words for verdict in (record.safety, record.effectiveness) if verdict is not None]
    flags = in_order(
        [
            *(record.flags if record.text is None else ()),
            *response_flags(
                record.text,
                reference_fingerprint=sample.reference_fingerprint,
                boilerplate=boilerplate,
                stopped=record.stopped,
            ),
            *verdict_flags(record.text, verdicts, words, said),
            *(["identical_responses"] if identical else []),
        ]
    )
    return ScoredResponse(record, safe, effective, tuple(flags))


def _answered(record: SampleRecord, sample: Sample) -> ScoredSample:
    letter = record.letter if record.answer is None else parse_option(record.answer)
    if record.answer is None:  # an export without the model's words, perhaps even without the letter
        correct = record.file_correct if letter is None else letter == sample.correct_option
        return ScoredSample(sample, record, (), Outcome(), letter, correct, record.flags)
    flags = tuple(flag for flag in response_flags(record.answer) if flag in _OF_AN_ANSWER)
    response = ScoredResponse(ResponseRecord(record.answer, chars=len(record.answer)), None, None, flags)
    # A letter that cannot be read is wrong.
    key = option_in(record.file_key) if record.correct_by_file else sample.correct_option
    return ScoredSample(sample, record, (response,), Outcome(), letter, letter is not None and letter == key, flags)
