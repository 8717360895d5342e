"""Who may ask, and when: once it is stopped, nobody asks and nobody waits."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from siuo_dash.construct.calls import Calls
from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.asking import Progress, Stopped
from siuo_dash.evaluate.budget import Usage
from siuo_dash.evaluate.plan import Operation
from tests.server.loops import beside


@pytest.mark.parametrize("model", ["a/strong", "a/small"])
def test_where_the_budget_is_used_up_all_are_told_so_and_nobody_waits(model: str) -> None:
    """Also for a model that was never asked: whoever came first opened a door for the others, and did not go."""
    operation = Operation(max_cost=1.0, prices={"a/strong": (1.0, 1.0), "a/small": (1.0, 1.0)})
    used = {"a/strong": Usage(1, 1_000_000, 0)}
    calls = Calls(operation, {"a/strong": "--model"}, Progress(2, usage=used), lambda _: None)
    told: list[int] = []

    async def ask(*_: object, **__: object) -> Answer:
        raise AssertionError("it was asked")

    async def one(place: int) -> None:
        with pytest.raises(Stopped, match=r"the budget of \$1 is used up"):
            await calls.answer(ask, (str(place), "step"), model, "?", "", max_tokens=1, temperature=None)
        told.append(place)

    async def all_of_them() -> None:
        calls.begin()
        async with anyio.create_task_group() as group:
            for place in range(3):
                group.start_soon(one, place)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()

    beside(partial(anyio.run, all_of_them))
    assert told == [0, 1, 2]
