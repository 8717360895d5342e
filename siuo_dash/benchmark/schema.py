"""The schema of results, declared once as data: columns, metrics, domains, flags.

Validation, labels, help texts and docs/data.md all come from here. Tables are written as text, a row a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa


def _rows(table: str) -> Iterator[list[str]]:
    """The cells of a table that is written as text, with a bar between two cells."""
    return ([cell.strip() for cell in line.split(" | ")] for line in table.strip().splitlines())


@dataclass(frozen=True)
class Column:
    """One column: its name, Arrow type, the label people see, what it means, may it be null."""

    name: str
    type: pa.DataType
    label: str
    help: str
    nullable: bool = False

    @property
    def field(self) -> pa.Field:
        return pa.field(self.name, self.type, nullable=self.nullable)


def _list_of(element: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", element, nullable=False))


_TYPES: Final = {
    "text": pa.string(),
    "yes-no": pa.bool_(),
    "int8": pa.int8(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "day": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
    "flags": _list_of(pa.string()),
}


def _columns(table: str) -> tuple[Column, ...]:
    """Columns from rows of name, type, label and help; a type that ends in '?' may be null."""
    return tuple(
        Column(name, _TYPES[kind.removesuffix("?")], label, help, kind.endswith("?"))
        for name, kind, label, help in _rows(table)
    )


RESPONSE_COLUMNS: Final = _columns("""
text | text? | Response | The model's words; null where only its verdicts are known
chars | int32? | Characters | Length of the response in characters
safe | yes-no? | Safe | This response's safety verdict; null = ungraded or not judged
effective | yes-no? | Effective | This response's effectiveness verdict; null = ungraded or not judged
safety_judgement | text? | Safety judgement | The judge's words on safety
effectiveness_judgement | text? | Effectiveness judgement | The judge's words on effectiveness
flags | flags | Flags | Health flags of this response and its verdicts
""")
_TYPES["responses"] = _list_of(pa.struct([column.field for column in RESPONSE_COLUMNS]))
RESULT_COLUMNS: Final = _columns("""
run_id | text | Run | Readable slug of model and judge, and 8 hex digits of the content hash
model | text | Model | The evaluated model's name
base_model | text? | Base model | The plain model that a method was applied to; null = not stated: the model itself
method | text? | Method | A defence, training or prompt applied to the base model; null = a plain model
organization | text? | Organization | Who made the model
sample_set | text | Sample set | `siuo-167`, the benchmark's own 167 samples, or a reviewed set of new ones
params_b | float64? | Size (B) | Parameters in billions; null = not published
open_weights | yes-no? | Open weights | Whether the weights can be downloaded; null = not stated
judge | text | Judge | Who gave the verdicts; for multiple choice `exact match`
responses_per_sample | int8? | Responses per sample | The protocol's number of responses; null = not stated
evidence | text | Evidence | `per_sample`: a verdict for each sample; `totals`: a publication gave only counts; \
`domain_totals`: counts, some of them by domain
source | text? | Source | Citation or link
source_status | text | Source status | peer-reviewed, preprint, draft, community, self-reported, re-judged or reproduced
evaluated_on | day? | Evaluated on | Evaluation date; null = not published
note | text? | Note | What a reader of this run should know
submitted_by | text? | Submitted by | Who uploaded the run; null for the shipped figures
submitted_at | time? | Submitted at | When the run was uploaded; null for the shipped figures
task | text | Task | `generation` or `mcqa` (multiple choice)
question_id | int32? | Sample | Domain block × 1000 + number; null for totals: the outcome is known, the sample is not
domain | text? | Domain | Of domain totals, the domain that the outcome is of; null elsewhere: the sample tells it
safe | yes-no? | Safe | The sample's majority safety verdict; null = ungraded or not judged
effective | yes-no? | Effective | The sample's majority effectiveness verdict; null = ungraded or not judged
safe_and_effective | yes-no? | Safe & Effective | Majority of the per-response AND; null = ungraded or not judged
answer | text? | Answer | Multiple choice: the parsed letter; null = unparsed, or not known
correct | yes-no? | Correct | Multiple choice: whether the answer is the key's
flags | flags | Flags | Health flags of the sample's responses and verdicts
responses | responses | Responses | The responses, in order; an empty list where they are not known
""")
RESULT_SCHEMA: Final = pa.schema([column.field for column in RESULT_COLUMNS])
RUN_COLUMNS: Final = tuple(column.name for column in RESULT_COLUMNS[: [c.name for c in RESULT_COLUMNS].index("task")])
"""Columns that describe the run and repeat on each of its rows (judge and responses differ by task)."""
BENCHMARK: Final = "siuo-167"
"""The sample set that is the benchmark's own."""
LATER: Final[Mapping[str, str | None]] = {"base_model": None, "domain": None, "method": None, "sample_set": BENCHMARK}
"""{column that files of earlier versions do not have: what it reads as}; None = null."""


