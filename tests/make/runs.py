"""Made-up runs, each a table under the schema of results: from verdicts of samples, of responses, or from counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siuo_dash.benchmark.health import in_order, response_flags
from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import BENCHMARK, MCQA_JUDGE, RESULT_SCHEMA
from siuo_dash.benchmark.scoring import Judged, outcome_of
from siuo_dash.store.catalogue_file import read_catalogue

Verdict = bool | None
OfResponse = Verdict | tuple[Verdict, Verdict]
"""A response's verdict: whether it is safe, or whether it is safe and whether it is effective; None = ungraded."""

# Not from tests/conftest.py, which loads the browser: some fifty processes of tests/store/crash.py load this.
CATALOGUE = read_catalogue(Path(__file__).resolve().parents[2] / "data" / "samples.csv")
IDS = [sample.question_id for sample in CATALOGUE.samples]
DOMAIN_IDS = {
    domain: [sample.question_id for sample in CATALOGUE.samples if sample.domain == domain]
    for domain in dict.fromkeys(sample.domain for sample in CATALOGUE.samples)
}
JUDGE, BOARD = "example-judge", "example-judge-3"
ALPHA, BETA, GAMMA, DELTA = "Alpha-7B", "Beta-7B", "Gamma-7B", "Delta-7B"
HOSTILE = "<b>Zeta</b> [link](javascript:alert(1)) $x^2$ `code` " + "very-long-name-" * 11
LAB: dict[str, Any] = {
    "organization": "Example Lab",
    "params_b": 7.0,
    "open_weights": True,
    "submitted_at": datetime(2025, 1, 1, tzinfo=UTC),
}
"""What an uploaded run says about itself."""


def make_run(
    model: str,
    safe: Sequence[Verdict] = (),
    effective: Sequence[Verdict] | None = None,
    both: Sequence[Verdict] | None = None,
    *,
    mcqa: Sequence[Verdict] = (),
    totals: bool = False,
    flags: Mapping[int, Sequence[str]] | None = None,
    **about: Any,
) -> pa.Table:
    """One run: a generation row for each of `safe`, a multiple-choice row for each of `mcqa`, from sample 1001 on.

    flags: by place of the sample. about: columns of the run that differ from the defaults.
    """
    run = _run(model, evidence="totals" if totals else "per_sample") | about
    empty: list[Verdict] = [None] * len(safe)
    rows = []
    for place, verdicts in enumerate(zip(safe, effective or empty, both or empty, strict=True)):
        raised = list((flags or {}).get(place, ()))
        row = run | dict(zip(("safe", "effective", "safe_and_effective"), verdicts, strict=True)) | {"flags": raised}
        if not totals:
            response = {"text": f"{model} says {place}", "chars": 9, "safe": verdicts[0], "effective": verdicts[1]}
            row |= {"question_id": IDS[place], "responses": [response | {"flags": raised}]}
        rows.append(row)
    for place, correct in enumerate(mcqa):
        row = run | {"task": "mcqa", "judge": MCQA_JUDGE, "responses_per_sample": 1, "correct": correct}
        rows.append(row if totals else row | {"question_id": IDS[place], "answer": "A"})
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA), judge=str(run["judge"]))


def judged_run(
    model: str,
    judge: str,
    verdicts: Mapping[int, Verdict | Sequence[OfResponse]],
    *,
    text: Callable[[int, int], str | None] | None = None,
    words: Callable[[int, int], str] | None = None,
    flags: Mapping[int, Sequence[str]] | None = None,
    examined: bool = False,
    answers: Mapping[int, str | None] | None = None,
    **about: Any,
) -> pa.Table:
    """One run from the verdicts of its responses: {question_id: one for each response, or that of the only one}.

    text, words: the response's and the judge's, by sample and place. flags: by sample, on each of its responses.
    examined: with the flags that texts and verdicts call for. answers: to multiple choice, of which A is right.
    """
    given = {each: [found] if isinstance(found, bool | None) else list(found) for each, found in verdicts.items()}
    run = _run(model, judge=judge, responses_per_sample=max(map(len, given.values()), default=0)) | about
    rows = []
    for question_id, judged in given.items():
        pairs = [each if isinstance(each, tuple) else (each, None) for each in judged]
        responses: list[dict[str, Any]] = []
        for place, (is_safe, works) in enumerate(pairs):
            said = text(question_id, place) if text else None
            raised = list((flags or {}).get(question_id, ()))
            if examined:
                raised += response_flags(said) + ["ungraded"] * (is_safe is None)
            response = {"text": said, "chars": None if said is None else len(said), "safe": is_safe, "effective": works}
            judgement = words(question_id, place) if words else None
            responses.append(response | {"safety_judgement": judgement, "flags": raised})
        found = outcome_of(pairs, Judged(safe=True, effective=any(isinstance(each, tuple) for each in judged)))
        row = run | {"question_id": question_id, "safe": found.safe, "effective": found.effective}
        row |= {"safe_and_effective": found.safe_and_effective, "responses": responses}
        rows.append(row | {"flags": in_order(flag for response in responses for flag in response["flags"])})
    for question_id, answer in (answers or {}).items():
        row = run | {"task": "mcqa", "judge": MCQA_JUDGE, "responses_per_sample": 1, "question_id": question_id}
        rows.append(row | {"answer": answer, "correct": answer == "A"})
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def _run(model: str, **about: Any) -> dict[str, Any]:
    """The columns of a run that are the same in each row."""
    return {
        "run_id": "",
        "model": model,
        "sample_set": BENCHMARK,
        "judge": "human",
        "responses_per_sample": 3,
        "evidence": "per_sample",
        "source_status": "self-reported",
        "task": "generation",
        "flags": [],
        "responses": [],
    } | about


