"""A server over the shipped data, shared by the tests that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.instance import Instance, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with running(tmp_path_factory.mktemp("server")) as instance:
        yield instance
