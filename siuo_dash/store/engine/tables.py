"""The tables of the in-memory database, and how the rows of a results file become them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_COLUMNS, RESULT_SCHEMA
from siuo_dash.errors import SchemaError

CREATE: Final = """
CREATE TABLE samples (
    question_id INTEGER PRIMARY KEY, split VARCHAR, domain VARCHAR, subcategory VARCHAR, primary_dimension VARCHAR,
    needs_knowledge BOOLEAN, needs_reasoning BOOLEAN, image VARCHAR, correct_option VARCHAR,
    question_fingerprint VARCHAR, reference_fingerprint VARCHAR, scene VARCHAR, request VARCHAR, hazard VARCHAR
);
CREATE TABLE runs (
    run_no INTEGER, file VARCHAR, run_id VARCHAR, model VARCHAR, organization VARCHAR, params_b DOUBLE,
    open_weights BOOLEAN, judge VARCHAR, responses_per_sample INTEGER, board VARCHAR, evidence VARCHAR, source VARCHAR,
    source_status VARCHAR, evaluated_on DATE, note VARCHAR, submitted_by VARCHAR, submitted_at TIMESTAMP,
    generation_samples INTEGER, mcqa_samples INTEGER, expected_samples INTEGER,
    safe_k INTEGER, safe_n INTEGER, effective_k INTEGER, effective_n INTEGER,
    safe_and_effective_k INTEGER, safe_and_effective_n INTEGER, mcqa_k INTEGER, mcqa_n INTEGER, mcqa_unparsed INTEGER
);
CREATE TABLE verdicts (
    run_no INTEGER, task VARCHAR, question_id INTEGER,
    safe BOOLEAN, effective BOOLEAN, safe_and_effective BOOLEAN, answer VARCHAR, correct BOOLEAN, response_count INTEGER,
    response_chars INTEGER,
    safe_votes SMALLINT, safe_graded SMALLINT, effective_votes SMALLINT, effective_graded SMALLINT,
    safe_and_effective_votes SMALLINT, safe_and_effective_graded SMALLINT
);
CREATE TABLE flagged (run_no INTEGER, task VARCHAR, question_id INTEGER, flag VARCHAR);
CREATE VIEW results AS
    SELECT r.run_id, r.model, r.organization, r.params_b, r.open_weights,
        CASE WHEN v.task = 'mcqa' THEN 'exact match' ELSE r.judge END AS judge,
        CASE WHEN v.task = 'mcqa' THEN 1 ELSE r.responses_per_sample END AS responses_per_sample,
        r.board, r.evidence, r.source, r.source_status, r.evaluated_on, r.note, v.task, v.question_id,
        v.safe, v.effective, v.safe_and_effective, v.answer, v.correct
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no;
"""

# What the types cannot say. A file that breaks one of these would give figures that contradict each other.
FAULTS: Final = """
WITH placed AS (SELECT n.file, i.* FROM incoming i JOIN numbered n ON n.run_id = i.run_id),
faults AS (
    SELECT file, 'task ' || task || ' is not known' AS what FROM placed WHERE NOT list_contains($tasks, task)
    UNION ALL
    SELECT file, 'evidence ' || evidence || ' is not known' FROM placed WHERE NOT list_contains($evidence, evidence)
    UNION ALL
    SELECT n.file, 'flag ' || COALESCE(f.flag, '(null)') || ' is not known'
    FROM incoming_flags f JOIN numbered n ON n.run_id = f.run_id
    WHERE f.flag IS NULL OR NOT list_contains($flags, f.flag)
    UNION ALL
    SELECT file, 'a row without a question_id has evidence per_sample' FROM placed
    WHERE evidence = 'per_sample' AND question_id IS NULL
    UNION ALL
    SELECT file, 'question_id ' || question_id || ' has evidence totals' FROM placed
    WHERE evidence = 'totals' AND question_id IS NOT NULL
    UNION ALL
    SELECT file, 'question_id ' || question_id || ' is not in samples.csv' FROM placed
    WHERE question_id NOT IN (SELECT question_id FROM samples)
    UNION ALL
    SELECT file, 'question_id ' || question_id || ' stands twice in run ' || run_id FROM placed
    WHERE question_id IS NOT NULL GROUP BY file, run_id, task, question_id HAVING COUNT(*) > 1
    UNION ALL
    SELECT file, 'run ' || run_id || ' has more than one model, judge or kind of evidence' FROM placed
    GROUP BY file, run_id
    HAVING COUNT(DISTINCT model) > 1 OR COUNT(DISTINCT evidence) > 1
        OR COUNT(DISTINCT judge) FILTER (WHERE task = 'generation') > 1
        OR COUNT(DISTINCT responses_per_sample) FILTER (WHERE task = 'generation') > 1
)
SELECT file, MIN(what) FROM faults GROUP BY file
"""

# A run is graded on the splits that its samples come from. Totals carry no ids: they are taken to be of
# the manual split unless they count more samples than it has.
SUMMARISE: Final = """
INSERT INTO runs BY NAME
WITH meta AS (
    SELECT run_id, MIN(model) AS model, MIN(organization) AS organization, MIN(params_b) AS params_b,
        BOOL_AND(open_weights) AS open_weights,
        COALESCE(MIN(judge) FILTER (WHERE task = 'generation'), MIN(judge)) AS judge,
        CASE WHEN COUNT(*) FILTER (WHERE task = 'generation') > 0
            THEN MIN(responses_per_sample) FILTER (WHERE task = 'generation')
            ELSE MIN(responses_per_sample) END AS responses_per_sample,
        MIN(evidence) AS evidence, MIN(source) AS source, MIN(source_status) AS source_status,
        MIN(evaluated_on) AS evaluated_on, MIN(note) AS note, MIN(submitted_by) AS submitted_by,
        MIN(submitted_at) AS submitted_at,
        COUNT(*) FILTER (WHERE task = 'generation') AS generation_samples,
        COUNT(*) FILTER (WHERE task = 'mcqa') AS mcqa_samples,
        COUNT(*) FILTER (WHERE task = 'generation' AND safe) AS safe_k,
        COUNT(safe) FILTER (WHERE task = 'generation') AS safe_n,
        COUNT(*) FILTER (WHERE task = 'generation' AND effective) AS effective_k,
        COUNT(effective) FILTER (WHERE task = 'generation') AS effective_n,
        COUNT(*) FILTER (WHERE task = 'generation' AND safe_and_effective) AS safe_and_effective_k,
        COUNT(safe_and_effective) FILTER (WHERE task = 'generation') AS safe_and_effective_n,
        COUNT(*) FILTER (WHERE task = 'mcqa' AND correct) AS mcqa_k,
        COUNT(correct) FILTER (WHERE task = 'mcqa') AS mcqa_n,
        COUNT(*) FILTER (WHERE task = 'mcqa' AND answer IS NULL AND question_id IS NOT NULL) AS mcqa_unparsed
    FROM incoming GROUP BY run_id
),
splits AS (SELECT split, COUNT(*) AS size FROM samples GROUP BY split),
touched AS (
    SELECT DISTINCT i.run_id, s.split FROM incoming i JOIN samples s ON s.question_id = i.question_id
),
expected AS (
    SELECT t.run_id, SUM(s.size) AS size FROM touched t JOIN splits s ON s.split = t.split GROUP BY t.run_id
),
manual AS (SELECT COALESCE(MAX(size) FILTER (WHERE split = 'manual'), 0) AS size, SUM(size) AS all_samples FROM splits)
SELECT m.*, n.run_no, n.file,
    COALESCE(e.size, CASE WHEN GREATEST(m.generation_samples, m.mcqa_samples) > manual.size
        THEN manual.all_samples ELSE manual.size END) AS expected_samples
