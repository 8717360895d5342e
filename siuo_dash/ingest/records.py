"""The shapes between files and scores: what a format reads, a row's part of a sample, a sample, what the files say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import Question
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.benchmark.schema import MCQA_JUDGE
from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.verdicts import Verdict, Words

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class _Placed:
    """Something about one sample, and the row that it was read from."""

    task: str
    question_id: int
    file: str
    row: int

    @property
    def place(self) -> dict[str, Any]:
        """Where a finding about it points to."""
        return {"file": self.file, "row": self.row, "question_id": self.question_id}


@dataclass(frozen=True)
class Partial(_Placed):
    """What one row of one file says of one sample; None = the file does not say.

    A sample may be spread over rows and files, so nothing is decided here: a verdict may need the number of one file
    and the words of another. index: which of the sample's responses the row holds, where each has a row of its own.
    annotator: who judged, where several people judged the same response.
    numbers: 1, 0, -1 or None a response. benchmark_judge: whether it comes from a file whose judge was given the
    benchmark's instruction. correct_by_file: whether the file's own key counts. stopped: why each response ended.
    """

    index: str | None = None
    annotator: str | None = None
    texts: tuple[str, ...] | None = None
    safe: tuple[int | None, ...] | None = None
    safe_words: tuple[Words | None, ...] | None = None
    effective: tuple[int | None, ...] | None = None
    effective_words: tuple[Words | None, ...] | None = None
    stopped: tuple[str, ...] | None = None
    answer: str | None = None
    file_answer: str | None = None
    file_correct: bool | None = None
    file_key: str | None = None
    benchmark_judge: bool = False
    correct_by_file: bool = False


@dataclass(frozen=True)
class ResponseRecord:
    """One response and its verdicts; a verdict is None where the run was not judged on it.

    text: None where only verdicts are known, then chars and flags are as the source has them. stopped: why it ended, as
    the provider said: 'stop', 'max_tokens', …; '' where that is not known.
    """

    text: str | None
    safety: Verdict | None = None
    effectiveness: Verdict | None = None
    chars: int | None = None
    flags: tuple[str, ...] = ()
    stopped: str = ""

    def verdict(self, question: Question) -> Verdict | None:
        """The verdict on this question."""
        return self.safety if question == "safe" else self.effectiveness

    def value(self, question: Question) -> bool | None:
        """What counts of the verdict on this question; None = ungraded or not judged."""
        verdict = self.verdict(question)
        return None if verdict is None else verdict.value


@dataclass(frozen=True)
class SampleRecord(_Placed):
    """One sample of a run, as read: responses with verdicts, or a multiple-choice answer.

    answer: the model's words, of which the option is read. file_answer, file_correct, file_key: what the
    file itself made of it, to be compared; correct_by_file: its key counts. benchmark_judge: the judge was given the
    benchmark's instruction. stated: safe, effective and both of a sample whose responses
    are not available. letter: an option that was parsed before, where the words are not available.
    """

    responses: tuple[ResponseRecord, ...] = ()
    answer: str | None = None
    letter: str | None = None
    file_answer: str | None = None
    file_correct: bool | None = None
    file_key: str | None = None
    stated: tuple[bool | None, bool | None, bool | None] | None = None
    flags: tuple[str, ...] = ()
    benchmark_judge: bool = False
    correct_by_file: bool = False


@dataclass(frozen=True)
class Claim:
    """A score that a file itself states, to be compared with ours.

    percent: rounded as the file has it. source: what says so. reason: why it may differ; if_ungraded: why it may where
    a sample has no verdict.
    """

    metric: str
    percent: float
    source: str
    reason: str = ""
    if_ungraded: str = ""


@dataclass(frozen=True)
class Need:
    """A question that a person must answer before a file can be scored.

    role: the mapping's entry that the answer fills; 'safe_values.ok' is what the value ok means. options: the possible
    answers, in words of the mapping; none where the answer is a number. details: what the question is asked on: counts
    of values, first rows; a line each.
    can_be_none: whether the answer may be that it is none of them (`mapping.NONE`).
    """

    role: str
    question: str
    options: tuple[str, ...]
    hint: str = ""
    details: tuple[str, ...] = ()
    can_be_none: bool = False


@dataclass(frozen=True)
class Known:
    """What the files say of the run itself."""

    model: str | None = None
    judge: str | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class Contents:
    """What one file of a known format holds of a run.

    partials: parts of samples, joined with those of the other files. records: whole samples. claims: scores that the
    file states. known: what it says of the run, the surest first. tables: its samples under clean names, where which
    field is the verdict is for the file's author to say: read by a mapping, given or guessed. has_own_fields: whether
    a mapping may also name the fields as the file itself has them.
    """

    partials: Sequence[Partial] = ()
    records: Sequence[SampleRecord] = ()
    claims: Sequence[Claim] = ()
    known: Sequence[Known] = ()
    tables: Sequence[Table] = ()
    has_own_fields: bool = True


@dataclass(frozen=True)
class Format:
    """A file format: one module declares it, `formats.FORMATS` lists it.

    label: what people read of a recognised file; '' for one without samples. fits: whether a table is in it, by its
    fields and values, never by its name; it may have no row (see Table.whole). read: its contents; what is wrong
    with a row becomes a finding. about: its line on the upload page. advice: what to do when a run of this format has
    no verdict. is_fixed: read as this format even where a person gave a mapping. own: its fields; what
    else a file holds is named; () where that is not known.
    """

    id: str
    label: str
    fits: Callable[[Table], bool]
    read: Callable[[Table, Catalogue, Findings], Contents]
    about: str
    advice: str
    is_fixed: bool = False
    own: tuple[str, ...] = ()


def suggested(known: Known) -> RunMetadata:
    """Metadata to start from: what the files say, and what an export states of its run.

    Never the status or who uploads it, which an export of somebody else may claim.
    """
    exported = known.metadata or {}
    stated = {
        name: exported[name]
        for name, fact in FACTS.items()
        if name not in ("source_status", "submitted_by") and fact.fits(exported.get(name))
    }
    judge = "" if known.judge in (None, MCQA_JUDGE) else known.judge
    return RunMetadata(**stated | {"model": known.model or "", "judge": judge})


def clean(text: str) -> str:
    """A text as it can be stored: lone surrogates and NUL become the replacement character."""
    return _UNSTORABLE.sub("\ufffd", text)
