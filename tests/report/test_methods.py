"""What the method page says is what the functions give."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import pytest

from siuo_dash.analysis import stats
from siuo_dash.report.methods import METHODS, Method

EXAMPLES: Final = {
    "Wilson interval": "89 of 167 samples safe: 95% interval 45.74% to 60.70%.",
    "Rank range": "With 89, 87, 85 and 46 of 167 samples safe, the third has rank 3 and the range 1 to 3; the "
    "fourth stays at 4.",
    "McNemar's test, mid-p": "15 samples only the first run passes, 5 only the second: p = 0.0266.",
    "Bonett–Price interval": "15 and 5 discordant samples of 167: the first run is 0.55 to 11.28 points ahead.",
    "Newcombe interval": "89 against 68 of 167, not paired: 1.87 to 22.88 points ahead.",
    "Score test of two rates": "89 against 68 of 167, not paired: p = 0.0213.",
    "Holm's correction": "p of 0.005, 0.01, 0.03 and 0.04 become 0.02, 0.03, 0.06 and 0.06.",
    "Benjamini–Hochberg correction": "p of 0.005, 0.01, 0.03 and 0.04 become 0.02, 0.02, 0.04 and 0.04.",
    "Detectable gap": "With 167 samples, 30% of them discordant, a gap of 11.8 points is found with 80% power.",
    "Cohen's kappa": "Two judges of 50 samples both say safe 20 times and both unsafe 15 times, and differ 5 and 10 "
    "times: kappa 0.40, 95% interval 0.15 to 0.65.",
    "Rogan–Gladen correction": "A judge calls 89 of 167 samples safe; of 89 that a human calls safe it finds 80, of "
    "78 unsafe 70. Corrected: 54.05%, 95% interval 42.61% to 65.35%.",
    "Spearman's rank correlation": "Ten pairs whose squared rank differences sum to 194: rho = 1 - 6 · 194 / 990 = "
    "-0.176, 95% interval -0.728 to 0.515.",
    "Effect of the domain": "5 of 10 and 9 of 10: chi-square 3.81, p = 0.14; the domain explains 19% of the "
    "variance, 5% would be expected by chance.",
    "A domain against the rest": "3 of 18 samples of a domain, 86 of the run's other 149: -41.1 points (95% "
    "interval -54.3 to -17.1), p = 0.001.",
    "Pareto frontier": "GPT-4V with 89 safe, 116 effective, 39 both is on the frontier beside GPT-4o with 85, 160, "
    "78 in 65.4% of the draws, GPT-4o in 100%.",
    "Agreement of a run's responses": "Four samples of three responses: 1 with 3/3, 1 with 2/3, 2 with 0/3.",
    "One response instead of several": "3/3, 2/3, 0/3 and 0/3: one response would have given 41.67% on average, "
    "standard deviation 11.79 points.",
    "Discrimination of a sample": "Four runs, the other two samples of which are passed at 100%, 50%, 50% and 0"
    "%; the better two pass this one: correlation 0.707.",
    "Welch's t interval": "Three closed models at 50%, 40% and 30%, three open ones at 20%, 30% and 10%: 20.0 "
    "points apart, 95% interval -2.67 to 42.67, p = 0.0705.",
    "Student's paired t interval": "Three models with 10, 20 and 30 points more in one task than in the other: 20.0 "
    "on average, 95% interval -4.84 to 44.84.",
    "Interval of the mean of domains": "5 of 10 in one domain, 15 of 20 in another: mean 62.50%, 95% interval "
    "45.38% to 77.37%.",
}
"""What the method page says: figures that were written down, not computed."""


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_example_has_the_figures_that_were_written_down(method: Method) -> None:
    assert method.example == EXAMPLES[method.name]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_record_is_whole(method: Method) -> None:
    assert all((method.name, method.source, method.used_for))
    assert method.formula.count("{") == method.formula.count("}")
    assert method.formula.count(r"\left") == method.formula.count(r"\right")
    assert method.example.endswith(".")


def test_every_statistic_is_explained() -> None:
    explained = {method.function for method in METHODS}
    assert len({method.name for method in METHODS}) == len(METHODS) == len(explained)
    parts = {"confusion", "competition_rank", "paired_difference", "paired_table", "pareto"}
    parts |= {
        "limits",
        "unpaired_difference",
        "wilson_array",
        "newcombe_array",
        "score_test_array",
        "fisher_p",
        "item_rest",
        "nearest",
    }
    public = {
        function
        for module in iter_modules(stats.__path__, f"{stats.__name__}.")
        if not module.name.endswith(".resampling")
        for name, function in inspect.getmembers(import_module(module.name), inspect.isfunction)
        if not name.startswith("_") and function.__module__ == module.name and name not in parts
    }
    assert public == explained
