"""Files of an earlier version lack the columns that came later: they read as null, everywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import LATER, METRICS, RESULT_SCHEMA
from siuo_dash.errors import SchemaError
from siuo_dash.store import backup, registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import RESULTS
from siuo_dash.store.registry.change import Upload
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.runs.parquet import check_schema
from siuo_dash.store.runs.run_file import run_parquet, run_table
from siuo_dash.store.verify import verify
from tests.make.runs import run_id_of
from tests.make.runs import run_table as make_table
from tests.make.stores import make_data


def earlier(table: pa.Table) -> bytes:
    """The bytes that a version before LATER wrote."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.drop_columns(sorted(LATER)), sink)
    return bytes(sink.getvalue())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose upload and shipped results were both written by an earlier version."""
    directory = make_data(tmp_path / "data")
    (directory / RESULTS).write_bytes(earlier(make_table("Shipped-7B")))
    table = make_table()
    body = earlier(table)
    name = f"runs/{hashlib.sha256(body).hexdigest()}.parquet"
    (directory / "runs").mkdir()
    (directory / name).write_bytes(body)
    with changing(directory) as now:
        now.bring("publish", Upload.of(table, run_id_of(table), content_hash(table), name), owner=None, verified=False)
    return directory


def test_it_is_sound_and_its_runs_are_plain(data: Path) -> None:
    assert verify(data) == []
    store = Store(data)
    assert store.broken == []
    frame = leaderboard(store, Filters(plain=True), METRICS["safe"])
    assert frame["model"].tolist() == frame["base_model"].tolist() == ["Example-7B", "Shipped-7B"]
    assert frame["method"].isna().all() and frame["gain"].isna().all()


def test_an_export_has_todays_columns(data: Path) -> None:
    store = Store(data)
    for run_id in store.frame("SELECT run_id FROM runs")["run_id"]:
        table = run_table(store, run_id)
        assert table.schema.equals(RESULT_SCHEMA)
        assert all(set(table[name].to_pylist()) == {value} for name, value in LATER.items())
        check_schema(pq.read_schema(pa.BufferReader(run_parquet(store, run_id))))


def test_it_is_backed_up_restored_and_withdrawn(data: Path, tmp_path: Path) -> None:
    run_id = run_id_of(make_table())
    backup.backup(data, tmp_path / "all.tar")
    backup.restore_from(tmp_path / "all.tar", tmp_path / "again")
    assert run_id in set(Store(tmp_path / "again").frame("SELECT run_id FROM runs")["run_id"])
    table = registry.table_of(data, run_id, registry.local(None))
    assert table.schema.equals(RESULT_SCHEMA)
    registry.withdraw(data, run_id, registry.local(None), "a test")
    registry.restore(data, run_id, registry.local(None))
    assert verify(data) == []


@pytest.mark.parametrize("column", [name for name in RESULT_SCHEMA.names if name not in LATER])
def test_other_columns_are_still_missed(column: str) -> None:
    schema = make_table().schema
    with pytest.raises(SchemaError, match=f"column {column} is missing"):
        check_schema(schema.remove(schema.get_field_index(column)), exact=False)