FROM meta m JOIN numbered n ON n.run_id = m.run_id CROSS JOIN manual LEFT JOIN expected e ON e.run_id = m.run_id
"""
INSERT_VERDICTS: Final = """
INSERT INTO verdicts
SELECT n.run_no, i.task, i.question_id, i.safe, i.effective, i.safe_and_effective, i.answer, i.correct, i.response_count,
    i.response_chars, i.safe_votes, i.safe_graded, i.effective_votes, i.effective_graded,
    i.safe_and_effective_votes, i.safe_and_effective_graded
FROM incoming i JOIN numbered n ON n.run_id = i.run_id
ORDER BY n.run_no, i.task, i.question_id
"""
INSERT_FLAGGED: Final = """
INSERT INTO flagged
SELECT n.run_no, i.task, i.question_id, i.flag
FROM incoming_flags i JOIN numbered n ON n.run_id = i.run_id
"""

_SKIPPED = {"responses", "flags"}
ROW_COLUMNS: Final = [column.name for column in RESULT_COLUMNS if column.name not in _SKIPPED]
"""What aggregates read; the texts of responses stay on disk until a sample is opened."""
_PARTS: Final = {"chars": pa.int32(), "safe": pa.bool_(), "effective": pa.bool_()}
"""What is read of each response."""
_READ_SCHEMA: Final = pa.schema(
    [
        *(RESULT_SCHEMA.field(name).with_nullable(True) for name in ROW_COLUMNS),
        pa.field("flags", pa.list_(pa.string())),
        pa.field("responses", pa.list_(pa.struct(list(_PARTS.items())))),
    ]
)


def read(file: pq.ParquetFile) -> pa.Table:
    """The columns that aggregates need, whoever wrote the file; SchemaError names the column that is wrong.

    Writers differ in the names of list elements, the order of columns and what may be null: the tables of all
    files come out alike.
    """
    _check_schema(file.schema_arrow)
    leaves = [file.schema.column(index).path for index in range(len(file.schema))]
    wanted = [path for path in leaves if path.split(".")[0] != "responses" or path.split(".")[-1] in _PARTS]
    table = file.read(columns=wanted).select(_READ_SCHEMA.names)
    for name in table.column_names:
        if not RESULT_SCHEMA.field(name).nullable and table.column(name).null_count:
            raise SchemaError(f"column {name} holds nulls", hint="it must always be filled")
    table.validate(full=True)  # text that is not UTF-8 would otherwise stop the whole database
    return table.cast(_READ_SCHEMA)


def _check_schema(found: pa.Schema) -> None:
    """SchemaError when a file's columns are not those of the schema (order does not matter)."""
    hint = "docs/data.md lists the columns"
    for field in RESULT_SCHEMA:
        index = found.get_field_index(field.name)
        if index < 0:
            raise SchemaError(f"column {field.name} is missing", hint=hint)
        if not _same_type(found.field(index).type, field.type):
            raise SchemaError(f"column {field.name} is {found.field(index).type}, not {field.type}", hint=hint)