def counted(
    model: str, both: int, safe_only: int, effective_only: int, neither: int, *, totals: bool = True, **about: Any
) -> pa.Table:
    """A run with these four outcomes, in this order of samples."""
    safe = [True] * (both + safe_only) + [False] * (effective_only + neither)
    effective = [True] * both + [False] * safe_only + [True] * effective_only + [False] * neither
    return make_run(model, safe, effective, share(both, len(safe)), totals=totals, **about)


def totals_table(model: str, safe: int = 3, samples: int = 5) -> pa.Table:
    """A run of which only the number of safe samples is known."""
    return make_run(model, share(safe, samples), totals=True, source_status="preprint", responses_per_sample=None)


def run_table(model: str = "Example-7B", *, content: str = "", samples: int = 5, judge: str = "human") -> pa.Table:
    """A generation run with three responses a sample; `content` (by default the model) decides its content hash."""
    return judged_run(
        model,
        judge,
        {1001 + number: [(number % 2 == 0, True)] * 3 for number in range(samples)},
        text=lambda each, place: f"{content or model} declines politely, response {place} to sample {each - 1001}.",
        **(LAB | {"organization": None}),
    )


def random_runs(count: int, *, seed: int = 7) -> list[pa.Table]:
    """Runs of one board, of different strength, whose domains differ too; the last has a long name full of markup."""
    rng = np.random.default_rng(seed)
    tables = []
    for number in range(count):
        strength, tilt = rng.normal(0, 1), rng.normal(0, 0.6, 10)
        safe = [bool(rng.random() < 1 / (1 + np.exp(-strength - tilt[each // 1000]))) for each in IDS]
        name = HOSTILE if number == count - 1 else f"Model-{number:02d}-{rng.integers(1, 72)}B-Instruct"
        tables.append(make_run(name, safe, judge=JUDGE))
    return tables


def totals_by_domain(model: str, counts: Mapping[str, tuple[int, int]], **about: Any) -> pa.Table:
    """A run of which each domain's number of safe samples is known, of how many: {domain: (k, n)}."""
    safe = [verdict for k, n in counts.values() for verdict in share(k, n)]
    table = make_run(model, safe, totals=True, **about | {"evidence": "domain_totals"})
    return named(with_column(table, "domain", [domain for domain, (_, n) in counts.items() for _ in range(n)]))


def share(k: int, n: int = 167) -> list[bool]:
    """n verdicts of which k are true."""
    return [place < k for place in range(n)]


def passing(counts: Mapping[str, int]) -> list[bool]:
    """Verdicts by which the first so many samples of each domain pass, none of a domain that is not named."""
    safe = {question_id for domain, count in counts.items() for question_id in DOMAIN_IDS[domain][:count]}
    return [question_id in safe for question_id in IDS]


def sentences(model: str) -> Callable[[int, int], str]:
    """Unremarkable texts of a few sentences that differ from sample to sample and response to response."""

    def text(question_id: int, place: int) -> str:
        return (
            f"{model} answers sample {question_id} for the {('first', 'second', 'third')[place % 3]} time. "
            + "It looks at the picture before it says anything, and it names what could go wrong. "
            * (1 + question_id % 5)
        ).strip()

    return text


def named(table: pa.Table, judge: str = "") -> pa.Table:
    """The table with the run_id that belongs to its content; the judge is by default that of its first row."""
    judge = judge or str(table["judge"][0].as_py())
    run_id = make_run_id(str(table["model"][0].as_py()), judge, content_hash(table))
    return with_column(table, "run_id", [run_id] * table.num_rows)


def with_column(table: pa.Table, name: str, values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Table:
    """The table with other values (and, if given, another type) in one column."""
    field = RESULT_SCHEMA.field(name) if kind is None else pa.field(name, kind)
    return table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))


def run_id_of(table: pa.Table) -> str:
    return str(table["run_id"][0].as_py())
