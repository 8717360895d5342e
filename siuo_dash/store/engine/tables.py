"""The tables of the in-memory database, and filling them: the catalogue once, changed runs in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import DOMAIN_LABELS, EVIDENCE, FLAGS, TASKS
from siuo_dash.store.runs.verdict_rows import NOTHING, Part

CREATE: Final = """
CREATE TABLE samples (  -- 1001 of one set is another sample than 1001 of another
    sample_set VARCHAR, question_id INTEGER,
    split VARCHAR, domain VARCHAR, subcategory VARCHAR, primary_dimension VARCHAR,
    needs_knowledge BOOLEAN, needs_reasoning BOOLEAN, image VARCHAR, correct_option VARCHAR,
    question_fingerprint VARCHAR, reference_fingerprint VARCHAR, scene VARCHAR, request VARCHAR, hazard VARCHAR,
    PRIMARY KEY (sample_set, question_id)
);
CREATE TABLE judges (judge VARCHAR PRIMARY KEY, name VARCHAR, sees VARCHAR, sees_picture VARCHAR, caveat VARCHAR);
CREATE TABLE runs (
    run_no INTEGER, file VARCHAR, run_id VARCHAR, model VARCHAR,
    base_model VARCHAR, method VARCHAR,  -- the base model is the model itself where none is stated
    organization VARCHAR, sample_set VARCHAR, params_b DOUBLE,
    open_weights BOOLEAN, judge VARCHAR, responses_per_sample INTEGER, board VARCHAR, evidence VARCHAR, source VARCHAR,
    source_status VARCHAR, evaluated_on DATE, note VARCHAR, submitted_by VARCHAR, submitted_at TIMESTAMP,
    generation_samples INTEGER, mcqa_samples INTEGER, expected_samples INTEGER,
    safe_k INTEGER, safe_n INTEGER, effective_k INTEGER, effective_n INTEGER,
    safe_and_effective_k INTEGER, safe_and_effective_n INTEGER, mcqa_k INTEGER, mcqa_n INTEGER, mcqa_unparsed INTEGER
);
CREATE TABLE verdicts (
    run_no INTEGER, task VARCHAR, question_id INTEGER, domain VARCHAR,  -- the domain of domain totals alone
    safe BOOLEAN, effective BOOLEAN, safe_and_effective BOOLEAN, answer VARCHAR, correct BOOLEAN,
    response_count INTEGER,
    response_chars INTEGER,
    safe_votes SMALLINT, safe_graded SMALLINT, effective_votes SMALLINT, effective_graded SMALLINT,
    safe_and_effective_votes SMALLINT, safe_and_effective_graded SMALLINT
);
CREATE TABLE flagged (run_no INTEGER, task VARCHAR, question_id INTEGER, flag VARCHAR);
CREATE VIEW board_runs AS  -- multiple choice is a board of its own in each set, of every run that answered it
    SELECT board, run_no FROM runs UNION ALL SELECT board, run_no FROM (
        SELECT CASE WHEN sample_set = 'siuo-167' THEN '' ELSE sample_set || '--' END || 'exact-match-1' AS board,
            run_no, board AS own FROM runs WHERE mcqa_n > 0
    ) WHERE board <> own;