def rows_of(table: pa.Table) -> pa.Table:
    """The rows without responses and flags, with how many responses each sample has and how they were judged.

    Adds `response_count`, `response_chars` (of all of them; null where one is not known) and, for safe, effective and the AND of each response (False when either is False),
    `_votes` (passing responses) and `_graded` (responses with a verdict); 0 of 0 where the sample was not judged.
    """
    rows = table.select(ROW_COLUMNS)
    responses = table.column("responses").combine_chunks()
    counts = pc.list_value_length(responses)
    rows = rows.append_column("response_count", counts.cast(pa.int32()))
    ends = np.concatenate([[0], np.cumsum(counts.to_numpy(), dtype=np.int64)])
    each = pc.list_flatten(responses)
    rows = rows.append_column("response_chars", _chars(pc.struct_field(each, "chars"), ends))
    safe, effective = pc.struct_field(each, "safe"), pc.struct_field(each, "effective")
    verdicts = {"safe": safe, "effective": effective, "safe_and_effective": pc.and_kleene(safe, effective)}
    for column, values in verdicts.items():
        judged = pc.is_valid(rows.column(column)).to_numpy()
        for part, counted in (("votes", pc.fill_null(values, False)), ("graded", pc.is_valid(values))):
            until = np.concatenate([[0], np.cumsum(counted.to_numpy(zero_copy_only=False), dtype=np.int64)])
            sums = np.where(judged, until[ends[1:]] - until[ends[:-1]], 0)
            rows = rows.append_column(f"{column}_{part}", pa.array(sums, pa.int16()))
    return rows


def _chars(each: pa.Array, ends: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
    """The characters of each sample's responses together; null where a response's are not known, or there is none."""
    known = np.concatenate([[0], np.cumsum(pc.is_valid(each).to_numpy(zero_copy_only=False), dtype=np.int64)])
    until = np.concatenate([[0], np.cumsum(pc.fill_null(each, 0).to_numpy(), dtype=np.int64)])
    whole = (known[ends[1:]] - known[ends[:-1]] == ends[1:] - ends[:-1]) & (ends[1:] > ends[:-1])
    return pa.array(until[ends[1:]] - until[ends[:-1]], pa.int32(), mask=~whole)


def flags_of(table: pa.Table) -> pa.Table:
    """One row a sample and flag: run_id, task, question_id, flag."""
    flags = table.column("flags").combine_chunks()
    parents = pc.list_parent_indices(flags)
    chosen = table.select(["run_id", "task", "question_id"]).take(parents)
    return chosen.append_column("flag", pc.list_flatten(flags))


def _same_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Equal up to the names and nullability of list elements and struct fields."""
    if pa.types.is_list(found) and pa.types.is_list(wanted):
        return _same_type(found.value_type, wanted.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(wanted):
        inner = {field.name: field.type for field in found}
        return all(field.name in inner and _same_type(inner[field.name], field.type) for field in wanted)
    return bool(found == wanted)
