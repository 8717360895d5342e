"""Everything that a data directory is made of, examined: the catalogue, the carried results, the submissions."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.errors import CatalogueError, Finding, SchemaError
from siuo_dash.store.access import no_directory
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import RESULTS, SAMPLES
from siuo_dash.store.runs.parquet import AS_SERVICE, check_schema, unreadable
from siuo_dash.store.verify import verify


def examine(data_dir: Path, shipped: Path | None = None) -> list[Finding]:
    """Every fault, each with what to do; empty = sound. Reads every file and takes no lock.

    shipped: the data directory that comes with the program, to compare the catalogue with.
    """
    closed = no_directory(data_dir)
    if closed is not None:
        return [closed]
    return [*_catalogue(data_dir, shipped), *_carried(data_dir), *verify(data_dir)]


def _catalogue(data_dir: Path, shipped: Path | None) -> list[Finding]:
    hint = f"take {SAMPLES} from the program's data/, or from a backup"
    try:
        found = read_catalogue(data_dir / SAMPLES)
    except CatalogueError as error:
        closed = isinstance(error.__cause__, PermissionError)
        return [Finding("error", error.what, AS_SERVICE if closed else hint, SAMPLES)]
    with suppress(CatalogueError):  # a program whose own catalogue cannot be read is not this directory's fault
        if shipped is not None and _keys(found) != _keys(read_catalogue(shipped / SAMPLES)):
            message = "in ids or keys it differs from the one that this program ships"
            return [Finding("warning", message, f"if that is not on purpose, {hint}", SAMPLES)]
    return []


def _keys(catalogue: Catalogue) -> dict[int, str]:
    return {sample.question_id: sample.correct_option for sample in catalogue.samples}


def _carried(data_dir: Path) -> list[Finding]:
    """The results that come with the program; a data directory may do without them."""
    path = data_dir / RESULTS
    hint = "take the file from the program's data/, or from a backup"
    if (data_dir / "sources").is_dir():
        hint = f"run `python -m siuo_dash build`, or {hint}"
    try:
        check_schema(pq.read_schema(path))
        table = pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        return [Finding("warning", "the carried runs are gone", hint, RESULTS)]
    except SchemaError as error:
        return [Finding("error", error.what, hint, RESULTS)]
    except (pa.ArrowException, OSError) as error:
        return [Finding("error", *unreadable(error, hint), RESULTS)]
    return [
        Finding("error", f"the rows of {run_id} are not those that its id was made from", hint, RESULTS)
        for run_id in table.column("run_id").unique().to_pylist()
        if not run_id.endswith(content_hash(table.filter(pc.equal(table["run_id"], run_id)))[:8])
    ]