CREATE VIEW results AS
    SELECT r.run_id, r.model, r.base_model, r.method, r.organization, r.sample_set, r.params_b, r.open_weights,
        CASE WHEN v.task = 'mcqa' THEN 'exact match' ELSE r.judge END AS judge,
        CASE WHEN v.task = 'mcqa' THEN 1 ELSE r.responses_per_sample END AS responses_per_sample,
        r.board, r.evidence, r.source, r.source_status, r.evaluated_on, r.note, v.task, v.question_id,
        v.safe, v.effective, v.safe_and_effective, v.answer, v.correct
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no;
"""

# What the types cannot say. A file that breaks one of these would give figures that contradict each other.
FAULTS: Final = """
WITH placed AS (SELECT n.part, i.* FROM incoming i JOIN numbered n ON n.run_id = i.run_id),
suspects AS (  -- a bit for each id in place of a group for each row: a third of the time at a start
    SELECT run_id FROM incoming WHERE question_id IS NOT NULL GROUP BY run_id, task
    HAVING COUNT(*) > COALESCE(bit_count(
        bitstring_agg(question_id, 1001, 9999) FILTER (WHERE question_id BETWEEN 1001 AND 9999)), 0)
),
faults AS (
    SELECT part, 'task ' || task || ' is not known' AS what FROM placed WHERE NOT list_contains($tasks, task)
    UNION ALL
    SELECT part, 'evidence ' || evidence || ' is not known' FROM placed WHERE NOT list_contains($evidence, evidence)
    UNION ALL
    SELECT n.part, 'flag ' || COALESCE(f.flag, '(null)') || ' is not known'
    FROM incoming_flags f JOIN numbered n ON n.run_id = f.run_id
    WHERE f.flag IS NULL OR NOT list_contains($flags, f.flag)
    UNION ALL
    SELECT part, 'a row without a question_id has evidence per_sample' FROM placed
    WHERE evidence = 'per_sample' AND question_id IS NULL
    UNION ALL
    SELECT part, 'question_id ' || question_id || ' has evidence ' || evidence FROM placed
    WHERE evidence <> 'per_sample' AND question_id IS NOT NULL
    UNION ALL
    SELECT part, 'domain ' || domain || ' is not known, or not of domain totals' FROM placed
    WHERE evidence <> 'per_sample' AND (evidence = 'totals' OR NOT list_contains($domains, domain))
        AND domain IS NOT NULL
    UNION ALL
    SELECT part, 'its sample set ' || sample_set || ' is not installed' FROM placed
    WHERE sample_set NOT IN (SELECT sample_set FROM samples)
    UNION ALL
    SELECT p.part, 'question_id ' || p.question_id || ' is not in samples.csv' FROM placed p
        ANTI JOIN samples s ON s.sample_set = p.sample_set AND s.question_id = p.question_id
    WHERE p.question_id IS NOT NULL AND p.sample_set IN (SELECT sample_set FROM samples)
    UNION ALL
    SELECT part, 'question_id ' || question_id || ' is there twice in run ' || run_id FROM placed
    WHERE question_id IS NOT NULL AND run_id IN (SELECT run_id FROM suspects)
    GROUP BY part, run_id, task, question_id HAVING COUNT(*) > 1
    UNION ALL
    SELECT part, 'run ' || run_id || ' has more than one model, sample set, judge or kind of evidence' FROM (
        SELECT DISTINCT run_id, model, sample_set, evidence, CASE WHEN task = 'generation' THEN judge END AS judge,
            CASE WHEN task = 'generation' THEN responses_per_sample END AS responses_per_sample FROM incoming
    ) JOIN numbered USING (run_id) GROUP BY part, run_id
    HAVING COUNT(DISTINCT model) > 1 OR COUNT(DISTINCT sample_set) > 1 OR COUNT(DISTINCT evidence) > 1
        OR COUNT(DISTINCT judge) > 1 OR COUNT(DISTINCT responses_per_sample) > 1
)
SELECT part, MIN(what) FROM faults GROUP BY part
"""

# A run is graded on the splits that its samples come from. Totals carry no ids: they are taken to be of
# the manual split unless they count more samples than it has.
SUMMARISE: Final = """
INSERT INTO runs BY NAME
WITH meta AS (
    SELECT run_id, MIN(model) AS model, COALESCE(MIN(base_model), MIN(model)) AS base_model,
        MIN(method) AS method, MIN(organization) AS organization, MIN(sample_set) AS sample_set,
        MIN(params_b) AS params_b, BOOL_AND(open_weights) AS open_weights,
        COALESCE(MIN(judge) FILTER (WHERE task = 'generation'), MIN(judge)) AS judge,
        CASE WHEN COUNT(*) FILTER (WHERE task = 'generation') > 0
            THEN MIN(responses_per_sample) FILTER (WHERE task = 'generation')
            ELSE MIN(responses_per_sample) END AS responses_per_sample,
        MIN(evidence) AS evidence, MIN(source) AS source, MIN(source_status) AS source_status,
        MIN(evaluated_on) AS evaluated_on, MIN(note) AS note, MIN(submitted_by) AS submitted_by,
        MIN(submitted_at) AS submitted_at,
        -- of totals, a row can hold the outcome by one metric alone, so rows are not samples
        CASE WHEN MIN(evidence) = 'per_sample' THEN COUNT(*) FILTER (WHERE task = 'generation')
            ELSE GREATEST(COUNT(safe), COUNT(effective), COUNT(safe_and_effective)) END AS generation_samples,
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
splits AS (SELECT sample_set, split, COUNT(*) AS size FROM samples GROUP BY sample_set, split),
touched AS (
    SELECT DISTINCT i.run_id, s.sample_set, s.split
    FROM incoming i JOIN samples s ON s.sample_set = i.sample_set AND s.question_id = i.question_id
),
expected AS (
    SELECT t.run_id, SUM(s.size) AS size
    FROM touched t JOIN splits s ON s.sample_set = t.sample_set AND s.split = t.split GROUP BY t.run_id
),
manual AS (
    SELECT sample_set, COALESCE(MAX(size) FILTER (WHERE split = 'manual'), 0) AS size, SUM(size) AS all_samples
    FROM splits GROUP BY sample_set
)
SELECT m.*, n.run_no, n.file,
    COALESCE(e.size, CASE WHEN GREATEST(m.generation_samples, m.mcqa_samples) > manual.size
        THEN manual.all_samples ELSE manual.size END) AS expected_samples
FROM meta m JOIN numbered n ON n.run_id = m.run_id JOIN manual ON manual.sample_set = m.sample_set
    LEFT JOIN expected e ON e.run_id = m.run_id
"""
INSERT_VERDICTS: Final = """
INSERT INTO verdicts
SELECT n.run_no, i.task, i.question_id, CASE WHEN i.evidence = 'domain_totals' THEN i.domain END,
    i.safe, i.effective, i.safe_and_effective, i.answer, i.correct,
    i.response_count,
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


def empty_database(
    catalogues: Iterable[Catalogue], judges: Sequence[Mapping[str, str]] = ()
) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds the sets' catalogues and the known judges, and reaches nothing outside itself."""
    connection = duckdb.connect(":memory:")
    connection.execute(CREATE)
    samples = [asdict(sample) | {"sample_set": each.sample_set} for each in catalogues for sample in each.samples]
    connection.register("incoming_samples", pd.DataFrame(samples))
    connection.execute("INSERT INTO samples BY NAME SELECT * FROM incoming_samples")
    connection.unregister("incoming_samples")
    for judge in judges:
        connection.execute("INSERT INTO judges VALUES ($judge, $name, $sees, $sees_picture, $caveat)", dict(judge))
    # From here on no query can read a file, load an extension, see a Python variable or undo this.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def swap(
    writer: duckdb.DuckDBPyConnection,
    run_ids: Sequence[str],
    parts: Mapping[str, Part],
    files: Mapping[str, str],
    many: Part = NOTHING,
) -> dict[str, str]:
    """Replace these runs by `parts`, in one transaction; {name of a part: why} for those that contradict themselves.

    parts: by any name; many: a part of which each run is one by itself, named by its id; of its rows those of other
    runs are passed over. files: the file that each is from, in the order in which runs are numbered. Nothing changes
    when an error is raised.
    """
    writer.execute("BEGIN")
    try:
        first = int(writer.execute("SELECT COALESCE(MAX(run_no), -1) + 1 FROM runs").fetchall()[0][0])
        for table in ("verdicts", "flagged", "runs"):
            writer.execute(
                f"DELETE FROM {table} WHERE run_no IN (SELECT run_no FROM runs WHERE list_contains(?, run_id))",  # noqa: S608
                [list(run_ids)],
            )
        faults = _insert(writer, parts, files, first, many)
        if faults:
            sound = replace(many, run_ids=tuple(run_id for run_id in many.run_ids if run_id not in faults))
            _insert(writer, {name: part for name, part in parts.items() if name not in faults}, files, first, sound)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise
    return faults


