"""A bucket of the tests' own: a server of the S3 protocol on 127.0.0.1."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.browser.driver import free_port

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass
class ObjectStorage:
    """A server whose buckets outlive its stops, as long as this process lives."""

    port: int = field(default_factory=free_port)
    server: Any = None

    def start(self) -> None:
        from moto.server import ThreadedMotoServer  # slow to import, and needed by few

        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for each request
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()

    def bucket(self, name: str) -> str:
        """The address of a new, empty bucket, as SIUO_BLOBS."""
        with urlopen(Request(f"http://127.0.0.1:{self.port}/{name}", method="PUT")):
            pass
        return f"s3://{name}/siuo?endpoint_override=127.0.0.1:{self.port}&scheme=http&region=us-east-1"


@pytest.fixture(scope="session")
def object_storage() -> Iterator[ObjectStorage]:
    """A running server, one a test process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        storage = ObjectStorage()
        storage.start()
        yield storage
        storage.stop()


@pytest.fixture
def bucket(object_storage: ObjectStorage, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run files of this test are in a bucket of its own."""
    url = object_storage.bucket(f"b{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:40]}")
    monkeypatch.setenv("SIUO_BLOBS", url)
    return url
