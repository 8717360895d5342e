"""Timing in turn, so that a machine whose speed drifts slows all candidates alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter


def in_turn(
    candidates: Mapping[str, Callable[[], object]], rounds: int = 7, warm_up: int = 1
) -> dict[str, list[float]]:
    """Seconds of each candidate over `rounds`, run A B C A B C …; the warm-up rounds are not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for round_ in range(rounds + warm_up):
        for name, work in candidates.items():
            started = perf_counter()
            work()
            elapsed = perf_counter() - started
            if round_ >= warm_up:
                seconds[name].append(elapsed)
    return seconds


def ratio(seconds: Mapping[str, list[float]], name: str, against: str) -> float:
    """Median of the round-by-round ratios of one candidate to another."""
    return median(a / b for a, b in zip(seconds[name], seconds[against], strict=True))


def head(*names: str) -> str:
    """The head of a Markdown table."""
    return f"{line(*names)}\n|{'---|' * len(names)}"


def line(*cells: object) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def words(seconds: list[float]) -> str:
    """'12.3 ms (11.9–14.0)': median, minimum and maximum."""
    return f"{1000 * median(seconds):.1f} ms ({1000 * min(seconds):.1f}–{1000 * max(seconds):.1f})"


def megabytes(pid: int) -> float:
    """What a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
