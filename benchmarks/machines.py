"""The load of `benchmarks.load` on several machines' instances beside one instance over a folder.

Usage: python -m benchmarks.machines [--seconds 240] [--visitors 50] [--uploaders 5] [--think 5] [--instances 2]

Each instance has a data directory of its own; all have one PostgreSQL and one bucket, a server of the S3 protocol that
answers from its memory (moto). All of it, and the visitors, share this machine's processors.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.load import Load, Measured, of_a_load, report, under_load
from tests.browser.driver import free_port, wait_for_server
from tests.make import postgres
from tests.make.bucket import CREDENTIALS, ObjectStorage
from tests.server.instance import copy_data, running


def main() -> None:
    """Measure both and print Markdown."""
    parser = of_a_load(__doc__)
    options = parser.parse_args()
    if postgres.programs() is None:
        parser.exit(1, f"{postgres.HELP}\n")
    load = Load(options.seconds, options.visitors, options.uploaders, options.think)
    with tempfile.TemporaryDirectory(prefix="siuo-machines-") as temporary:
        several, one = several_machines(Path(temporary), load, options.instances), one_instance(Path(temporary), load)
    print(f"{load.visitors} visitors at once for {load.seconds:.0f} s, {load.uploaders} of them uploading.\n")
    print("\n".join(report(several, one, (f"{options.instances} on PostgreSQL and a bucket", "one over a folder"))))
    for error in sorted({*several.errors, *one.errors}):
        print(f"- {error}")
    sys.exit(1 if several.errors or one.errors else 0)


def several_machines(work: Path, load: Load, instances: int) -> Measured:
    """So many instances with what they share."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres.cluster(durable=True))
        shared = {"SIUO_REGISTRY": database.schema("load"), "SIUO_BLOBS": stack.enter_context(bucket())} | CREDENTIALS
        servers = [
            stack.enter_context(running(work, copy_data(work / f"machine-{n}"), environment=shared, copied=False))
            for n in range(instances)
        ]
        return asyncio.run(under_load(servers, load, dashboard=True))


def one_instance(work: Path, load: Load) -> Measured:
    """The default: one process, one folder."""
    with running(work, copy_data(work / "one"), copied=False) as server:
        return asyncio.run(under_load([server], load, dashboard=True))


@contextmanager
def bucket() -> Iterator[str]:
    """The address of an empty bucket, whose server is a process of its own."""
    storage = ObjectStorage(free_port())
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(storage.port)]
    process = subprocess.Popen(
        command, env=os.environ | CREDENTIALS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_server(process, f"http://127.0.0.1:{storage.port}")
        yield storage.bucket("load")
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
