"""Several machines: a start over many uploads with and without a snapshot, noticing a change, publishing on PostgreSQL.

`python -m benchmarks.scale [--uploads 10000]` measures this alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import publishing
from benchmarks.measure import head, in_turn, line, ratio, words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import state_of
from siuo_dash.store.registry import publish
from siuo_dash.store.registry.opening import close, version
from siuo_dash.store.snapshots import write
from tests.make import postgres
from tests.make.runs import make_run, share
from tests.make.stores import make_data

STARTS = head("uploads in the store", "reading every file", "from the snapshot", "ratio")
ASKING = head("step", "SQLite", "PostgreSQL", "ratio")


def starts(work: Path, uploads: int) -> list[str]:
    """A line of a Markdown table: opening a store of so many uploads."""
    folder = make_data(work / f"starts-{uploads}")
    publishing.fill(folder, uploads)
    pointer, aside = folder / "snapshots" / "latest.json", folder / "latest.json"
    write(folder)

    def without() -> None:
        pointer.rename(aside)
        try:
            Store(folder)
        finally:
            aside.rename(pointer)

    took = in_turn({"files": without, "snapshot": lambda: Store(folder)}, rounds=3)
    close(folder)
    return [
        line(f"{uploads:,}", words(took["files"]), words(took["snapshot"]), f"{ratio(took, 'snapshot', 'files'):.2f}")
    ]


def asking(work: Path, uploads: int) -> list[str]:
    """Lines of a Markdown table: what an interaction and a publication cost on each; and the stat of every file."""
    if postgres.programs() is None:
        return [line("not measured", postgres.HELP, "", "")]
    folders = {"sqlite": make_data(work / "asking-sqlite"), "postgresql": make_data(work / "asking-postgresql")}
    publishing.fill(folders["sqlite"], uploads)
    with postgres.cluster(durable=True) as server:
        address = server.schema("benchmark")

        def on(name: str, do: Callable[[Path], object]) -> Callable[[], object]:
            def done() -> object:
                os.environ["SIUO_REGISTRY"] = address if name == "postgresql" else ""
                return do(folders[name])

            return done

        def publish_one(name: str) -> Callable[[Path], object]:
            tables = iter([make_run(f"New-{number}", share(90)) for number in range(16)])
            return lambda folder: publish(folder, next(tables), by=None)

        on("postgresql", lambda folder: publishing.fill(folder, uploads))()
        looked = in_turn({name: on(name, version) for name in folders}, rounds=51)
        published = in_turn({name: on(name, publish_one(name)) for name in folders}, rounds=15)
        for name in folders:
            on(name, close)()
        del os.environ["SIUO_REGISTRY"]
    files = list((folders["sqlite"] / "runs").iterdir())
    stats = in_turn({"stat": lambda: [state_of(file) for file in files]}, rounds=7)
    return [
        line(step, words(took["sqlite"]), words(took["postgresql"]), f"{ratio(took, 'postgresql', 'sqlite'):.1f}")
        for step, took in (("noticing a change", looked), ("publish", published))
    ] + [line(f"(the stat of {len(files):,} files, which noticing was before)", words(stats["stat"]), "", "")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=10_000)
    uploads = parser.parse_args().uploads
    with tempfile.TemporaryDirectory(prefix="siuo-bench-") as temporary:
        for title, lines in ((STARTS, starts), (ASKING, asking)):
            print("\n".join([title, *lines(Path(temporary), uploads)]), flush=True)


if __name__ == "__main__":
    main()