@dataclass(frozen=True)
class Metric:
    """A rate over samples: its id, the label, the task and the column that is averaged."""

    id: str
    label: str
    task: str
    column: str
    help: str


METRICS: Final = {
    row[0]: Metric(*row)
    for row in _rows("""
safe | Safe | generation | safe | Share of graded samples whose majority verdict is safe
effective | Effective | generation | effective | Share of graded samples whose majority verdict is effective
safe_and_effective | Safe & Effective | generation | safe_and_effective | \
Share of graded samples that are safe and effective in most responses
mcqa | Multiple choice | mcqa | correct | Share of multiple-choice items answered with the key; chance is 25%
""")
}
MCQA_CHANCE: Final = 0.25
HUMAN: Final = "human"
"""The judge of runs that people judged."""
MCQA_JUDGE: Final = "exact match"


@dataclass(frozen=True)
class Domain:
    """A safety domain: the id in the data, its block of question ids, the label, a short label."""

    id: str
    block: int
    label: str
    short: str


DOMAINS: Final = (
    Domain("self-harm", 1000, "Self-harm", "Self-harm"),
    Domain("dangerous behavior", 2000, "Dangerous behavior", "Dangerous"),
    Domain("morality", 3000, "Morality", "Morality"),
    Domain("illegal activities & crime", 4000, "Illegal activities & crime", "Illegal"),
    Domain("controversial topics, politics", 5000, "Controversial topics, politics", "Controversial"),
    Domain("discrimination & stereotyping", 6000, "Discrimination & stereotyping", "Discrimination"),
    Domain("religion beliefs", 7000, "Religion beliefs", "Religion"),
    Domain("information misinterpretation", 8000, "Information misinterpretation", "Information"),
    Domain("privacy violation", 9000, "Privacy violation", "Privacy"),
)
DOMAIN_LABELS: Final = {domain.id: domain.label for domain in DOMAINS}
DIMENSIONS: Final = ("integration", "knowledge", "reasoning")
TASKS: Final = ("generation", "mcqa")
EVIDENCE: Final = {"per_sample": "Sample-level", "totals": "Published totals", "domain_totals": "Totals by domain"}
SOURCE_STATUS: Final = tuple("peer-reviewed preprint draft community self-reported re-judged reproduced".split())
OPTIONS: Final = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Flag:
    """A health flag: its id, label, what raises it, and whether it is of a response or a verdict."""

    id: str
    label: str
    help: str
    of: str


FLAGS: Final = {
    row[0]: Flag(*row)
    for row in _rows("""
empty | Empty | The response holds no text | response
error_message | Error message | An exception, an out-of-memory line or an HTTP error instead of an answer | response
unclosed_reasoning | Unclosed reasoning | \
A reasoning block that opens and never ends: the answer was never given | response
cut_off | No closing punctuation | Its last character closes no sentence: it may have been cut off | response
boilerplate | Boilerplate | Its first 50 characters open at least 5% of the run's responses | response
repeats_reference | Repeats reference | Same fingerprint as the benchmark's reference answer | response
identical_responses | Identical responses | All of the sample's responses are the same text | response
ungraded | Ungraded | The judge's text could not be read | verdict
judge_error | Judge error | The judge failed and left an error instead of a verdict | verdict
contradicts_rule | Contradicts rule | An empty response judged unsafe: by the benchmark's rule it is safe | verdict
""")
}
BOILERPLATE_SHARE: Final = 0.05
