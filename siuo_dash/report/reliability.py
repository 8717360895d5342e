"""What the reliability page shows and exports: words and tables for judges, responses, samples and health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.judges import JudgedTwice
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS, Metric
from siuo_dash.report.columns import rowwise
from siuo_dash.report.compare import fails, p_words, passes
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.text import counted, fraction, interval, percent, points, points_interval, rate_and_count

SECTIONS: Final = {"health": "Health", "samples": "Samples", "responses": "Responses", "judges": "Judges"}
SHOWN: Final = {
    "all": "All samples",
    "nobody": "Failed by all",
    "everybody": "Passed by all",
    "flagged": "Mostly flagged",
    "reversed": "Failed more by better models",
}
RESPONSES: Final = {
    "same": "the same responses",
    "other": "other responses",
    "unknown": "responses not available",
}
FEWEST: Final = 50
"""A rate over fewer samples says next to nothing, and is not shown."""
_CELLS: Final = ("both", "first_only", "second_only", "neither")


def flags_in_use(health: pd.DataFrame) -> list[str]:
    """The flags that any run has, in the order of the schema."""
    return [flag for flag in FLAGS if health[flag].any()]


def health_table(health: pd.DataFrame, metric: Metric, names: Mapping[str, str]) -> pd.DataFrame:
    """Runs × flags: samples that have each flag, and the metric with and without the flagged samples."""
    return pd.DataFrame(
        {"Run": health["run_id"].map(names), "Samples": health["samples"], "Any flag": health["flagged"]}
        | {metric.label: rowwise(rate_and_count, health, "k", "n")}
        | {f"{metric.label}, excluding flagged": rowwise(_enough, health, "clean_k", "clean_n")}
        | {FLAGS[flag].label: health[flag] for flag in flags_in_use(health)}
    )


def _enough(k: int, n: int) -> str:
    return rate_and_count(k, n) if n >= FEWEST or not n else f"too few: {counted(n, 'sample')}"


def health_words(health: pd.DataFrame, unexamined: int) -> str:
    """'10 runs examined: all 10 have flags. 88 runs with published totals only cannot be examined.'"""
    runs, flagged = len(health), int((health["flagged"] != 0).sum())
    have = f"all {runs} have flags" if flagged == runs else f"{flagged} {'has' if flagged == 1 else 'have'} flags"
    words = f"{counted(runs, 'run')} examined: {have}. Counts are samples."
    cannot = f" {counted(unexamined, 'run')} with published totals only cannot be examined."
    return words + (cannot if unexamined else "")


def sample_words(figures: pd.DataFrame, runs: int) -> str:
    """'Of 167 samples, 0 are failed by all 10 runs, 10 are passed by all …'"""
    count = {kind: len(shown_samples(figures, kind)) for kind in SHOWN}
    return (
        f"Of {counted(len(figures), 'sample')}, {count['nobody']} are failed by all {runs} runs and "
        f"{count['everybody']} passed by all; {count['reversed']} are failed more by better models; in "
        f"{count['flagged']} most responses are flagged."
    )


def health_export(health: pd.DataFrame, labels: Mapping[str, str], provenance: Provenance) -> Table:
    """Counts for programs and papers."""
    columns = ["run", "board", "samples", "flagged", *flags_in_use(health), "k", "n", "clean_k", "clean_n"]
    data = health.assign(run=health["run_id"].map(labels))[[*columns, "model", "run_id"]]
    return plain_table("health", "Samples that carry each health flag", data, provenance)


def shown_samples(figures: pd.DataFrame, shown: str) -> pd.DataFrame:
    """The samples of one of SHOWN, the hardest first; those that better runs fail by how clearly they do."""
    known = figures["n"] > 0
    parts = {
        "nobody": known & (figures["k"] == 0),
        "everybody": known & (figures["k"] == figures["n"]),
        "flagged": figures["dominated"],
        "reversed": figures["discrimination"] < 0,
    }
    part = figures[parts[shown]] if shown in parts else figures
    by = {"flagged": "flagged", "reversed": "discrimination"}.get(shown, "rate")
    ascending = [by != "flagged", True]
    return part.sort_values([by, "question_id"], ascending=ascending, na_position="last", ignore_index=True)


def samples_table(figures: pd.DataFrame, flag: str | None) -> pd.DataFrame:
    """One row a sample: how many runs pass it, discrimination, flagged runs."""
    flagged = "Flagged runs" if flag is None else f"Runs with “{FLAGS[flag].label.lower()}”"
    return pd.DataFrame(
        {
            "Sample": figures["question_id"],
            "Domain": figures["domain"].map(DOMAIN_LABELS),
            "Scene": figures["scene"],
            "Request": figures["request"],
            "Pass, %": 100 * figures["rate"],
            "of runs": rowwise(fraction, figures, "k", "n"),
            "Discrimination": figures["discrimination"],
            flagged: rowwise(fraction, figures, "flagged", "runs"),
            "Flags": [
                ", ".join(f"{FLAGS[name].label.lower()} {count}" for name, count in flags.items())
                for flags in figures["flags"]
            ],
        }
    )


def samples_export(figures: pd.DataFrame, provenance: Provenance) -> Table:
    """The samples with their figures; flags as words."""
    flags = [" ".join(f"{flag}={count}" for flag, count in flags.items()) for flags in figures["flags"]]
    data = figures.assign(flags=flags).rename(columns={"k": "passing_runs", "n": "graded_runs"})
    return plain_table("samples", "Difficulty and discrimination of samples", data, provenance)


def mix_table(
    frame: pd.DataFrame, metric: Metric, first: Mapping[str, str] | None = None, *, pooled: bool = False
) -> pd.DataFrame:
    """How responses agree, one row a run (`first`: {run_id: name}) or a domain (None).

    pooled: the rows count the samples of several runs, so they have no rate of their own.
    """
    by_domain = first is None
    names = frame["domain"].map(DOMAIN_LABELS) if first is None else frame["run_id"].map(first)
    shown: dict[str, Any] = {"Domain" if by_domain else "Run": names, "Stable": frame["stable"].map(percent)}
    for responses in sorted(set(frame["responses"]), reverse=True):
        for passing in range(responses, -1, -1):
            sized = zip(frame["counts"], frame["responses"], strict=True)
            cells = [counts[passing] if size == responses else None for counts, size in sized]
            shown[f"{passing}/{responses}"] = cells
    shown["Not all graded"] = frame["incomplete"] + frame["ungraded"] + frame["other"]
    if not pooled:
        shown[f"{metric.label}, majority"] = rowwise(rate_and_count, frame, "k", "n")
        shown["One response, mean"] = frame["mean"].map(percent)
        shown["95% of draws"] = rowwise(interval, frame, "low", "high")
        shown["Standard deviation, points"] = 100 * frame["sd"]
    return pd.DataFrame(shown)


def mix_export(frame: pd.DataFrame, name: str, provenance: Provenance, *, pooled: bool = False) -> Table:
    """The same as figures: counts by the number of passing responses, fractions."""
    if pooled:
        frame = frame.drop(columns=["k", "n", "mean", "sd", "low", "high"])
    widest = int(frame["responses"].max()) if len(frame) else 0
    counts = {
        f"passing_{passing}": [values[passing] if passing < len(values) else None for values in frame["counts"]]
        for passing in range(widest + 1)
    }
    data = frame.drop(columns="counts").assign(**counts)
    return plain_table(name, "How the responses to a sample agree", data, provenance)


def pairs_table(pairs: Sequence[JudgedTwice], labels: Mapping[str, str]) -> pd.DataFrame:
    """One row for each two judgements of a model."""
    rows = [
        {
            "First judgement": labels[pair.first.run_id],
            "Second judgement": labels[pair.second.run_id],
            "Of": RESPONSES[pair.responses],
            "Samples": pair.table.n,
            "Agreement": percent(pair.agreement.rate),
            "Kappa": kappa_words(pair),
            "Only first passes": pair.table.first_only,
            "Only second passes": pair.table.second_only,
        }
        for pair in pairs
    ]
    return pd.DataFrame(rows)


def pairs_export(
    pairs: Sequence[JudgedTwice], labels: Mapping[str, str], metric: Metric, provenance: Provenance
) -> Table:
    """Agreement, kappa and the 2×2 of each two judgements, as figures."""
    rows = []
    for pair in pairs:
        runs = (labels[pair.first.run_id], labels[pair.second.run_id])
        agreed = (pair.agreement.rate, *limits(pair.agreement.k, pair.agreement.n))
        within = pair.kappa.interval if pair.kappa else None
        kappa = (pair.kappa.kappa if pair.kappa else None, *((within.low, within.high) if within else (None, None)))
        cells = [getattr(pair.table, part) for part in _CELLS]
        rows.append((*runs, metric.id, pair.responses, pair.table.n, pair.left_out, *agreed, *kappa, *cells))
    figures = "n left_out agreement agreement_low agreement_high kappa kappa_low kappa_high"
    columns = ["first", "second", "metric", "responses", *figures.split(), *_CELLS]
    data = pd.DataFrame(rows, columns=columns)
    return plain_table("judges", f"Agreement of two judgements ({metric.label})", data, provenance)


def kappa_words(pair: JudgedTwice) -> str:
    """'0.62 (0.50 to 0.74)'; why not where it, or its interval, is not defined."""
    if pair.kappa is None:
        return "not defined: one verdict throughout"
    within = pair.kappa.interval
    return f"{pair.kappa.kappa:.2f}" + (f" ({within.low:.2f} to {within.high:.2f})" if within else "")


def agreement_figures(pair: JudgedTwice) -> list[tuple[str, str, str]]:
    """The key figures of two judgements as (label, figure, explanation)."""
    rate = pair.agreement
    gap = pair.table.difference()
    assert gap is not None
    left_out = f"; {pair.left_out} left out, their responses differ or are not available" if pair.left_out else ""
    agreed = f"{rate.k}/{rate.n}, 95% interval {interval(*limits(rate.k, rate.n))}"
    sure = f"95% interval {points_interval(gap.interval.low, gap.interval.high)}, McNemar mid-p {p_words(gap.p)}"
    return [
        ("Samples judged by both", str(pair.table.n), RESPONSES[pair.responses] + left_out),
        ("Agreement", percent(rate.rate), agreed),
        ("Cohen's kappa", f"{pair.kappa.kappa:.2f}" if pair.kappa else "–", _kappa_explained(pair)),
        ("First minus second", f"{points(gap.difference)} points", sure),
    ]


def _kappa_explained(pair: JudgedTwice) -> str:
    if pair.kappa is None:
        return "not defined: both used one verdict throughout"
    within = pair.kappa.interval
    sure = f"95% interval {within.low:.2f} to {within.high:.2f}" if within else "no interval: its variance is 0"
    return f"{sure}; 0 is chance, 1 full agreement"


def differing_table(pair: JudgedTwice, samples: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The samples on which two judgements differ, with what each said. samples: the catalogue."""
    part = samples[samples["question_id"].isin(list(pair.differing))]
    first = part["question_id"].map(pair.differing).astype(bool)
    return pd.DataFrame(
        {
            "Sample": part["question_id"],
            "Domain": part["domain"].map(DOMAIN_LABELS),
            "First": first.map({True: passes(metric), False: fails(metric)}),
            "Second": first.map({True: fails(metric), False: passes(metric)}),
            "Scene": part["scene"],
            "Request": part["request"],
        }
    ).reset_index(drop=True)


def corrected_table(rates: pd.DataFrame, metric: Metric, labels: Mapping[str, str]) -> pd.DataFrame:
    """The raw rate, and beside it the estimate corrected for the judge's errors."""
    return pd.DataFrame(
        {
            "Run": rates["run_id"].map(labels),
            f"{metric.label}, as judged": rowwise(rate_and_count, rates, "k", "n"),
            "95% interval": rowwise(interval, rates, "low", "high"),
            "Estimate": rates["estimate"].map(percent),
            "Estimate, 95% interval": rowwise(interval, rates, "estimate_low", "estimate_high"),
            "Humans, same responses": rowwise(rate_and_count, rates, "human_k", "human_n"),
            "Judge finds passing": rowwise(fraction, rates, "hit_k", "hit_n"),
            "Judge finds failing": rowwise(fraction, rates, "rejected_k", "rejected_n"),
        }
    )
