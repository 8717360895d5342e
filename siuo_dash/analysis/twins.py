"""Runs that were made from the same responses as a run that is not in the store yet, or nearly, whoever judged them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from siuo_dash.errors import Finding, SchemaError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from siuo_dash.store.runs.run_file import fingerprints_of, response_fingerprints

LEAST_SAMPLES: Final = 20
LEAST_LENGTHS: Final = 5
"""Fewer samples, or fewer different lengths or texts among them, could agree by chance."""
NEARLY: Final = 0.8
"""From this share of the samples that both have on, the responses are called nearly the same."""
MOST: Final = 5

AS_LONG: Final = Query(
    "as_long",
    "Runs whose responses are as long, on nearly all samples, as those of a run that is not there yet.",
    """
    SELECT r.run_id, r.judge, COUNT(*) AS samples, COUNT(*) FILTER (WHERE v.response_chars = c.chars) AS same
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        JOIN (SELECT p[1] AS question_id, p[2] AS chars FROM (SELECT UNNEST(CAST($pairs AS BIGINT[][])) AS p)) c
            ON c.question_id = v.question_id
    WHERE v.task = 'generation' AND v.response_chars IS NOT NULL AND r.sample_set = $sample_set
    GROUP BY r.run_id, r.judge
    HAVING COUNT(*) >= $least AND COUNT(*) FILTER (WHERE v.response_chars = c.chars) >= $share * COUNT(*)
    ORDER BY same DESC, samples, r.run_id LIMIT $most
    """,
)


@dataclass(frozen=True)
class Twin:
    """A run with the same responses on `same` of the `samples` that both have.

    by_words: compared by words, else by length.
    """

    run_id: str
    judge: str
    samples: int
    by_words: bool
    same: int

    def words(self, name: str) -> str:
        """The finding as a person reads it; name: how the run is called there."""
        how = "the same as" if self.by_words else "as long, to the character, as"
        few = "" if self.same == self.samples else f"{self.same} of "
        return f"the responses are {how} those of {name} on {few}{self.samples} samples, judged by {self.judge}"


def twins(store: Store, table: pa.Table) -> list[Twin]:
    """Runs of the whole store with the candidate's responses, or nearly, at most MOST.

    table: the candidate's rows under RESULT_SCHEMA. Lengths, which the database holds, choose the few runs whose files
    are read; a run of which only figures were published is known by its lengths alone.
    """
    rows = _generation(table)
    lengths = _lengths(rows)
    if not _tell(lengths.values()):
        return []
    alike = AS_LONG.run(
        store,
        pairs=[list(pair) for pair in lengths.items()],
        sample_set=str(table["sample_set"][0]),
        least=LEAST_SAMPLES,
        share=NEARLY,
        most=4 * MOST,
    )
    own = fingerprints_of(rows)
    found = []
    for row in alike.itertuples(index=False):
        with suppress(SchemaError):  # a file that has gone meanwhile is named by the next refresh
            theirs = response_fingerprints(store, row.run_id)
            if own.keys() & theirs.keys():
                found += _compared(row.run_id, row.judge, own, theirs)
            elif row.same == row.samples:  # by lengths alone, nearly all is too little
                found.append(Twin(row.run_id, row.judge, int(row.samples), False, int(row.same)))
    return found[:MOST]


def among(table: pa.Table, others: Mapping[str, pa.Table]) -> list[Twin]:
    """Those of other runs, by run_id, that have the candidate's responses, or nearly: of runs that are in no store.

    table, others: rows under RESULT_SCHEMA.
    """
    own = fingerprints_of(_generation(table))
    found = []
    for run_id, other in others.items():
        found += _compared(run_id, str(other.column("judge")[0]), own, fingerprints_of(_generation(other)))
    return found


def _compared(run_id: str, judge: str, own: Mapping[int, str], theirs: Mapping[int, str]) -> list[Twin]:
    common = own.keys() & theirs.keys()
    same = [own[question_id] for question_id in common if own[question_id] == theirs[question_id]]
    if len(same) < NEARLY * len(common) or not _tell(same):
        return []
    return [Twin(run_id, judge, len(common), True, len(same))]


def _tell(values: Collection[object]) -> bool:
    """Whether agreement on these is more than chance."""
    return len(values) >= LEAST_SAMPLES and len(set(values)) >= LEAST_LENGTHS


def _generation(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["task"], "generation"))


def findings(store: Store, table: pa.Table) -> list[Finding]:
    """The twins as warnings, for the command line."""
    hint = (
        "judged again it is a run of its own, and Reliability compares the judges; the same verdicts twice are refused"
    )
    return [Finding("warning", twin.words(twin.run_id), hint, field="responses") for twin in twins(store, table)]


def _lengths(rows: pa.Table) -> dict[int, int]:
    """{question_id: characters of all its responses}, of samples whose responses' lengths are all known."""
    lengths = {}
    for question_id, responses in zip(rows["question_id"].to_pylist(), rows["responses"].to_pylist(), strict=True):
        chars = [response["chars"] for response in responses]
        if question_id is not None and chars and None not in chars:
            lengths[question_id] = sum(chars)
    return lengths
