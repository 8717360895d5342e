"""What the method page says is what the functions give."""

from __future__ import annotations

from decimal import Decimal

import pytest

from siuo_dash.analysis import stats
from siuo_dash.analysis.stats.method_record import Figure, Method, WorkedExample
from siuo_dash.analysis.stats.methods import METHODS


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_figure_is_recomputed(method: Method) -> None:
    example = method.worked_example
    computed = example.compute()
    assert {figure.name for figure in example.figures} == set(computed)
    for figure in example.figures:
        digits = -int(Decimal(repr(figure.value)).as_tuple().exponent)
        assert round(computed[figure.name], digits) == figure.value, figure.name


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_record_is_whole(method: Method) -> None:
    example = method.worked_example
    assert all((method.name, method.source, method.used_for))
    assert getattr(stats, example.function.__name__) is example.function
    assert method.formula.count("{") == method.formula.count("}")
    assert method.formula.count(r"\left") == method.formula.count(r"\right")
    for figure in example.figures:
        assert f"{{{figure.name}" in example.text
    assert not set("{}") & set(example.sentence)
    assert example.sentence.endswith(".")


def test_every_source_that_the_design_names_is_there() -> None:
    told = {method.worked_example.function.__name__ for method in METHODS}
    assert len({method.name for method in METHODS}) == len(METHODS) == len(told)
    bundles = {"agreement", "confusion", "competition_rank", "paired_difference", "paired_table", "pareto"}
    bundles |= {"unpaired_difference", "wilson_array"}
    public = {name for name in stats.__all__ if name.islower()}
    assert public - bundles == told


def test_a_wrong_figure_would_be_seen() -> None:
    example = WorkedExample(stats.wilson, {"k": 89, "n": 167}, (Figure("low", "low", 0.46),), "{low:.1%}")
    assert round(example.compute()["low"], 4) == 0.4574
    assert example.sentence == "46.0 %"
