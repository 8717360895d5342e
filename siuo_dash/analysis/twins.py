"""Runs in the store that were made from the same responses as a run that is not there yet, whoever judged them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from siuo_dash.analysis.queries import Query
from siuo_dash.errors import Finding, SchemaError
from siuo_dash.store.database import Store
from siuo_dash.store.response_texts import fingerprints_of, response_fingerprints

LEAST_SAMPLES: Final = 20
LEAST_LENGTHS: Final = 5
"""Fewer samples, or fewer different lengths among them, could agree by chance."""
MOST: Final = 5

AS_LONG: Final = Query(
    "as_long",
    "Runs whose responses are as long, sample by sample, as those of a run that is not there yet.",
    """
    SELECT r.run_id, r.judge, COUNT(*) AS samples
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        JOIN (SELECT UNNEST($samples) AS question_id, UNNEST($chars) AS chars) c ON c.question_id = v.question_id
    WHERE v.task = 'generation' AND v.response_chars IS NOT NULL
    GROUP BY r.run_id, r.judge
    HAVING COUNT(*) >= $least AND COUNT(*) = COUNT(*) FILTER (WHERE v.response_chars = c.chars)
    ORDER BY samples DESC, r.run_id LIMIT $most
    """,
)

QUERIES: Final = (AS_LONG,)


@dataclass(frozen=True)
class Twin:
    """A run with the same responses on all samples that both have; by_words: compared by words, else by length only."""

    run_id: str
    judge: str
    samples: int
    by_words: bool

    def words(self, name: str) -> str:
        """What a person is told; name: what the run is called where it is told."""
        how = "the same as" if self.by_words else "as long, to the character, as"
        return f"the responses are {how} those of {name} on {self.samples} samples, judged by {self.judge}"


def twins(store: Store, table: pa.Table) -> list[Twin]:
    """Runs of the whole store with the candidate's responses, at most MOST.

    table: the candidate's rows under RESULT_SCHEMA. Lengths, which the database holds, choose the few runs whose files
    are read; a run of which only figures are carried is known by its lengths alone.
    """
    rows = table.filter(pc.equal(table["task"], "generation"))
    lengths = _lengths(rows)
    if len(lengths) < LEAST_SAMPLES or len(set(lengths.values())) < LEAST_LENGTHS:
        return []
    alike = AS_LONG.run(store, samples=list(lengths), chars=list(lengths.values()), least=LEAST_SAMPLES, most=4 * MOST)
    own = fingerprints_of(rows)
    found = []
    for row in alike.itertuples(index=False):
        with suppress(SchemaError):  # a file that has gone meanwhile is named by the next refresh
            theirs = response_fingerprints(store, row.run_id)
            common = own.keys() & theirs.keys()
            if all(own[question_id] == theirs[question_id] for question_id in common):
                found.append(Twin(row.run_id, row.judge, len(common) or int(row.samples), bool(common)))
    return found[:MOST]


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
