"""A PostgreSQL of the tests' own: on 127.0.0.1, in a folder of its own, for as long as this process lives."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psycopg

from tests.browser.driver import free_port

HELP = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
_NOBODY = 65534
_DURABLE = {
    True: (),
    # Nobody pulls the plug, and a crash of the server alone loses nothing by this.
    False: ("-c", "fsync=off", "-c", "full_page_writes=off"),
}


def programs() -> Path | None:
    """The folder that holds `postgres` and `initdb`; None where it is not installed."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next(
        (each for each in reversed(folders) if (each / "postgres").exists() and (each / "initdb").exists()), None
    )


def _as_another(*command: str | Path) -> list[str]:
    """The command, as a user whom PostgreSQL serves: it refuses root."""
    other = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--")
    return [*(other if os.geteuid() == 0 else ()), *map(str, command)]


@dataclass
class Cluster:
    """A running server and its database `siuo`."""

    programs: Path
    folder: Path
    port: int
    durable: bool
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://siuo@127.0.0.1:{self.port}/siuo"

    def schema(self, name: object) -> str:
        """The address of an own, empty part of the database, for one data directory."""
        schema = f"t{hashlib.sha256(str(name).encode()).hexdigest()[:16]}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        return f"{self.url}?options=-csearch_path%3D{schema}"

    def connect(self, database: str = "siuo") -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="siuo", dbname=database, autocommit=True)

    def start(self) -> None:
        """On return it takes connections."""
        options = ["-D", str(self.folder / "data"), "-p", str(self.port), *_DURABLE[self.durable]]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(_as_another(self.programs / "postgres", *options), stdout=log, stderr=log)
        deadline = monotonic() + 300
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
                assert monotonic() < deadline
                sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: in order, without waiting for clients; SIGQUIT: as in a crash."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=300)


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A new server. durable: as in earnest, each commit on the disk."""
    found = programs()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="siuo-postgres-"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        made = _as_another(
            found / "initdb", "-D", folder / "data", "-U", "siuo", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        subprocess.run([*made, "--locale=C", "--no-instructions"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        server = Cluster(found, folder, free_port(), durable)
        server.start()
        try:
            with server.connect("postgres") as connection:
                connection.execute("CREATE DATABASE siuo")
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
