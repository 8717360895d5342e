"""Comparisons as tables for programs and papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis.comparison import Comparison, Difference
from siuo_dash.benchmark.schema import DOMAIN_LABELS, EVIDENCE, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.report.columns import rowwise
from siuo_dash.report.compare import p_words, part_words, passes
from siuo_dash.report.export import IntervalStyle, Provenance, Table, points_words
from siuo_dash.text import fraction, rate_and_count

_CELLS: Final = ("both", "first_only", "second_only", "neither")


def comparison_export(comparison: Comparison, names: tuple[str, str], provenance: Provenance) -> Table:
    """The differences by metric, for programs (fractions and counts) and for a paper."""
    found = [each for each in comparison.overall.values() if each is not None]
    data = pd.DataFrame([_record(each, names) for each in found]).drop(
        columns=["domain", "p_adjusted"], errors="ignore"
    )
    more = {"Paired": ["yes" if each.table else "no" for each in found]}
    words = _words(found, names, {"Metric": [each.metric.label for each in found]}, more)
    return Table("comparison", _titled(" minus ".join(names), provenance), data, words, provenance)


def domains_export(differences: Sequence[Difference], names: tuple[str, str], provenance: Provenance) -> Table:
    """The differences by domain, p-values adjusted by Benjamini and Hochberg."""
    more = {"p adjusted": [p_words(each.p_adjusted) for each in differences]}
    words = _words(differences, names, {"Domain": [part_words(each) for each in differences]}, more)
    data = pd.DataFrame([_record(each, names) for each in differences])
    return Table("comparison by domain", _titled(" minus ".join(names), provenance), data, words, provenance)


def differing_export(samples: pd.DataFrame, metric: Metric, names: tuple[str, str], provenance: Provenance) -> Table:
    """The samples that not both runs pass, with the one that does."""
    data = samples.assign(
        passed_by=samples["passed_by"].map({"first": names[0], "second": names[1], "neither": "neither"}),
        first_flags=samples["first_flags"].map(" ".join),
        second_flags=samples["second_flags"].map(" ".join),
    )
    text = pd.DataFrame(
        {
            f"{passes(metric).capitalize()} in": data["passed_by"],
            "Sample": data["question_id"].astype(str),
            "Domain": data["domain"].map(DOMAIN_LABELS),
            "Scene": data["scene"],
            "Request": data["request"],
            "Others that pass": rowwise(fraction, samples, "others_k", "others_n"),
        }
    )
    title = f"Samples that not both of two runs pass ({metric.label}): {names[0]} and {names[1]}"
    return Table("differing samples", _titled(title, provenance), data, lambda _: text, provenance)


def against_export(
    frame: pd.DataFrame, metric: Metric, baseline: str, labels: dict[str, str], provenance: Provenance
) -> Table:
    """One baseline against many, p-values adjusted by Holm."""
    evidence, label = frame["evidence"].map(EVIDENCE), frame["run_id"].map(labels)
    data = frame.assign(label=label, evidence=evidence, metric=metric.id, baseline=baseline)

    def words(how: IntervalStyle) -> pd.DataFrame:
        gaps = rowwise(partial(points_words, how=how), data, "difference", "low", "high")
        return pd.DataFrame(
            {
                "Run": data["label"],
                metric.label: rowwise(rate_and_count, data, "run_k", "run_n"),
                "Baseline": rowwise(rate_and_count, data, "base_k", "base_n"),
                "Difference (points)": gaps,
                "p (Holm)": data["p_holm"].map(p_words),
                "Paired": data["paired"].map({True: "yes", False: "no"}),
            }
        )

    title = f"{metric.label}: runs against {baseline}, p-values adjusted by Holm"
    return Table("against a baseline", _titled(title, provenance), data, words, provenance)


def _words(
    differences: Sequence[Difference], names: tuple[str, str], of: dict[str, Any], more: dict[str, Any]
) -> Callable[[IntervalStyle], pd.DataFrame]:
    """The words of differences for a paper. of: the first column; more: the last one."""
    first, second = ([rate_and_count(each.k, each.n) for each in side] for side in _sides(differences))
    p = [p_words(each.p) for each in differences]
    ends = [(each.difference, each.interval.low, each.interval.high) for each in differences]

    def words(how: IntervalStyle) -> pd.DataFrame:
        gaps = [points_words(*gap, how) for gap in ends]
        return pd.DataFrame({**of, names[0]: first, names[1]: second, "Difference (points)": gaps, "p": p, **more})

    return words


def _record(difference: Difference, names: tuple[str, str]) -> dict[str, Any]:
    table, sides = difference.table, {"first": difference.first, "second": difference.second}
    return {
        "metric": difference.metric.id,
        "domain": difference.domain or "all",
        "first": names[0],
        "second": names[1],
        **{f"{name}_{part}": getattr(rate, part) for name, rate in sides.items() for part in ("k", "n", "rate")},
        "difference": difference.difference,
        "low": difference.interval.low,
        "high": difference.interval.high,
        "p": difference.p,
        "p_adjusted": np.nan if difference.p_adjusted is None else difference.p_adjusted,
        "paired": table is not None,
        "why_unpaired": difference.why_unpaired,
        **{part: getattr(table, part) if table else pd.NA for part in _CELLS},
        "detectable_gap": np.nan if difference.gap is None else difference.gap,
    }


def _titled(title: str, provenance: Provenance) -> str:
    """The caption of a printed table: a warning is part of it, because a comment is not printed."""
    return f"{title}. {provenance.warning}" if provenance.warning else title


def _sides(differences: Sequence[Difference]) -> tuple[list[Tally], list[Tally]]:
    return [each.first for each in differences], [each.second for each in differences]
