"""The registry as a file and in PostgreSQL: tests that are marked `postgres` run on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from siuo_dash.store.registry import opening
from siuo_dash.store.registry.postgresql import Server
from tests.make import postgres
from tests.make.postgres import Cluster


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test, or a module, marked `postgres` runs on both; heavy=True: on PostgreSQL in `make heavy` alone."""
    mark = metafunc.definition.get_closest_marker("postgres")
    if mark is None or mark.kwargs.get("never"):
        return
    marks = [pytest.mark.heavy] if mark.kwargs.get("heavy") else []
    metafunc.parametrize("in_postgres", [False, pytest.param(True, marks=marks)], ids=["file", "pg"], indirect=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server of PostgreSQL for the tests of this process."""
    if postgres.programs() is None:
        pytest.skip(postgres.HELP)
    with postgres.cluster() as server:
        yield server


@pytest.fixture(autouse=True)
def in_postgres(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Keep each data directory's registry in a part of its own of one database, where the parameter says so."""
    chosen = bool(getattr(request, "param", False))
    addresses: dict[Path, str] = {}
    if chosen:
        server: Cluster = request.getfixturevalue("cluster")

        def kept(data_dir: Path) -> Server:
            if data_dir not in addresses:
                addresses[data_dir] = server.schema(data_dir)
            return Server(addresses[data_dir])

        monkeypatch.setattr(opening, "kept", kept)
        if "tmp_path" in request.fixturenames:  # for the processes that a test starts over it
            monkeypatch.setenv("SIUO_REGISTRY", server.schema(request.getfixturevalue("tmp_path")))
    yield chosen
    for data_dir in addresses:
        opening.close(data_dir)
