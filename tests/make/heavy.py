"""Tests that take minutes: the suite takes some of their cases, `make heavy` the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pytest
from _pytest.mark import ParameterSet

heavy: Final = pytest.mark.heavy


def some_heavy(cases: Iterable[str], *light: str) -> list[ParameterSet]:
    """The cases of a parametrized test, heavy but for the light ones."""
    return [pytest.param(case, id=case, marks=() if case in light else (heavy,)) for case in cases]
