"""Everything that a data directory is made of, examined: the catalogue, the carried results, the submissions."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.errors import CatalogueError, Finding, SchemaError
from siuo_dash.store.facts import read_catalogue
from siuo_dash.store.parquet import check_schema
from siuo_dash.store.result_files import RESULTS, SAMPLES
from siuo_dash.store.verify import verify


def examine(data_dir: Path) -> list[Finding]:
    """Every fault, each with what to do; empty = sound. Reads every file and takes no lock."""
    return [*_catalogue(data_dir), *_carried(data_dir), *verify(data_dir)]


def _catalogue(data_dir: Path) -> list[Finding]:
    try:
        read_catalogue(data_dir / SAMPLES)
    except CatalogueError as error:
        return [Finding("error", error.what, "take samples.csv from the program's data/, or from a backup", SAMPLES)]
    return []


def _carried(data_dir: Path) -> list[Finding]:
    """The results that come with the program; a data directory may do without them."""
    path = data_dir / RESULTS
    hint = "run `python -m siuo_dash build`, or take the file from a backup"
    if not path.exists():
        return []
    try:
        check_schema(pq.read_schema(path))
        table = pq.read_table(path, partitioning=None)
    except SchemaError as error:
        return [Finding("error", error.what, hint, RESULTS)]
    except (pa.ArrowException, OSError) as error:
        return [Finding("error", f"the file cannot be read ({error})", hint, RESULTS)]
    return [
        Finding("error", f"the rows of {run_id} are not those that its id was made from", hint, RESULTS)
        for run_id in table.column("run_id").unique().to_pylist()
        if not run_id.endswith(content_hash(table.filter(pc.equal(table["run_id"], run_id)))[:8])
    ]
