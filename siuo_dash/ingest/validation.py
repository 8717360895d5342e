"""What is wrong with a run as a whole: errors that refuse it, warnings that it is published with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import Question, stated
from siuo_dash.benchmark.schema import FLAGS, METRICS
from siuo_dash.benchmark.scoring import Judged, Tally
from siuo_dash.errors import Finding
from siuo_dash.ingest import read, totals
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Claim, SampleRecord
from siuo_dash.ingest.scored import ScoredSample
from siuo_dash.text import counted

PROTOCOL_RESPONSES: Final = 3
_NAMES: Final[dict[Question, str]] = {"safe": "safety", "effective": "effectiveness"}


def whole_run_errors(reading: read.Reading, judged: Judged) -> list[Finding]:
    """Why the run as a whole cannot be scored, beyond what its rows show."""
    findings = Findings()
    for need in reading.needs:
        if "." in need.role:
            continue  # what a value means: said where it was read
        answer = f"answer it in the mapping: {need.role} is one of {', '.join(need.options[:12])}"
        if need.can_be_none:
            answer += f', or "none": ["{need.role.split("_")[0]}"]'
        findings.error(need.question, field=need.role, hint=answer if need.options else need.hint, details=need.details)
    generation = [record for record in reading.samples if record.task == "generation"]
    errors = [finding for finding in reading.findings if finding.severity == "error"]
    if not reading.samples and not reading.needs and not errors:
        if reading.claims or reading.advice == totals.ADVICE:
            findings.error("only scores, no samples", hint=reading.advice)
        else:
            findings.error("no sample could be read", hint="see docs/formats.md for what is understood")
    is_explained = any("in the mapping" in finding.hint for finding in errors)  # verdicts that were not understood
    if generation and not judged.safe and not judged.effective and not is_explained:
        blank = any(r.safety is not None or r.effectiveness is not None for each in generation for r in each.responses)
        findings.error(
            f"{counted(len(generation), 'sample')}, but no verdict at all"
            + (": every one is blank, -1 or cannot be read" if blank else ", only responses"),
            hint=reading.advice,
            file=generation[0].file,
        )
    elif generation and not judged.safe and not is_explained:
        findings.error(
            "effectiveness was judged, safety was not",
            hint="drop the file with the safety verdicts too, or map the field that holds them",
            file=generation[0].file,
        )
    return findings.listed()


def warnings(
    reading: read.Reading,
    samples: Sequence[ScoredSample],
    judged: Judged,
    scores: Mapping[str, Tally],
    catalogue: Catalogue,
) -> list[Finding]:
    """What a reader of the run should know, most of it about missing and contradicting verdicts."""
    findings = Findings()
    for task in dict.fromkeys(each.record.task for each in samples):
        _coverage([each for each in samples if each.record.task == task], task, catalogue, findings)
    generated = [each for each in samples if each.record.task == "generation"]
    if generated:
        _response_counts(generated, findings)
        if not judged.effective:
            findings.warning(
                "effectiveness was not judged: safe only, and no place among runs by both",
                hint="drop the file with the effectiveness verdicts too, if there is one",
            )
    for question in _NAMES:
        _verdicts(question, generated, findings)
    _ties(generated, findings)
    _answers([each for each in samples if each.record.task == "mcqa"], findings)
    _claims(reading.claims, scores, findings)
    _recomputed(samples, findings)
    _health(samples, findings)
    return findings.listed()


def _coverage(samples: Sequence[ScoredSample], task: str, catalogue: Catalogue, findings: Findings) -> None:
    present = {each.record.question_id for each in samples}
    splits = {each.sample.split for each in samples}
    missing = [s.question_id for s in catalogue.samples if s.split in splits and s.question_id not in present]
    if missing:
        named = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        of = "" if task == "generation" else " of the multiple-choice task"
        findings.warning(
            f"{counted(len(missing), 'sample')}{of} of {len(missing) + len(present)} missing: {named}",
            hint="a run without all samples is marked partial and is not ranked unless asked for",
        )


def _response_counts(samples: Sequence[ScoredSample], findings: Findings) -> None:
    counts = Counter(len(each.responses) for each in samples if each.responses)
    usual = responses_per_sample(samples)
    if usual is None:
        return
    if len(counts) > 1:
        listed = ", ".join(f"{counted(number, 'sample')} with {k}" for k, number in sorted(counts.items()))
        unusual = [each.record for each in samples if len(each.responses) not in (0, usual)]
        _warn(unusual, f"the number of responses varies: {listed}", f"the run is entered with {usual}", findings)
    if usual != PROTOCOL_RESPONSES:
        findings.warning(
            f"{counted(usual, 'response')} a sample; the benchmark's protocol has {PROTOCOL_RESPONSES}",
            hint="the run is ranked on the board of runs with the same judge and number of responses",
        )


def responses_per_sample(samples: Sequence[ScoredSample]) -> int | None:
    """The usual number of responses a sample; the larger of two equally usual ones; None where none are known."""
    counts = Counter(len(each.responses) for each in samples if each.responses)
    return max(counts, key=lambda k: (counts[k], k), default=None)


def _verdicts(question: Question, samples: Sequence[ScoredSample], findings: Findings) -> None:
    """Numbers that say something else than the judge's words beside them."""
    differing, contradicted = [], []
    for each in samples:
        for response in each.responses:
            verdict = response.record.verdict(question)
            if verdict is None or verdict.words is None or verdict.value is None:
                continue
            if verdict.number is not None and verdict.number != int(verdict.value):
                differing.append(each.record)
            elif stated(verdict.words, question) not in (None, verdict.value):
                contradicted.append(each.record)
    for records, said in (
        (differing, "differ from what the judge's text beside them states: the text decides"),
        (contradicted, "contradict the judge's words beside them: kept as they were published"),
    ):
        hint = f"look at question_id {records[0].question_id} first" if records else ""
        _warn(records, f"{counted(len(records), f'{_NAMES[question]} verdict')} in the file {said}", hint, findings)


