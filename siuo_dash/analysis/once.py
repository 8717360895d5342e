"""Questions that several pages ask: answered once for a state of the data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from siuo_dash.store.engine.database import Store

P = ParamSpec("P")
T = TypeVar("T")
_kept: Final[WeakKeyDictionary[Store, tuple[str, dict[Any, Any]]]] = WeakKeyDictionary()
"""{store: (data version, {question: answer})}; only of the version that was asked last."""


def once(ask: Callable[Concatenate[Store, P], T]) -> Callable[Concatenate[Store, P], T]:
    """A question whose answer is kept until the data change; nobody may change the answer, and what it is asked with
    can be hashed.
    """

    @wraps(ask)
    def answered(store: Store, /, *given: P.args, **named: P.kwargs) -> T:
        version = store.version
        at, answers = _kept.get(store, ("", {}))
        if at != version:
            answers = {}
            _kept[store] = version, answers
        question = (ask, given, tuple(sorted(named.items())))
        if question not in answers:
            answers[question] = ask(store, *given, **named)
        answer: T = answers[question]
        return answer

    return answered
