"""What opening a sample costs: time, and bytes read from the disk, on stores of any size.

Usage: python -m benchmarks.samples [--runs 42,1000,10000]. One run with texts (three responses of 3 kB a sample) is
published into each store; opening its samples must read a part of that one file, however many runs there are.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.measure import head, line
from benchmarks.stores import make_store
from siuo_dash.analysis import runs, samples
from siuo_dash.analysis.queries import find_run
from siuo_dash.analysis.sample_filters import RunOutcome, SampleFilters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import publish
from siuo_dash.store.runs.run_file import responses, samples_with
from tests.make.runs import judged_run

ROUNDS = 9


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", default="42,1000,10000")
    sizes = [int(size) for size in parser.parse_args().runs.split(",")]
    print(f"Median of {ROUNDS} rounds, each on another sample; bytes are those read from files.\n")
    print(head("runs in the store", "step", "ms", "kB read"))
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="siuo-bench-") as work:
            folder = make_store(Path(work), size)
            run_id, file_size = _publish_texts(folder)
            store = Store(folder)
            for name, step in _steps(store, run_id).items():
                milliseconds, kilobytes = _measured(step, list(store.catalogue.by_id))
                print(line(f"{size:,}", name, f"{milliseconds:.0f}", f"{kilobytes:,.0f}"), flush=True)
            print(line(f"{size:,}", "_(the run's whole file)_", "", f"{file_size / 1024:,.0f}"), flush=True)


def _steps(store: Store, run_id: str) -> dict[str, Callable[[int], object]]:
    run = find_run(store, run_id)
    board = str(run["board"])
    wanted = SampleFilters(outcomes=(RunOutcome(run_id, "Texts", "unsafe"),))

    def open_sample(question_id: int) -> None:
        samples.verdicts_of_sample(store, question_id, first=board, most=300)
        samples.boards_of_sample(store, question_id)
        samples.verdicts_of_runs(store, [run_id], question_id)
        responses(store, run_id, question_id)

    return {
        "open a sample: verdicts by board, and one run's responses": open_sample,
        "list: what one run fails": lambda _: samples.sample_list(store, wanted, board),
        "run page: failures by how many others pass": lambda _: runs.failures(store, run, METRICS["safe"]),
        "search in one run's texts": lambda question_id: samples_with(store, run_id, f"sample {question_id}"),
    }


def _measured(step: Callable[[int], object], ids: list[int]) -> tuple[float, float]:
    times, sizes = [], []
    step(ids[0])  # the first call opens what stays open
    for question_id in random.Random(7).sample(ids, ROUNDS):
        before, start = _bytes_read(), perf_counter()
        step(question_id)
        times.append(1000 * (perf_counter() - start))
        sizes.append((_bytes_read() - before) / 1024)
    return median(times), median(sizes)


def _publish_texts(folder: Path) -> tuple[str, int]:
    """A run whose texts do not compress to nothing; its id and its file's size in bytes."""
    letters = random.Random(11)
    ids = list(Store(folder).catalogue.by_id)
    table = judged_run(
        "Texts",
        "judge 0",
        {each: [(letters.random() < 0.5, True) for _ in range(3)] for each in ids},
        text=lambda question_id, place: f"sample {question_id}: " + letters.randbytes(1_500).hex(),
    )
    published = publish(folder, table, by=None)
    return published.run_id, published.path.stat().st_size


def _bytes_read() -> int:
    """What this process has read so far; 0 where the system does not count it."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return 0
    return int(next(line for line in counters.read_text().splitlines() if line.startswith("rchar")).split()[1])


if __name__ == "__main__":
    main()