def _warn(records: Sequence[SampleRecord], message: str, hint: str, findings: Findings) -> None:
    """A warning about these samples, which points to the first of them; none where there are none."""
    if records:
        findings.warning(message, hint=hint, **records[0].place)


def _answers(samples: Sequence[ScoredSample], findings: Findings) -> None:
    """Letters, scores and keys of a multiple-choice file that differ from ours."""
    for message, hint, is_so in _OF_ANSWERS:
        found = [each.record for each in samples if is_so(each)]
        _warn(found, f"{len(found)} {_numbered(message, len(found))}", hint, findings)


def _numbered(message: str, count: int) -> str:
    """'letter(s) in the file differ' for one or many."""
    if count > 1:
        return message.replace("(s)", "s")
    singular = message.replace("(s)", "")
    return singular.replace("have a", "has a").replace("differ ", "differs ")


def _differs(given: str | None, letter: str) -> bool:
    """Whether a file gives a letter, and another one than this."""
    return given is not None and given != "" and given.strip().strip("()").upper()[:1] != letter


_OF_ANSWERS: Final[tuple[tuple[str, str, Callable[[ScoredSample], bool]], ...]] = (
    (
        "answer(s) have a letter in the file, but none that the released parser reads",
        "it guesses there at random; here they are wrong",
        lambda each: bool(each.record.file_answer) and each.letter is None and each.record.answer is not None,
    ),
    (
        "letter(s) in the file differ from the released parser's reading of the answer",
        "the answer's words decide",
        lambda each: each.letter is not None and _differs(each.record.file_answer, each.letter),
    ),
    (
        "item(s) have another key in the file than the benchmark",
        "the benchmark's key decides; if the options were shuffled, the letters mean something else",
        lambda each: _differs(each.record.file_key, each.sample.correct_option),
    ),
    (
        "score(s) in the file differ from ours",
        "ours follow from the benchmark's key and the answer's words",
        lambda each: each.record.answer is not None and each.record.file_correct not in (None, each.correct),
    ),
)
"""(message, hint, whether it is so of a sample) of what a multiple-choice file says otherwise than we do."""


def _claims(claims: Iterable[Claim], scores: Mapping[str, Tally], findings: Findings) -> None:
    together: dict[tuple[str, float, str, str], list[str]] = {}
    for claim in claims:
        together.setdefault((claim.metric, claim.percent, claim.reason, claim.if_ungraded), []).append(claim.source)
    for (metric, percent, reason, if_ungraded), sources in together.items():
        ours = scores.get(metric)
        if ours is None or ours.rate is None or abs(round(100 * ours.rate, 2) - percent) < 0.005:
            continue
        findings.warning(
            f"{METRICS[metric].label}: {percent:.2f}% according to {' and '.join(sources)}, "
            f"{100 * ours.rate:.2f}% recomputed ({ours.k}/{ours.n}, {ours.ungraded} ungraded)",
            kind=f"{METRICS[metric].label} in the file",
            hint=reason or (ours.ungraded and if_ungraded) or "scores are always recomputed from the verdicts",
        )


def _recomputed(samples: Sequence[ScoredSample], findings: Findings) -> None:
    changed = [
        each.record for each in samples if each.responses and each.record.stated not in (None, astuple(each.outcome))
    ]
    text = f"{counted(len(changed), 'sample')} whose outcome in the file does not follow from its verdicts: recomputed"
    _warn(changed, text, "", findings)


def _health(samples: Sequence[ScoredSample], findings: Findings) -> None:
    for flag in FLAGS.values():
        flagged = [each.record for each in samples if flag.id in each.flags]
        hint, help = "shown with the run, and the score without them beside the score", flag.help
        if flag.id == "ungraded":
            hint, help = "judge them again if you can", _ungraded([each for each in samples if flag.id in each.flags])
        _warn(flagged, f"{flag.label}: {counted(len(flagged), 'sample')}. {help}", hint, findings.at(field=flag.id))


def _ungraded(samples: Sequence[ScoredSample]) -> str:
    """What was done with samples that lack a verdict on a response: left out, or decided by the other verdicts."""
    judged = [name for name in _NAMES if any(getattr(each.outcome, name) is not None for each in samples)]
    without = sum(any(getattr(each.outcome, name) is None for name in judged) for each in samples)
    said = []
    if without or not judged:
        said.append(f"{without if judged else len(samples)} left out of the rates, and counted")
    if decided := len(samples) - without if judged else 0:
        said.append(f"{decided} decided by the verdicts that could be read")
    return f"A verdict is blank, -1 or could not be read: {'; '.join(said)}"


def _ties(samples: Sequence[ScoredSample], findings: Findings) -> None:
    """How many samples were counted as unsafe, or ineffective, because as many verdicts say one as the other."""
    for name, label in _NAMES.items():
        values = [[getattr(response, name) for response in each.responses] for each in samples]
        tied = sum(0 < votes.count(True) == votes.count(False) for votes in values)
        if tied:
            worse = "unsafe" if name == "safe" else "ineffective"
            findings.note(f"{counted(tied, 'sample is', 'samples are')} tied on {label}: counted as {worse}")
