"""What `construct` and `audit` share: the plan with its cost, passes over what is missing, how it ended."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Protocol

from siuo_dash.cli.evaluation import COMPLETE, INCOMPLETE, INTERRUPTED, REFUSED, loaded_engine, print_usage
from siuo_dash.cli.evaluation_progress import tell
from siuo_dash.construct.calls import Calls
from siuo_dash.evaluate import address
from siuo_dash.evaluate.asking import Ask, Stop
from siuo_dash.evaluate.budget import Usage
from siuo_dash.evaluate.plan import Operation


class Work(Protocol):
    """What is carried out in passes."""

    def unfinished(self) -> list[str]:
        """What is missing."""

    async def one_pass(self, ask: Ask) -> None:
        """Ask for all that is missing once."""


def print_plan(usage: Mapping[str, Usage], operation: Operation, to: Path) -> None:
    """What is asked at most, and what it costs; EvaluationError where a budget lacks a price."""
    if not usage:
        tell("  nothing is left to ask")
    print_usage(usage, operation)
    tell(f"  folder: {to}")


def run_passes(work: Work, calls: Calls, urls: Mapping[str, str]) -> None:
    """Ask for what is missing, and again for what failed, until nothing more comes. urls: {model: address or ''}."""
    if not work.unfinished() or calls.stop is not None:
        return
    for url in {each for each in urls.values() if each}:
        address.reach("--base-url", url)
    engine = loaded_engine()
    models = {name: (calls.options[name], url) for name, url in urls.items()}
    for _ in range(max(1, calls.operation.passes)):
        here = calls.progress.here
        try:
            with redirect_stdout(io.StringIO()):  # the engine greets there, where the results belong
                engine.converse(models, calls.operation, work.one_pass, calls.retrying)
        except KeyboardInterrupt:
            calls.end(Stop("interrupted", "interrupted"))
        if not work.unfinished() or calls.progress.here == here or calls.stop is not None:
            return


def exit_code(calls: Calls, *, is_complete: bool) -> int:
    """0 complete, 1 refused, 75 incomplete, 130 interrupted."""
    if is_complete:
        return COMPLETE
    why = calls.stop.why if calls.stop is not None else ""
    return {"refused": REFUSED, "interrupted": INTERRUPTED}.get(why, INCOMPLETE)


def ended(calls: Calls, missing: Mapping[str, str], words: str, code: int) -> None:
    """Say how it ended, what is missing and why, and what to do."""
    cost = "" if calls.progress.cost is None else f", ${calls.progress.cost:.4f}"
    tell(f"{'incomplete' if missing else 'complete'}: {words}{cost}")
    if calls.stop is not None and calls.stop.why != "interrupted":
        tell(f"error: {calls.stop.words}")
    elif missing:
        for reason, number in Counter(missing.values()).most_common(10):
            first = next(name for name, why in missing.items() if why == reason)
            tell(f"  missing: {number} × {reason} (first: {first})")
    if missing and code != REFUSED:
        more = ", with a higher --max-cost" if calls.stop is not None and calls.stop.why == "budget" else ""
        tell(f"Run the same command again{more}: it goes on from here.")
