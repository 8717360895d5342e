"""Capabilities: rates by what the samples ask of a model, differences inside a run, and the paper's reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np
import pandas as pd

from siuo_dash.analysis.domains import LEVEL, RunRates, profiled_runs
from siuo_dash.analysis.filters import Clause
from siuo_dash.analysis.queries import with_rates
from siuo_dash.analysis.stats.association import Correlation, spearman
from siuo_dash.analysis.stats.differences import newcombe_array, score_test_array
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.subcategories import group_counts
from siuo_dash.benchmark.labels import Label, Labels
from siuo_dash.benchmark.schema import DIMENSIONS, Metric
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Grouping:
    """One way to part the samples: id, label, the words after "by", and the groups in order, each with its label."""

    id: str
    label: str
    words: str
    groups: dict[str, str]
    group_of: Callable[[Label], str]


GROUPINGS: Final = {
    grouping.id: grouping
    for grouping in (
        Grouping(
            "dimension",
            "Primary dimension",
            "primary dimension",
            {dimension: dimension.capitalize() for dimension in DIMENSIONS},
            lambda label: label.primary_dimension,
        ),
        Grouping(
            "needs_knowledge",
            "Needs knowledge",
            "need of knowledge",
            {"yes": "Knowledge needed", "no": "Not needed"},
            lambda label: "yes" if label.needs_knowledge else "no",
        ),
        Grouping(
            "needs_reasoning",
            "Needs reasoning",
            "need of reasoning",
            {"yes": "Reasoning needed", "no": "Not needed"},
            lambda label: "yes" if label.needs_reasoning else "no",
        ),
    )
}


@dataclass(frozen=True)
class Contrast:
    """A difference inside a run: the first group's rate minus the second's, within one grouping."""

    id: str
    label: str
    grouping: str
    first: str
    second: str


CONTRASTS: Final = {
    contrast.id: contrast
    for contrast in (
        Contrast("knowledge_integration", "Knowledge − integration", "dimension", "knowledge", "integration"),
        Contrast("reasoning_integration", "Reasoning − integration", "dimension", "reasoning", "integration"),
        Contrast("knowledge_reasoning", "Knowledge − reasoning", "dimension", "knowledge", "reasoning"),
        Contrast("needs_knowledge", "Knowledge needed − not", "needs_knowledge", "yes", "no"),
        Contrast("needs_reasoning", "Reasoning needed − not", "needs_reasoning", "yes", "no"),
    )
}


class CapabilityRates(RunRates):
    """Runs and their rates in each group.

    cells: one row a run, grouping and group: `run_id`, `grouping`, `group`, `k`, `n`, `rate`, `low`, `high` (fractions;
    NaN where nothing was graded).
    """


def capability_rates(store: Store, where: Clause, metric: Metric, labels: Labels) -> CapabilityRates:
    """The rates of every per-sample run of `where` that was graded on the metric, in each group of GROUPINGS."""
    runs = profiled_runs(store, where, metric, by_domain=False)
    group_of: dict[int, tuple[object, ...]] = {
        question_id: tuple(grouping.group_of(label) for grouping in GROUPINGS.values())
        for question_id, label in labels.by_id.items()
    }
    counts = group_counts(store, where, metric, group_of, labels.sample_set)
    keys = pd.DataFrame(counts.pop("group").tolist(), columns=list(GROUPINGS), index=counts.index)
    counts = counts.join(keys)
    parts = []
    for grouping in GROUPINGS.values():
        index = pd.MultiIndex.from_product([runs["run_no"], list(grouping.groups)], names=["run_no", "group"])
        sums = counts.groupby(["run_no", grouping.id])[["k", "n"]].sum()
        sums.index.names = ["run_no", "group"]
        parts.append(sums.reindex(index, fill_value=0).reset_index().assign(grouping=grouping.id))
    cells = pd.concat(parts, ignore_index=True).astype({"k": "float64", "n": "float64"})
    cells = with_rates(cells).assign(run_id=cells["run_no"].map(runs.set_index("run_no")["run_id"]))
    return CapabilityRates(runs, cells[["run_id", "grouping", "group", "k", "n", "rate", "low", "high"]])


def differences(rates: CapabilityRates) -> pd.DataFrame:
    """Each contrast of each run: `run_id`, `contrast`, `difference`, `low`, `high`, `p`, `p_adjusted`.

    The groups hold different samples, so the intervals are Newcombe's, p the score test's, adjusted
    (Benjamini–Hochberg) over the contrasts of the run. NaN where a group has no graded sample.
    """
    parts = [_contrast(rates, contrast) for contrast in CONTRASTS.values()]
    frame = pd.concat(parts, ignore_index=True)
    p = frame["p"].to_numpy(dtype=np.float64).reshape(len(CONTRASTS), len(rates.runs))
    return frame.assign(p_adjusted=benjamini_hochberg(p.T).T.ravel())


def by_rate(rates: CapabilityRates) -> list[str]:
    """The run ids by their rate over all labelled samples, best first, then by name."""
    cells = rates.cells[rates.cells["grouping"] == "dimension"]
    sums = cells.groupby("run_id")[["k", "n"]].sum()
    frame = rates.runs.assign(rate=rates.runs["run_id"].map(sums["k"] / sums["n"]))
    frame = frame.sort_values(["rate", "model", "run_id"], ascending=[False, True, True], na_position="last")
    ordered: list[str] = frame["run_id"].tolist()
    return ordered


def weaker_side(rates: CapabilityRates) -> pd.DataFrame:
    """Whether each run is weaker in knowledge or in reasoning: `run_id`, `difference` (knowledge minus reasoning),
    `low`, `high`, `p`, `p_adjusted` (Benjamini–Hochberg over the runs), `weaker` ('knowledge', 'reasoning' or '').
    """
    frame = _contrast(rates, CONTRASTS["knowledge_reasoning"]).drop(columns="contrast")
    frame["p_adjusted"] = benjamini_hochberg(frame["p"].tolist())
    clear = frame["p_adjusted"] < LEVEL
    frame["weaker"] = np.select(
        [clear & (frame["difference"] < 0), clear & (frame["difference"] > 0)], ["knowledge", "reasoning"], ""
    )
    return frame


def goes_with_integration(rates: CapabilityRates, dimension: str) -> Correlation | None:
    """Spearman's rank correlation over the runs of the integration rate with that of another dimension.

    None when fewer than three runs have both rates, or when one side does not vary.
    """
    cells = rates.cells[rates.cells["grouping"] == "dimension"]
    wide = cells.pivot(index="run_id", columns="group", values="rate").reindex(columns=list(DIMENSIONS))
    return spearman(wide["integration"], wide[dimension])


def _contrast(rates: CapabilityRates, contrast: Contrast) -> pd.DataFrame:
    cells = rates.cells[rates.cells["grouping"] == contrast.grouping]
    sides = []
    for group in (contrast.first, contrast.second):
        side = cells[cells["group"] == group].set_index("run_id").reindex(rates.runs["run_id"])
        sides += [side["k"].to_numpy(dtype=np.float64), side["n"].to_numpy(dtype=np.float64)]
    difference, low, high = newcombe_array(*sides)
    p = score_test_array(*sides)
    return pd.DataFrame(
        {
            "run_id": rates.runs["run_id"],
            "contrast": contrast.id,
            "difference": difference,
            "low": low,
            "high": high,
            "p": p,
        }
    )


def is_clear(correlation: Correlation | None) -> bool:
    """Whether the correlation's interval leaves out 0."""
    if correlation is None or correlation.interval is None or isnan(correlation.rho):
        return False
    return not correlation.interval.contains(0.0)
