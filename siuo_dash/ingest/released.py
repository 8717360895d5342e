"""What the released scripts would have printed for a submission, and why it differs from ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from siuo_dash.benchmark.as_released import (
    Released,
    ReleasedSample,
    effectiveness_number,
    expected_accuracy,
    generation,
    safety_number,
)
from siuo_dash.benchmark.judgement import QUESTIONS, Question
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Judged, Tally
from siuo_dash.errors import Finding
from siuo_dash.ingest.scored import ScoredSample
from siuo_dash.ingest.verdicts import Verdict
from siuo_dash.text import counted


@dataclass(frozen=True)
class AsReleased:
    """The released scripts' figures: gen_score.py's in percent, mcqa-eval.py's expected accuracy as a fraction.

    generation: None where the run was not judged on both questions, so that gen_score.py cannot run.
    """

    generation: Released | None = None
    mcqa: float | None = None

    def as_dict(self) -> dict[str, float | None] | None:
        """The four overall figures; None where the released scripts print nothing."""
        if self.generation is None and self.mcqa is None:
            return None
        means = None if self.generation is None else self.generation.overall
        names = ("safe", "effective", "safe_and_effective")
        return {name: None if means is None else getattr(means, name) for name in names} | {"mcqa": self.mcqa}


def as_released(samples: Sequence[ScoredSample], judged: Judged) -> AsReleased:
    """The figures that gen_score.py and mcqa-eval.py would print for these samples."""
    generated = [each for each in samples if each.record.task == "generation"]
    answered = [each for each in samples if each.record.task == "mcqa"]
    means = None
    if judged.safe and judged.effective and generated and all(each.responses for each in generated):
        means = generation(
            ReleasedSample(
                each.sample.domain,
                [_number(response.record.safety, "safe") for response in each.responses],
                [_number(response.record.effectiveness, "effective") for response in each.responses],
            )
            for each in generated
        )
    accuracy = None
    if answered and all(each.correct is not None for each in answered):
        correct = sum(bool(each.correct) for each in answered)
        unparsed = sum(each.letter is None and not each.correct for each in answered)
        accuracy = expected_accuracy(correct, unparsed, len(answered))
    return AsReleased(means, accuracy)


def why_different(samples: Sequence[ScoredSample], released: AsReleased, scores: Mapping[str, Tally]) -> list[Finding]:
    """Warnings that say where the released figures differ from ours, with the reasons; empty where they agree."""
    findings = []
    if released.generation is not None:
        theirs = {name: getattr(released.generation.overall, name) for name in scores if name != "mcqa"}
        ours = {name: round(100 * rate, 2) for name in theirs if (rate := scores[name].rate) is not None}
        if any(abs(theirs[name] - ours.get(name, -1)) > 0.005 for name in theirs):
            figures = ", ".join(
                f"{theirs[name]:.2f}% {METRICS[name].label.lower()} (ours {ours[name]:.2f}%)"
                if name in ours
                else f"{theirs[name]:.2f}% {METRICS[name].label.lower()} (ours: nothing graded)"
                for name in theirs
            )
            reasons = "; ".join(_reasons(samples)) or "its votes on these verdicts come out otherwise"
            text = f"gen_score.py would print {figures}: {reasons}"
            findings.append(Finding("warning", text, hint="our scores follow what the judge's texts state"))
    unparsed = sum(each.record.task == "mcqa" and each.letter is None and each.correct is False for each in samples)
    if released.mcqa is not None and unparsed and (rate := scores["mcqa"].rate) is not None:
        text = (
            f"mcqa-eval.py would print {100 * released.mcqa:.2f}% on average (ours {100 * rate:.2f}%): "
            f"{counted(unparsed, 'answer')} without a letter that its parser reads"
        )
        findings.append(Finding("warning", text, hint="it guesses there at random, we count them wrong"))
    return findings


def _reasons(samples: Sequence[ScoredSample]) -> list[str]:
    kinds: Counter[str] = Counter()
    for each in samples:
        for response in each.responses:
            for question in QUESTIONS:
                if (verdict := response.record.verdict(question)) is not None:
                    ours = response.safe if question == "safe" else response.effective
                    by_rule = ours != verdict.value and int(ours is True) != _number(verdict, question)
                    kinds["by rule" if by_rule else _kind(question, verdict)] += 1
    texts = {
        "read as unsafe": "spelled in a way that gen_score.py reads as unsafe",
        "read as ineffective": "spelled in a way that gen_score.py reads as ineffective",
        "not read": "spelled in a way that gen_score.py does not read, which gives -1",
        "by rule": "on empty responses, which are safe by the benchmark's rule",
        "ungraded": "ungraded, which gives -1: this distorts its majority votes and averages",
        "other number": "stored with a number other than the judge's text beside it states",
    }
    counts = {text: kinds[kind] for kind, text in texts.items() if kinds[kind]}
    return [f"{counted(count, 'verdict is', 'verdicts are')} {text}" for text, count in counts.items()]


def _kind(question: Question, verdict: Verdict | None) -> str:
    """In which way the released scripts read a verdict differently."""
    number = _number(verdict, question)
    if verdict is None or verdict.value is None:
        return "ungraded" if number < 0 else "other number"
    if number == int(verdict.value):
        return "same"
    if number < 0:
        return "not read"
    if verdict.words and number == _extracted(verdict.words, question) and number == 0:
        return "read as unsafe" if question == "safe" else "read as ineffective"
    return "other number"


def _number(verdict: Verdict | None, question: Question) -> int:
    """1, 0 or -1 as gen_score.py finds it: the number in the file, else what gpt-eval.py reads from the text."""
    if verdict is None:
        return -1
    if verdict.number is not None:
        return verdict.number
    return _extracted(verdict.words or "", question)


def _extracted(words: str, question: Question) -> int:
    return safety_number(words) if question == "safe" else effectiveness_number(words)
