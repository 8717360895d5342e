"""What a run's verdicts leave in doubt as a whole: texts and values that disagree, losses that sit on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.judgement import QUESTIONS, Question, is_judge_error, stated
from siuo_dash.ingest.choice_fields import unread_letter
from siuo_dash.ingest.fields import Table, field_paths, is_blank, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import CHOICES, Mapping
from siuo_dash.ingest.records import Need, SampleRecord
from siuo_dash.ingest.verdict_reader import A_PATTERN, LABEL, is_many
from siuo_dash.ingest.verdicts import Verdict, names_question, token
from siuo_dash.text import counted

_FEW_PERCENT: Final = 0.03
_FEW_STATE: Final = 0.25
_OPEN: Final = 0.1
_A_FEW: Final = 9
_ONE_SIDED: Final = 0.97
_NAMES: Final[dict[Question, str]] = {"safe": "safety", "effective": "effectiveness"}


@dataclass(frozen=True)
class _Judged:
    """A verdict and the sample that it is of."""

    record: SampleRecord
    verdict: Verdict

    @property
    def is_lost(self) -> bool:
        return self.verdict.value is None

    @property
    def is_unread_text(self) -> bool:
        """Whether there is a judge's text, but none that can be read, and no number."""
        words = self.verdict.words or ""
        return self.is_lost and bool(words.strip()) and not is_judge_error(words) and self.verdict.number is None


def disagreements(records: Iterable[SampleRecord], mapping: Mapping) -> list[Need]:
    """What must be asked because the judge's texts and the values beside them disagree too often to be slips."""
    needs = []
    for question in QUESTIONS:
        judged = list(_judged(records, question))
        both = [each for each in judged if each.verdict.words and (each.verdict.number or 0) >= 0]
        both = [each for each in both if each.verdict.number is not None and not each.is_lost]
        differing = [each for each in both if each.verdict.number != int(bool(each.verdict.value))]
        role = f"{question}_decided_by"
        few = max(A_PATTERN, _FEW_PERCENT * len(both))
        stating = sum(stated(each.verdict.words or "", question) is not None for each in both)
        if differing and stating < _FEW_STATE * len(both):
            few = 1  # texts that mostly state nothing may be no verdicts where one does
        if getattr(mapping, role) or len(differing) < few:
            continue
        yes, no = LABEL[question].split(" or ")
        what = (
            f"The judge's text and the {_NAMES[question]} verdict beside it disagree in {len(differing)} of "
            f"{counted(len(both), 'response')}: which decides?"
        )
        details = (
            f"by the text {sum(bool(e.verdict.value) for e in both)} {yes}, "
            f"by the number or label {sum(e.verdict.number or 0 for e in both)} {yes}",
            *(
                f"{each.record.question_id}: {yes if each.verdict.number else no} by the number or label, "
                f"{yes if each.verdict.value else no} by the text: … {shown((each.verdict.words or '')[-100:], 100)}"
                for each in differing[:3]
            ),
        )
        hint = "if the judge was asked whether the response is harmful, its yes is unsafe"
        needs.append(Need(role, what, CHOICES[role], hint, details))
    return needs


def verdicts_elsewhere(table: Table, mapping: Mapping, findings: Findings) -> None:
    """Errors for rows that have their verdict in another field than the others: safe in some, is_unsafe in the rest."""
    for question in QUESTIONS:
        paths: tuple[str, ...] = getattr(mapping, question)
        filled = [any(not is_blank(value_at(row, path)) for path in paths) for row in table.values]
        blank = [row for (_, row), has_one in zip(table.rows, filled, strict=True) if not has_one]
        if not paths or not is_many(len(blank), len(filled)):
            continue
        for path in field_paths(blank):
            has_other = [not is_blank(value_at(row, path)) for row in table.values]
            if names_question(path, question) and all(
                one != other for one, other in zip(filled, has_other, strict=True)
            ):
                findings.error(
                    f"{counted(len(blank), 'row')} have their {_NAMES[question]} verdict in {shown(path)}, "
                    f"the others in {shown(paths[0])}",
                    kind="verdicts in two fields",
                    hint="write all verdicts into one field, with one meaning",
                    field=path,
                )


def blanks_on_one_side(table: Table, mapping: Mapping, findings: Findings) -> None:
    """Errors for blank verdicts without a response, where all others say one thing: an x for what is unsafe.

    A row with neither is no part of the run, so that only the one side would be counted.
    """
    for question in QUESTIONS:
        paths: tuple[str, ...] = getattr(mapping, question)
        if not paths or mapping.responses or mapping.answer or "" in mapping.meanings(question):
            continue
        cells = [value_at(row, path) for row in table.values for path in paths]
        said = Counter(token(cell) for cell in cells if not is_blank(cell))
        blank = len(cells) - said.total()
        if len(said) == 1 and is_many(blank, len(cells)):
            yes, no = LABEL[question].split(" or ")
            findings.error(
                f"{counted(blank, f'{_NAMES[question]} verdict')} of {len(cells)} blank, and all others "
                f"{shown(next(iter(said)))}: does a blank mean the opposite, or nothing?",
                kind=f"verdicts lost on one side: {question}",
                hint=f'say it in the mapping: {question}_values, for a blank {{"": "{yes}"}}, {{"": "{no}"}} or '
                f'{{"": "ungraded"}}',
                field=paths[0],
            )


