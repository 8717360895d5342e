"""Calls that a provider refuses whenever they are asked: how often it did, and from when on they are given up."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final, NamedTuple

from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.plan import Call, Operation

_NOT_ABOUT_THE_CALL: Final = (401, 402, 404, 408, 409, 425, 429)
"""What a provider answers whatever it is asked: a wrong key or address, nothing paid, too many calls."""


class Refused(NamedTuple):
    """How often a provider refused one call, and its words at the last time."""

    times: int
    reason: str


def is_about_the_call(status: int | None) -> bool:
    """Whether an HTTP status refuses this one call, and not whatever is asked now."""
    return status is not None and status < 500 and status not in _NOT_ABOUT_THE_CALL


def given_up(refused: Mapping[Call, Refused], answers: Mapping[Call, Answer], operation: Operation) -> dict[Call, str]:
    """{call that the provider has refused often enough to be asked no more: the provider's words}."""
    enough, known = operation.give_up, refused.items()
    return {call: each.reason for call, each in known if 0 < enough <= each.times and call not in answers}


def left_of(calls: Iterable[Call], answers: Mapping[Call, Answer], without: Container[Call]) -> set[Call]:
    """What is still to be asked: no answer yet, and neither it nor the response that it is about is given up.

    without: what is given up.
    """
    about = {call: call._replace(kind="response") if call.counts_as == "verdicts" else call for call in calls}
    return {call for call, what in about.items() if not (call in answers or call in without or what in without)}
