"""Which samples two runs answered with the same words: fingerprints of responses, read from a run's own file."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.errors import SchemaError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.result_files import reason

_COLUMNS: Final = ["run_id", "task", "question_id", "responses.list.element.text"]


def response_fingerprints(store: Store, run_id: str, task: str = "generation") -> dict[int, str]:
    """{question_id: one fingerprint of all the sample's responses}, whatever their order.

    Samples whose texts are not at hand (or not all of them) are left out. No text is kept.
    Raises SchemaError when the file has gone or broken since it was loaded.
    """
    found = store.frame("SELECT file FROM runs WHERE run_id = ?", [run_id])
    if found.empty:
        return {}
    name = str(found["file"].iloc[0])
    prints: dict[int, str] = {}
    try:
        file = pq.ParquetFile(store.data_dir / name)
        for group in range(file.num_row_groups):
            if _may_hold(file.metadata.row_group(group), run_id):
                table = file.read_row_group(group, columns=_COLUMNS)
                wanted = pc.and_(pc.equal(table["run_id"], run_id), pc.equal(table["task"], task))
                prints |= fingerprints_of(table.filter(wanted))
    except (OSError, pa.ArrowException) as error:
        raise SchemaError(reason(error), where=name) from error
    return prints


def _may_hold(group: Any, run_id: str) -> bool:
    """Whether a row group can hold rows of a run, by the least and greatest run_id that its footer names."""
    column = group.column(RESULT_SCHEMA.get_field_index("run_id"))
    return (
        not column.is_stats_set
        or not column.statistics.has_min_max
        or column.statistics.min <= run_id <= column.statistics.max
    )


def fingerprints_of(rows: pa.Table) -> dict[int, str]:
    """{question_id: one fingerprint of all the sample's responses} of rows with `question_id` and `responses`."""
    prints = {}
    for question_id, responses in zip(rows["question_id"], rows["responses"], strict=True):
        texts = [each["text"] for each in responses.as_py()]
        if question_id.is_valid and texts and None not in texts:
            joined = "\n".join(sorted(map(fingerprint, texts)))
            prints[question_id.as_py()] = hashlib.sha256(joined.encode("ascii")).hexdigest()[:16]
    return prints
