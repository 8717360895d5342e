"""A cluster in place of this process's own DuckDB: the same named queries by Spark Connect, over a snapshot's tables.

Apache Spark and Sail speak it. The cluster's workers read the tables themselves, from where the run files are, so all
of them must reach it. Texts of responses are in no table: they come from the run files, as ever.
"""

from __future__ import annotations

import atexit
import hashlib
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import duckdb
import grpc
import pandas as pd
import pyarrow as pa
import sqlglot
from pyspark.errors import PySparkException
from sqlglot import exp

from siuo_dash.benchmark.catalogue import SAMPLE_COLUMNS, Catalogue, Sample
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.errors import StoreError
from siuo_dash.store import blobs, snapshots
from siuo_dash.store.engine import tables
from siuo_dash.store.engine.database import BrokenFile, Store
from siuo_dash.store.engine.table_files import TABLES, keep_up
from siuo_dash.store.files import FileState
from siuo_dash.store.snapshots import LATEST, Tables

# pyspark takes a process that runs no file (`python -c`) for its own documentation's tests, and ends it.
with patch.object(sys, "ps1", "", create=True):
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

# Frames are made by DuckDB from Arrow: no pandas code of pyspark runs.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]", UserWarning)  # the error itself is shown
VIEWS: Final = {
    each.this.name: each.expression.sql("duckdb")
    for each in sqlglot.parse(tables.CREATE, read="duckdb")
    if isinstance(each, exp.Create) and each.kind == "VIEW"
}
_KEPT: Final = 4
"""So many states of the data can be asked about at once: a page that began before goes on with its own."""


@lru_cache(maxsize=1024)
def spark_sql(sql: str, state: str) -> str:
    """A query of DuckDB's dialect in Spark's, over the tables of one state; `$name` becomes `:name`."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if table.name in TABLES or table.name in VIEWS:
            alias = table.alias or table.name
            table.replace(exp.to_table(f"{table.name}_{state}", alias=alias))
    named = tree.transform(lambda node: exp.Placeholder(this=node.name) if isinstance(node, exp.Parameter) else node)
    return named.sql(dialect="spark")


@dataclass(frozen=True)
class _State:
    """One state of the data. looked: how `latest.json` was when it was read."""

    tables: Tables
    looked: FileState | None
    sets: Mapping[str, Catalogue]


class ClusterStore(Store):
    """A Store whose queries a cluster answers; it shows the tables that were last written, and writes the first ones.

    url: sc://host:port, with Spark Connect's own parameters. StoreError when the cluster does not answer, or there are
    no tables.
    """

    def __init__(self, data_dir: Path, url: str) -> None:
        self.data_dir = data_dir
        self._url, self._blobs = url, blobs.of(data_dir)
        self._pinned = threading.local()
        self._opening = threading.Lock()
        self._session: SparkSession | None = None
        self._viewed: list[str] = []
        # DuckDB's own conversion makes the frames, so that their types are the same.
        self._local = duckdb.connect(":memory:")
        self._local.execute("SET GLOBAL TimeZone = 'UTC'")
        last = snapshots.latest(self._blobs)
        if last is None or last.tables is None:
            keep_up(data_dir)
        self._now = self._newest(None)

    @property
    def sets(self) -> Mapping[str, Catalogue]:
        return self._shown.sets

    @property
    def version(self) -> str:
        return self._shown.tables.version

    @property
    def broken(self) -> list[BrokenFile]:
        return [BrokenFile(*each) for each in self._shown.tables.broken]

    @property
    def _shown(self) -> _State:
        found: _State = getattr(self._pinned, "state", None) or self._now
        return found

    def frame(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        return self._local.cursor().from_arrow(self._answer(self._shown.tables, sql, dict(values))).df()

    def _answer(self, shown: Tables, sql: str, values: dict[str, Any]) -> pa.Table:
        try:
            return self._ask(shown, sql, values)
        except (PySparkException, grpc.RpcError):  # a session ends by itself after an hour, and with its server
            self._leave()
            try:
                return self._ask(shown, sql, values)
            except (PySparkException, grpc.RpcError) as error:
                self._leave()
                hint = "look whether it runs and can read the tables, then reload the page"
                raise StoreError("the cluster does not answer", where=self._host, hint=hint) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        before = getattr(self._pinned, "state", None)
        self._pinned.state = self._shown
        try:
            yield
        finally:
            self._pinned.state = before

    def refresh(self) -> bool:
        before, self._now = self._now, self._newest(self._now)
        if getattr(self._pinned, "state", None) is not None:
            self._pinned.state = self._now
        return before.tables.files != self._now.tables.files

    @property
    def _host(self) -> str:
        """The address without its parameters, one of which is a password."""
        return self._url.split("/;")[0]

    def _newest(self, known: _State | None) -> _State:
        looked = self._blobs.state(LATEST)
        if known is not None and known.looked == looked:
            return known
        last = snapshots.latest(self._blobs)
        if last is None or last.tables is None:
            what, hint = "there are no tables for the cluster yet", "reload in a minute: another instance writes them"
            raise StoreError(what, where=self._blobs.name, hint=hint)
        if known is not None and known.tables.files == last.tables.files:
            return replace(known, tables=last.tables, looked=looked)  # what was left out may differ
        samples: dict[str, list[Sample]] = {BENCHMARK: []}
        for row in self._answer(last.tables, "SELECT * FROM samples ORDER BY sample_set", {}).to_pylist():
            samples.setdefault(row["sample_set"], []).append(Sample(*(row[name] for name in SAMPLE_COLUMNS)))
        return _State(last.tables, looked, {name: Catalogue(each, name) for name, each in samples.items()})

    def _ask(self, shown: Tables, sql: str, values: dict[str, Any]) -> pa.Table:
        return self._with_views(shown).sql(spark_sql(sql, _name_of(shown)), args=values or None).toArrow()

    def _leave(self) -> None:
        with self._opening:
            if self._session is not None:
                self._session.client.close()
            self._session, self._viewed = None, []

    def _connect(self) -> SparkSession:
        session = self._session = SparkSession.builder.remote(self._url).create()
        # The last that is registered is done first: pyspark's own would ask the server once more, and wait for it.
        atexit.unregister(self._leave)
        atexit.register(self._leave)
        # Else a page, and the end of this process, would wait ten minutes for a server that is away.
        session.client.set_retry_policies([DefaultPolicy(max_retries=3, max_backoff=500)])
        session.client.disable_reattachable_execute()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        return session

    def _with_views(self, shown: Tables) -> SparkSession:
        """The session, in which these tables have names."""
        state = _name_of(shown)
        with self._opening:
            session = self._session or self._connect()
            if state not in self._viewed:
                for name, file in zip(TABLES, shown.files, strict=True):
                    session.read.parquet(self._blobs.address(file)).createOrReplaceTempView(f"{name}_{state}")
                    with suppress(PySparkException):  # Sail keeps no tables in memory
                        session.catalog.cacheTable(f"{name}_{state}")
                for name, select in VIEWS.items():
                    session.sql(spark_sql(select, state)).createOrReplaceTempView(f"{name}_{state}")
                for old in self._viewed[: 1 - _KEPT]:
                    for name in (*VIEWS, *TABLES):
                        session.catalog.dropTempView(f"{name}_{old}")
                self._viewed = [*self._viewed[1 - _KEPT :], state]
            return session


@lru_cache(maxsize=64)
def _name_of(shown: Tables) -> str:
    """What a state's tables end with in the cluster: other files, another name."""
    return hashlib.sha256("".join(shown.files).encode()).hexdigest()[:12]