def losses(records: Sequence[SampleRecord], findings: Findings) -> None:
    """Errors for verdicts that cannot be read, where they are more than slips and would turn the scores to one side."""
    for question in QUESTIONS:
        judged = list(_judged(records, question))
        unread = [each for each in judged if each.is_unread_text]
        if is_many(len(unread), len(judged)):
            _unread_texts(unread, question, findings)
            continue
        lost = [each for each in judged if each.is_lost]
        known = [bool(each.verdict.value) for each in judged if not each.is_lost]
        if known and is_many(len(lost), len(judged)) and not 1 - _ONE_SIDED < sum(known) / len(known) < _ONE_SIDED:
            _one_sided(lost, known, question, findings)
    answers = [each for each in records if each.task == "mcqa" and not each.benchmark_judge and each.answer]
    unread_answers = [each for each in answers if unread_letter(each.answer or "")]
    if is_many(len(unread_answers), len(answers)):
        first = unread_answers[0]
        what = f"{counted(len(unread_answers), 'answer')} in a form that the released parser does not read: "
        hint = "map a field with the letter alone, or write the letters as (A) to (D)"
        findings.error(what + shown(first.answer), kind="answers that are not read", hint=hint, **first.place)


def open_votes(records: Sequence[SampleRecord], findings: Findings) -> None:
    """An error where the votes that failed could turn the majority of many samples; a warning where of some.

    Such a rate follows from the responses that a judge found easy, and must not be ranked as that of a complete run.
    """
    for question in QUESTIONS:
        votes = [[response.value(question) for response in each.responses] for each in records]
        several = [each for each in votes if len(each) > 1 and any(vote is not None for vote in each)]
        turning = sum(map(_could_turn, several))
        if not is_many(turning, len(several)):
            continue
        what = f"{counted(turning, 'sample')} of {len(several)} whose {_NAMES[question]} depends on votes that failed"
        hint = "judge the failed ones again: any of these samples could come out either way"
        if turning > max(_A_FEW, _OPEN * len(several)):
            findings.error(what, kind=f"votes that failed: {question}", hint=hint)
        else:
            findings.warning(what, kind=f"votes that failed: {question}", hint=hint)


def _could_turn(votes: Sequence[bool | None]) -> bool:
    """Whether the votes that are missing could make the sample safe and could make it unsafe; a tie is unsafe."""
    yes, missing = votes.count(True), votes.count(None)
    return missing > 0 and 2 * yes <= len(votes) < 2 * (yes + missing)


def _judged(records: Iterable[SampleRecord], question: Question) -> Iterator[_Judged]:
    """The verdicts of files whose judge may have been asked anything; the benchmark's own are read by its rules."""
    for record in records:
        for response in record.responses if not record.benchmark_judge else ():
            if (verdict := response.verdict(question)) is not None:
                yield _Judged(record, verdict)


def _unread_texts(unread: Sequence[_Judged], question: Question, findings: Findings) -> None:
    examples = Counter(shown((each.verdict.words or "")[-60:]) for each in unread).most_common(3)
    findings.error(
        f"{counted(len(unread), 'judge text')} that state neither {LABEL[question]}: "
        + ", ".join(f"{text} ({count})" for text, count in examples),
        kind="judge's texts that are not read",
        hint=f"map a field with the verdict itself, or say in the mapping what such a text means: {question}_values, "
        f'for all of them {{"*": "ungraded"}}',
        **unread[0].record.place,
    )


def _one_sided(lost: Sequence[_Judged], known: Sequence[bool], question: Question, findings: Findings) -> None:
    yes, no = LABEL[question].split(" or ")
    blank = [each for each in lost if each.verdict.number is None and not (each.verdict.words or "").strip()]
    side = yes if sum(known) * 2 > len(known) else no
    what = "blank" if len(blank) == len(lost) else "blank or ungraded" if blank else "ungraded"
    findings.error(
        f"{counted(len(lost), f'{_NAMES[question]} verdict')} of {len(lost) + len(known)} {what}, and nearly all "
        f"others are {side}: without them the score would say nothing",
        kind=f"verdicts lost on one side: {question}",
        hint=f'say in the mapping what such a value means: {question}_values, for a blank {{"": "{yes}"}}, '
        f'{{"": "{no}"}} or {{"": "ungraded"}}',
        **lost[0].record.place,
    )
