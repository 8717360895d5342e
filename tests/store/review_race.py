"""Many processes that submit, correct and decide at once, some of them killed; driven by test_review_race.py.

Run as `python -m tests.store.review_race DIRECTORY PROCESSES KILLED`.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from siuo_dash.errors import NoRun, NotAllowed, StoreError, SubmissionError
from siuo_dash.store import registry
from tests.make.registry import runs_in
from tests.make.runs import run_id_of, run_table
from tests.store.crash import DONE, FAILED, ended, fork, kill_at
from tests.store.review_runs import ADA, BOB, REVIEWER, SECOND

STEPS = 20
TABLES = [run_table(f"Model-{number % 3}", content=str(number)) for number in range(40)]
IDS = [run_id_of(table) for table in TABLES]
OPEN = ("draft", "pending", "published")
LIMITS = registry.Limits(open=40)


def act(data_dir: Path, seed: int, start: int, die_at: int) -> int:
    """Twenty actions at random. What another process was faster with is refused in words; anything else fails."""
    os.read(start, 1)
    if die_at >= 0:
        kill_at(die_at)
    choose = random.Random(seed)
    for _ in range(STEPS):
        try:
            act_once(data_dir, choose)
        except (NoRun, NotAllowed, StoreError, SubmissionError) as refused:
            if "another process" in str(refused) or not refused.hint:
                return FAILED
    return DONE


def act_once(data_dir: Path, choose: random.Random) -> None:
    table, reviewer = choose.choice(TABLES), choose.choice([REVIEWER, SECOND])
    held = {state: runs_in(data_dir, state) for state in OPEN}
    decided = choose.choice(held["pending"] or IDS)
    run_id = choose.choice([each for run_ids in held.values() for each in run_ids] or IDS)
    actions: list[Callable[[], object]] = [
        lambda: registry.submit(data_dir, table, ADA, limits=LIMITS),
        lambda: registry.submit(data_dir, table, BOB, limits=LIMITS),
        lambda: registry.submit(data_dir, table, choose.choice([ADA, BOB]), corrects=run_id, limits=LIMITS),
        lambda: registry.save_draft(data_dir, table, ADA, limits=LIMITS),
        lambda: registry.send(data_dir, run_id, ADA, limits=LIMITS),
        lambda: registry.retract(data_dir, decided, ADA),
        lambda: registry.approve(data_dir, decided, reviewer),
        lambda: registry.approve(data_dir, decided, reviewer, badge="re-judged"),
        lambda: registry.reject(data_dir, decided, reviewer, "why"),
        lambda: registry.request_changes(data_dir, decided, reviewer, "why"),
        lambda: registry.own(data_dir, ADA),
        lambda: registry.waiting(data_dir, reviewer),
    ]
    choose.choice(actions)()


def main(data_dir: Path, processes: int, killed: int) -> None:
    start, go = os.pipe()

    def child(seed: int) -> int:
        os.close(go)
        return act(data_dir, seed, start, 40 + 23 * seed if seed < killed else -1)

    pids = [fork(lambda seed=seed: child(seed)) for seed in range(processes)]  # type: ignore[misc]
    os.close(start)
    os.close(go)  # all wait for this
    print(json.dumps([ended(pid) for pid in pids]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
