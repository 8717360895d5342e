"""The exports of the compare page: typed values for programs, words for a paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from siuo_dash.analysis.comparison import Comparison, Difference
from siuo_dash.benchmark.schema import DOMAIN_LABELS, EVIDENCE, Metric
from siuo_dash.report.compare import p_words, passes, rate_and_count
from siuo_dash.report.export import IntervalStyle, Provenance, Table
from siuo_dash.text import fraction


def comparison_export(comparison: Comparison, names: tuple[str, str], provenance: Provenance) -> Table:
    """The differences by metric, for programs (fractions and counts) and for a paper."""
    found = [each for each in comparison.overall.values() if each is not None]
    return _differences_export("comparison", found, "Metric", lambda each: each.metric.label, names, provenance)


def domains_export(differences: Sequence[Difference], names: tuple[str, str], provenance: Provenance) -> Table:
    """The differences by domain, p-values adjusted by Benjamini and Hochberg."""
    return _differences_export(
        "comparison by domain",
        differences,
        "Domain",
        lambda each: DOMAIN_LABELS.get(each.domain or "", "All samples"),
        names,
        provenance,
    )


def discordant_export(samples: pd.DataFrame, metric: Metric, names: tuple[str, str], provenance: Provenance) -> Table:
    """The samples that only one run passes, both directions."""
    data = samples.assign(
        passed_by=samples["passed_by"].map({"first": names[0], "second": names[1]}),
        first_flags=[" ".join(flags) for flags in samples["first_flags"]],
        second_flags=[" ".join(flags) for flags in samples["second_flags"]],
    )

    def words(_: IntervalStyle) -> pd.DataFrame:
        return pd.DataFrame(
            {
                f"Only {passes(metric)} in": data["passed_by"],
                "Sample": data["question_id"].astype(str),
                "Domain": data["domain"].map(DOMAIN_LABELS),
                "Scene": data["scene"],
                "Request": data["request"],
                "Others that pass": [fraction(k, n) for k, n in zip(data["others_k"], data["others_n"], strict=True)],
            }
        )

    title = f"Samples that only one of two runs passes ({metric.label}): {names[0]} and {names[1]}"
    return Table("discordant samples", _titled(title, provenance), data, words, provenance)


def against_export(
    frame: pd.DataFrame, metric: Metric, baseline: str, labels: dict[str, str], provenance: Provenance
) -> Table:
    """One baseline against many, p-values adjusted by Holm."""
    data = frame.assign(
        label=frame["run_id"].map(labels), evidence=frame["evidence"].map(EVIDENCE), metric=metric.id, baseline=baseline
    )

    def words(how: IntervalStyle) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "Run": data["label"],
                metric.label: [rate_and_count(k, n) for k, n in zip(data["run_k"], data["run_n"], strict=True)],
                "Baseline": [rate_and_count(k, n) for k, n in zip(data["base_k"], data["base_n"], strict=True)],
                "Difference (points)": [
                    _points_words(difference, low, high, how)
                    for difference, low, high in data[["difference", "low", "high"]].itertuples(index=False)
                ],
                "p (Holm)": data["p_holm"].map(p_words),
                "Paired": data["paired"].map({True: "yes", False: "no"}),
            }
        )

    title = f"{metric.label}: runs against {baseline}, p-values adjusted by Holm"
    return Table("against a baseline", _titled(title, provenance), data, words, provenance)


def _differences_export(
    name: str,
    differences: Sequence[Difference],
    of: str,
    label: Callable[[Difference], str],
    names: tuple[str, str],
    provenance: Provenance,
) -> Table:
    data = pd.DataFrame([_record(each, names) for each in differences])
    if differences and of == "Metric":
        data = data.drop(columns=["domain", "p_adjusted"])

    def words(how: IntervalStyle) -> pd.DataFrame:
        shown = {
            of: [label(each) for each in differences],
            names[0]: [rate_and_count(each.first.k, each.first.n) for each in differences],
            names[1]: [rate_and_count(each.second.k, each.second.n) for each in differences],
            "Difference (points)": [
                _points_words(each.difference, each.interval.low, each.interval.high, how) for each in differences
            ],
            "p": [p_words(each.p) for each in differences],
        }
        if of == "Domain":
            shown["p adjusted"] = [p_words(each.p_adjusted) for each in differences]
        else:
            shown["Paired"] = ["yes" if each.table else "no" for each in differences]
        return pd.DataFrame(shown)

    return Table(name, _titled(f"{names[0]} minus {names[1]}", provenance), data, words, provenance)


def _titled(title: str, provenance: Provenance) -> str:
    """The caption of a printed table: a warning stands in it, not only in a comment that is not printed."""
    return f"{title}. {provenance.warning}" if provenance.warning else title


def _record(difference: Difference, names: tuple[str, str]) -> dict[str, Any]:
    table = difference.table
    return {
        "metric": difference.metric.id,
        "domain": difference.domain or "all",
        "first": names[0],
        "second": names[1],
        **{f"first_{part}": getattr(difference.first, part) for part in ("k", "n", "rate")},
        **{f"second_{part}": getattr(difference.second, part) for part in ("k", "n", "rate")},
        "difference": difference.difference,
        "low": difference.interval.low,
        "high": difference.interval.high,
        "p": difference.p,
        "p_adjusted": np.nan if difference.p_adjusted is None else difference.p_adjusted,
        "paired": table is not None,
        "why_unpaired": difference.why_unpaired,
        **{part: getattr(table, part) if table else pd.NA for part in ("both", "first_only", "second_only", "neither")},
        "detectable_gap": np.nan if difference.gap is None else difference.gap,
    }


def _points_words(difference: float, low: float, high: float, how: IntervalStyle) -> str:
    if pd.isna(difference):
        return ""
    if how == "range":
        return f"{100 * difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * difference:+.1f} ± {50 * (high - low):.1f}"
