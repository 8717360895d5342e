"""What the method page says is what the functions give."""

from __future__ import annotations

import inspect
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules

import pytest

from siuo_dash.analysis import stats
from siuo_dash.report.methods import METHODS, Method


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_figure_is_recomputed(method: Method) -> None:
    computed = method.compute()
    assert set(method.figures) == set(computed)
    for name, (_, value) in method.figures.items():
        digits = -int(Decimal(repr(value)).as_tuple().exponent)
        assert round(computed[name], digits) == value, name


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_record_is_whole(method: Method) -> None:
    assert all((method.name, method.source, method.used_for))
    assert method.formula.count("{") == method.formula.count("}")
    assert method.formula.count(r"\left") == method.formula.count(r"\right")
    for name in method.figures:
        assert f"{{{name}" in method.text
    assert not set("{}") & set(method.example)
    assert method.example.endswith(".")


def test_every_statistic_is_explained() -> None:
    explained = {method.function for method in METHODS}
    assert len({method.name for method in METHODS}) == len(METHODS) == len(explained)
    parts = {"confusion", "competition_rank", "paired_difference", "paired_table", "pareto"}
    parts |= {"limits", "unpaired_difference", "wilson_array", "newcombe_array", "score_test_array"}
    public = {
        function
        for module in iter_modules(stats.__path__, f"{stats.__name__}.")
        if not module.name.endswith(".resampling")
        for name, function in inspect.getmembers(import_module(module.name), inspect.isfunction)
        if not name.startswith("_") and function.__module__ == module.name and name not in parts
    }
    assert public == explained


def test_a_wrong_figure_would_be_seen() -> None:
    wrong = replace(METHODS[0], text="{low:.1%}", figures={"low": ("low", 0.46)})
    assert round(wrong.compute()["low"], 4) == 0.4574
    assert wrong.example == "46.0 %"