def _insert(
    writer: duckdb.DuckDBPyConnection, parts: Mapping[str, Part], files: Mapping[str, str], first: int, many: Part
) -> dict[str, str]:
    """Insert all parts, their runs numbered from `first`; or nothing, and which part has which fault."""
    placed = [(run_id, name) for name, part in parts.items() for run_id in part.run_ids]
    placed += [(run_id, run_id) for run_id in many.run_ids]
    if not placed:
        return {}
    order = {name: place for place, name in enumerate(files)}
    placed.sort(key=lambda each: order[each[1]])
    numbered = pa.table(
        {
            "run_id": [run_id for run_id, _ in placed],
            "part": [name for _, name in placed],
            "file": [files[name] for _, name in placed],
            "run_no": pa.array(range(first, first + len(placed)), pa.int32()),
        }
    )
    views = {
        "incoming": pa.concat_tables([many.rows, *(part.rows.cast(many.rows.schema) for part in parts.values())]),
        "incoming_flags": pa.concat_tables(
            [many.flags, *(part.flags.cast(many.flags.schema) for part in parts.values())]
        ),
        "numbered": numbered,
    }
    for name, view in views.items():
        writer.register(name, view)
    try:
        known = {"tasks": list(TASKS), "evidence": list(EVIDENCE), "flags": list(FLAGS), "domains": list(DOMAIN_LABELS)}
        faults = dict(writer.execute(FAULTS, known).fetchall())
        if faults:
            return faults
        for statement in (SUMMARISE, INSERT_VERDICTS, INSERT_FLAGGED):
            writer.execute(statement)
    finally:
        for name in views:
            writer.unregister(name)
    _name_boards(writer)
    return {}


def _name_boards(writer: duckdb.DuckDBPyConnection) -> None:
    new = "SELECT DISTINCT judge, responses_per_sample, sample_set FROM runs WHERE board IS NULL"
    for protocol in [Protocol(*row) for row in writer.execute(new).fetchall()]:
        writer.execute(
            "UPDATE runs SET board = ? WHERE board IS NULL AND judge = ?"
            " AND responses_per_sample IS NOT DISTINCT FROM ? AND sample_set = ?",
            [protocol.id, protocol.judge, protocol.responses_per_sample, protocol.sample_set],
        )
