"""Apache Spark for `make test-spark`: a master, two workers and a Spark Connect server on this machine, and the tests.

Usage: python -m tests.store.spark_cluster FOLDER_OF_PYSPARK [pytest's arguments]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.browser.driver import free_port
from tests.store.test_cluster import SERVER, wait_until_open

DEPLOY = "org.apache.spark.deploy"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


@contextmanager
def running(command: Sequence[object], port: int, folder: Path, home: Path) -> Iterator[None]:
    """One of Spark's programs, until something listens on its port; its log is in the folder."""
    own = {"SPARK_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": folder, "SPARK_WORKER_DIR": folder}
    environment = os.environ | {name: str(value) for name, value in own.items()} | {"TZ": "UTC"}
    log = folder / f"{port}.log"
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=environment, stdout=lines, stderr=subprocess.STDOUT
        )
    try:
        wait_until_open(process, port)
        yield
    except ConnectionError:
        print(log.read_text(encoding="utf-8", errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(timeout=120)


def main() -> int:
    home = Path(sys.argv[1]).resolve()
    run = home / "bin" / "spark-class"
    with tempfile.TemporaryDirectory(prefix="siuo-spark-", ignore_cleanup_errors=True) as made, ExitStack() as cluster:
        folder, master, server = Path(made), free_port(), free_port()
        address = f"spark://127.0.0.1:{master}"
        where = ("--host", "127.0.0.1", "--webui-port", 0)
        start = [run, f"{DEPLOY}.master.Master", *where, "--port", master]
        cluster.enter_context(running(start, master, folder, home))
        for _ in range(2):
            port = free_port()
            start = [run, f"{DEPLOY}.worker.Worker", *where, "--port", port, "-c", 1, "-m", "1g", address]
            cluster.enter_context(running(start, port, folder, home))
        options = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": server,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "768m",
            "spark.sql.shuffle.partitions": 2,
            "spark.ui.enabled": "false",
        }
        said = [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
        start = [home / "bin" / "spark-submit", "--master", address, "--driver-memory", "1g", *said]
        cluster.enter_context(running([*start, "--class", CONNECT, "spark-internal"], server, folder, home))
        tests = [sys.executable, "-m", "pytest", "tests/store/test_cluster.py", "-k", "duckdbs_answers", *sys.argv[2:]]
        environment = os.environ | {SERVER: f"sc://127.0.0.1:{server}"}
        return subprocess.run(tests, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
