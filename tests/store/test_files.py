"""Files: whole or absent, never overwritten by chance, and Parquet bytes that do not vary."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import SchemaError, StoreError
from siuo_dash.store import files
from siuo_dash.store.runs.parquet import CONTENT_HASH, parquet_bytes
from tests.make.runs import run_table, totals_table


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_the_file_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    files.write_parquet(run_table(), path, overwrite=False, metadata={"siuo.content_hash": "ab"})
    assert pq.read_table(path, partitioning=None).equals(run_table())
    assert pq.read_schema(path).equals(RESULT_SCHEMA)
    assert (pq.read_schema(path).metadata or {})[CONTENT_HASH.encode()] == b"ab"
    assert names(tmp_path) == ["run.parquet"]


def test_the_same_rows_give_the_same_bytes_however_they_were_gathered(tmp_path: Path) -> None:
    table = run_table(samples=40)
    path = tmp_path / "run.parquet"
    files.write_parquet(table, path, overwrite=False)
    reread = pq.read_table(path, partitioning=None)
    pieces = pa.concat_tables([reread.slice(0, 13), reread.slice(13)]).replace_schema_metadata({"pandas": "{}"})
    assert bytes(parquet_bytes(pieces)) == path.read_bytes()


@pytest.mark.parametrize(
    ("table", "groups"),
    [
        (pa.concat_tables([totals_table("Counts", samples=1)] * 20_000), [16_384, 3_616]),
        (pa.concat_tables([run_table(content="x" * 20_000, samples=1)] * 100), [9] * 11 + [1]),
    ],
    ids=["no responses", "long responses"],
)
def test_row_groups_are_small_enough_to_open_one_sample_alone(table: pa.Table, groups: list[int]) -> None:
    file = pq.ParquetFile(pa.BufferReader(bytes(parquet_bytes(table))))
    assert [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)] == groups
    assert all(file.metadata.row_group(number).column(0).statistics.has_min_max for number in range(len(groups)))


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    files.write_parquet(run_table(), path, overwrite=False)
    with pytest.raises(StoreError, match="already there"):
        files.write_parquet(run_table("Other"), path, overwrite=False)
    assert pq.read_table(path, partitioning=None)["model"][0].as_py() == "Example-7B"
    files.write_parquet(run_table("Other"), path, overwrite=True)
    assert pq.read_table(path, partitioning=None)["model"][0].as_py() == "Other"
    assert names(tmp_path) == ["run.parquet"]


def test_without_hard_links_it_still_cannot_overwrite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    # No such file system can be made everywhere; only its refusal is put on.
    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "run.parquet"
    files.write_parquet(run_table(), path, overwrite=False)
    with pytest.raises(StoreError, match="already there"):
        files.write_parquet(run_table("Other"), path, overwrite=False)
    assert pq.read_table(path, partitioning=None).equals(run_table())
    assert names(tmp_path) == ["run.parquet"]


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (run_table().drop_columns(["note"]), "note"),
        (run_table().append_column("mood", pa.array(["fine"] * 5)), "mood"),
        (run_table().set_column(6, "params_b", pa.array(["7"] * 5)), "params_b"),
        (run_table().select([1, 0, *range(2, len(RESULT_SCHEMA))]), "run_id"),
        (run_table().set_column(1, RESULT_SCHEMA.field("model"), pa.array([None] * 5, pa.string())), "model"),
        (
            run_table().set_column(
                25, RESULT_SCHEMA.field("flags"), pa.array([[None]] * 5, RESULT_SCHEMA.field("flags").type)
            ),
            r"flags\[\]",
        ),
    ],
    ids=["missing", "surplus", "type", "order", "null", "null inside"],
)
def test_what_is_not_the_schema_is_refused_by_column(tmp_path: Path, wrong: pa.Table, column: str) -> None:
    with pytest.raises(SchemaError, match=f"column {column} "):
        files.write_parquet(wrong, tmp_path / "run.parquet", overwrite=True)
    assert names(tmp_path) == []


def test_leftovers_of_the_dead_are_removed_and_of_the_living_are_not(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from siuo_dash.store import files\n"
        "with files.staged(Path(sys.argv[1]), 'run.parquet'): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    (dead,) = names(tmp_path)
    with files.staged(tmp_path, "run.parquet") as alive:
        stranger = tmp_path / ".notes.tmp"
        stranger.touch()
        files.clean(tmp_path)
        assert names(tmp_path) == sorted([alive.path.name, stranger.name])
        assert alive.path.name != dead


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the directory is not there") as caught:
        files.write_parquet(run_table(), tmp_path / "gone" / "run.parquet", overwrite=False)
    assert str(tmp_path / "gone") in caught.value.where
    assert not (tmp_path / "gone").exists()


def test_a_run_file_is_named_by_its_bytes_and_written_once(tmp_path: Path) -> None:
    data = parquet_bytes(run_table())
    name = files.keep(tmp_path, data)
    assert (tmp_path / name).read_bytes() == bytes(data)
    before = (tmp_path / name).stat()
    assert files.keep(tmp_path, data) == name
    assert (tmp_path / name).stat().st_mtime_ns == before.st_mtime_ns
    assert files.keep(tmp_path, parquet_bytes(run_table("Other"))) != name
    assert len(names(tmp_path / files.RUNS)) == 2
    with pytest.raises(FileNotFoundError):
        files.keep(tmp_path / "gone", data)
