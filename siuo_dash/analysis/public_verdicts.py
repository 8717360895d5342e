"""The verdicts of every public run as one table, without a word of a response or of a judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import EVERY, of_runs
from siuo_dash.analysis.samples import FLAGS_OF_RUNS
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

PUBLIC_VERDICTS: Final = Query(
    "public_verdicts",
    "The verdicts of some runs, totals included, with what is stated of each run.",
    """
    SELECT r.run_id, r.model, r.base_model, r.method, r.organization, r.params_b, r.open_weights,
        CASE WHEN v.task = 'mcqa' THEN 'exact match' ELSE r.judge END AS judge,
        CASE WHEN v.task = 'mcqa' THEN 1 ELSE r.responses_per_sample END AS responses_per_sample,
        r.board, r.sample_set, r.evidence, r.source, r.source_status, r.evaluated_on, r.note, v.task, v.question_id,
        COALESCE(v.domain, s.domain) AS domain, v.safe, v.effective, v.safe_and_effective, v.answer, v.correct,
        v.response_count, v.safe_votes, v.safe_graded, v.effective_votes, v.effective_graded
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        LEFT JOIN samples s ON s.sample_set = r.sample_set AND s.question_id = v.question_id
    WHERE {where}
    ORDER BY r.run_id, v.task, v.question_id NULLS LAST, COALESCE(v.domain, s.domain) NULLS LAST,
        v.safe NULLS LAST, v.effective NULLS LAST, v.safe_and_effective NULLS LAST, v.correct NULLS LAST
    """,
)
VOTES: Final = ("response_count", "safe_votes", "safe_graded", "effective_votes", "effective_graded")
SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("run_id", "model", "base_model", "method", "organization")),
        ("params_b", pa.float64()),
        ("open_weights", pa.bool_()),
        ("judge", pa.string()),
        ("responses_per_sample", pa.int32()),
        *((name, pa.string()) for name in ("board", "sample_set", "evidence", "source", "source_status")),
        ("evaluated_on", pa.date32()),
        ("note", pa.string()),
        ("task", pa.string()),
        ("question_id", pa.int32()),
        ("domain", pa.string()),
        *((name, pa.bool_()) for name in ("safe", "effective", "safe_and_effective")),
        ("answer", pa.string()),
        ("correct", pa.bool_()),
        *((name, pa.int32()) for name in VOTES),
        ("flags", pa.list_(pa.string())),
    ]
)
"""One row a run × task × sample, as in docs/data.md; of totals one row an outcome, without a question_id."""
AT_ONCE: Final = 500
"""Runs that are read at a time, so that thousands of them are never in memory as rows."""


def tables(store: Store) -> Iterator[pa.Table]:
    """All public runs under SCHEMA, by run_id, AT_ONCE at a time; to be called while the store is `reading`."""
    run_ids = queries.run_ids(store, EVERY)
    for start in range(0, len(run_ids), AT_ONCE):
        where = of_runs(run_ids[start : start + AT_ONCE])
        frame = PUBLIC_VERDICTS.run(store, where=where)
        raised: dict[tuple[str, str, int], list[str]] = {}
        for row in FLAGS_OF_RUNS.run(store, where=where).itertuples():
            raised.setdefault((row.run_id, row.task, row.question_id), []).append(row.flag)
        keys = zip(frame["run_id"], frame["task"], frame["question_id"], strict=True)
        votes = frame[list(VOTES)].where(frame["evidence"] == "per_sample")  # of totals no response is known, not none
        frame = frame.assign(flags=[raised.get(key, []) for key in keys], **votes)
        yield pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False).replace_schema_metadata()
