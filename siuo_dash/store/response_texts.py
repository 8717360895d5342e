"""Which samples two runs answered with the same words: fingerprints of responses, read from a run's own file."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.text import fingerprint
from siuo_dash.errors import SchemaError
from siuo_dash.store.database import Store
from siuo_dash.store.result_files import reason


def response_fingerprints(store: Store, run_id: str, task: str = "generation") -> dict[int, str]:
    """{question_id: one fingerprint of all the sample's responses}, whatever their order.

    Samples whose texts are not at hand (or not all of them) are left out. No text is kept.
    Raises SchemaError when the file has gone or broken since it was loaded.
    """
    found = store.frame("SELECT file FROM runs WHERE run_id = ?", [run_id])
    if found.empty:
        return {}
    name = str(found["file"].iloc[0])
    try:
        table = pq.read_table(
            store.data_dir / name,
            columns=["question_id", "responses.list.element.text"],
            filters=[("run_id", "=", run_id), ("task", "=", task)],
            partitioning=None,
        )
    except (OSError, pa.ArrowException) as error:
        raise SchemaError(reason(error), where=name) from error
    prints = {}
    for batch in table.to_batches(max_chunksize=256):
        for question_id, responses in zip(*(batch.column(at) for at in range(2)), strict=True):
            texts = [each["text"] for each in responses.as_py()]
            if question_id.is_valid and texts and None not in texts:
                joined = "\n".join(sorted(map(fingerprint, texts)))
                prints[question_id.as_py()] = hashlib.sha256(joined.encode("ascii")).hexdigest()[:16]
    return prints
