"""What the reliability page shows and exports: words and tables for judges, responses, samples and health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.judges import JudgedTwice
from siuo_dash.analysis.stats.proportions import Interval, limits
from siuo_dash.benchmark.schema import DOMAIN_LABELS, EVIDENCE, FLAGS, Metric
from siuo_dash.report.compare import fails, p_words, passes, points_interval, rate_and_count
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.text import fraction, interval, percent, points

SECTIONS: Final = {"health": "Health", "samples": "Samples", "responses": "Responses", "judges": "Judges"}
SHOWN: Final = {
    "all": "All samples",
    "nobody": "Nobody passes",
    "everybody": "Everybody passes",
    "flagged": "Flagged responses dominate",
    "reversed": "Better runs fail it",
}
RESPONSES: Final = {
    "same": "the same responses",
    "other": "other responses",
    "unknown": "responses not at hand",
}
KEPT: Final = ("run_id", "model", "board", "samples", "flagged", "k", "n", "clean_k", "clean_n")


def flags_in_use(health: pd.DataFrame) -> list[str]:
    """The flags that any run carries, in the order of the schema."""
    return [flag for flag in FLAGS if health[flag].any()]


def health_table(health: pd.DataFrame, metric: Metric, names: Mapping[str, str]) -> pd.DataFrame:
    """Runs × flags: samples that carry each flag, and the metric with and without the flagged samples."""
    shown: dict[str, Any] = {"Run": health["run_id"].map(names)}
    shown |= {"Samples": health["samples"], "Any flag": health["flagged"]}
    shown |= {FLAGS[flag].label: health[flag] for flag in flags_in_use(health)}
    for name, k, n in ((metric.label, "k", "n"), (f"{metric.label}, unflagged only", "clean_k", "clean_n")):
        shown[name] = [rate_and_count(a, b) for a, b in zip(health[k], health[n], strict=True)]
    return pd.DataFrame(shown)


def health_export(health: pd.DataFrame, labels: Mapping[str, str], provenance: Provenance) -> Table:
    """Counts for programs and papers."""
    data = health.assign(run=health["run_id"].map(labels))[
        ["run", *KEPT[2:5], *flags_in_use(health), *KEPT[5:], "model", "run_id"]
    ]
    return plain_table("health", "Samples that carry each health flag", data, provenance)


def flag_of_column(column: str) -> str | None:
    """The flag that a column of the health table counts; None for the others."""
    return next((flag.id for flag in FLAGS.values() if flag.label == column), None)


def shown_samples(figures: pd.DataFrame, shown: str) -> pd.DataFrame:
    """The samples of one of SHOWN, the hardest first; those that better runs fail by how clearly they do."""
    known = figures["n"] > 0
    match shown:
        case "nobody":
            part = figures[known & (figures["k"] == 0)]
        case "everybody":
            part = figures[known & (figures["k"] == figures["n"])]
        case "flagged":
            part = figures[figures["dominated"]]
            return part.sort_values(["flagged", "question_id"], ascending=[False, True], ignore_index=True)
        case "reversed":
            part = figures[figures["discrimination"] < 0]
            return part.sort_values(["discrimination", "question_id"], ignore_index=True)
        case _:
            part = figures
    return part.sort_values(["rate", "question_id"], na_position="last", ignore_index=True)


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
            "of runs": [fraction(k, n) for k, n in zip(figures["k"], figures["n"], strict=True)],
            "Discrimination": figures["discrimination"],
            flagged: [fraction(k, n) for k, n in zip(figures["flagged"], figures["runs"], strict=True)],
            "Flags": [
                ", ".join(f"{FLAGS[name].label.lower()} {count}" for name, count in flags.items())
                for flags in figures["flags"]
            ],
        }
    )


def samples_export(figures: pd.DataFrame, provenance: Provenance) -> Table:
    """The samples with their figures; flags as words."""
    data = figures.assign(
        flags=[" ".join(f"{flag}={count}" for flag, count in flags.items()) for flags in figures["flags"]]
    ).rename(columns={"k": "passing_runs", "n": "graded_runs"})
    return plain_table("samples", "Difficulty and discrimination of samples", data, provenance)


def mix_table(
    frame: pd.DataFrame, metric: Metric, first: Mapping[str, str] | None = None, *, pooled: bool = False
) -> pd.DataFrame:
    """How responses agree, one row a run (`first`: {run_id: name}) or a domain (None).

    pooled: the rows count the samples of several runs, so they carry no rate of their own.
    """
    names = frame["domain"].map(DOMAIN_LABELS) if first is None else frame["run_id"].map(first)
    shown: dict[str, Any] = {"Domain" if first is None else "Run": names}
    shown["Stable"] = [percent(value) for value in frame["stable"]]
    for responses in sorted(set(frame["responses"]), reverse=True):
        for passing in range(responses, -1, -1):
            shown[f"{passing}/{responses}"] = [
                counts[passing] if size == responses else None
                for counts, size in zip(frame["counts"], frame["responses"], strict=True)
            ]
    shown["Not all graded"] = frame["incomplete"] + frame["ungraded"] + frame["other"]
    if pooled:
        return pd.DataFrame(shown)
    shown[f"{metric.label}, majority"] = [rate_and_count(k, n) for k, n in zip(frame["k"], frame["n"], strict=True)]
    shown["One response, mean"] = [percent(value) for value in frame["mean"]]
    shown["95 % of draws"] = [interval(low, high) for low, high in zip(frame["low"], frame["high"], strict=True)]
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
    return pd.DataFrame(
        {
            "First judgement": [labels[pair.first.run_id] for pair in pairs],
            "Second judgement": [labels[pair.second.run_id] for pair in pairs],
            "Of": [RESPONSES[pair.responses] for pair in pairs],
            "Samples": [pair.table.n for pair in pairs],
            "Agreement": [percent(pair.agreement.rate) for pair in pairs],
            "Kappa": [kappa_words(pair) for pair in pairs],
            "Only first passes": [pair.table.first_only for pair in pairs],
            "Only second passes": [pair.table.second_only for pair in pairs],
        }
    )


def pairs_export(
    pairs: Sequence[JudgedTwice], labels: Mapping[str, str], metric: Metric, provenance: Provenance
) -> Table:
    """Agreement, kappa and the 2×2 of each two judgements, as figures."""
    data = pd.DataFrame(
        [
            {
                "first": labels[pair.first.run_id],
                "second": labels[pair.second.run_id],
                "metric": metric.id,
                "responses": pair.responses,
                "n": pair.table.n,
                "left_out": pair.left_out,
                "agreement": pair.agreement.rate,
                "agreement_low": (agreed := limits(pair.agreement.k, pair.agreement.n))[0],
                "agreement_high": agreed[1],
                "kappa": pair.kappa.kappa if pair.kappa else None,
                "kappa_low": within.low if (within := _kappa_interval(pair)) else None,
                "kappa_high": within.high if (within := _kappa_interval(pair)) else None,
                **{part: getattr(pair.table, part) for part in ("both", "first_only", "second_only", "neither")},
            }
            for pair in pairs
        ]
    )
    return plain_table("judges", f"Agreement of two judgements ({metric.label})", data, provenance)


def kappa_words(pair: JudgedTwice) -> str:
    """'0.62 (0.50 to 0.74)'; why not where it, or its interval, is not defined."""
    if pair.kappa is None:
        return "not defined: one verdict throughout"
    interval = pair.kappa.interval
    return f"{pair.kappa.kappa:.2f}" + (f" ({interval.low:.2f} to {interval.high:.2f})" if interval else "")


def _kappa_interval(pair: JudgedTwice) -> Interval | None:
    return pair.kappa.interval if pair.kappa else None


def agreement_figures(pair: JudgedTwice) -> list[tuple[str, str, str]]:
    """The key figures of two judgements as (label, figure, explanation)."""
    rate = pair.agreement
    difference = pair.table.difference()
    assert difference is not None
    left_out = f"; {pair.left_out} left out, their responses differ or are not at hand" if pair.left_out else ""
    return [
        ("Samples judged by both", str(pair.table.n), RESPONSES[pair.responses] + left_out),
        (
            "Agreement",
            percent(rate.rate),
            f"{rate.k}/{rate.n}, 95 % interval {interval(*limits(rate.k, rate.n))}",
        ),
        ("Cohen's kappa", f"{pair.kappa.kappa:.2f}" if pair.kappa else "–", _kappa_explained(pair)),
        (
            "First minus second",
            f"{points(difference.difference)} points",
            f"95 % interval {points_interval(difference.interval.low, difference.interval.high)}, McNemar mid-p {p_words(difference.p)}",
        ),
    ]


def _kappa_explained(pair: JudgedTwice) -> str:
    if pair.kappa is None:
        return "not defined: both used one verdict throughout"
    interval = pair.kappa.interval
    sure = f"95 % interval {interval.low:.2f} to {interval.high:.2f}" if interval else "no interval: its variance is 0"
    return f"{sure}; 0 is chance, 1 full agreement"


def differing_table(pair: JudgedTwice, samples: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The samples on which two judgements differ, with what each said. samples: the catalogue."""
    part = samples[samples["question_id"].isin(list(pair.differing))]
    words = {True: passes(metric), False: fails(metric)}
    return pd.DataFrame(
        {
            "Sample": part["question_id"],
            "Domain": part["domain"].map(DOMAIN_LABELS),
            "First": [words[pair.differing[each]] for each in part["question_id"]],
            "Second": [words[not pair.differing[each]] for each in part["question_id"]],
            "Scene": part["scene"],
            "Request": part["request"],
        }
    ).reset_index(drop=True)


def several_boards_table(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Models that stand in several boards, with what each board says (a frame of findings.judges.several_boards)."""
    return pd.DataFrame(
        {
            "Model": frame["name"],
            "Board": frame["board_label"],
            "Evidence": frame["evidence"].map(EVIDENCE),
            metric.label: [rate_and_count(k, n) for k, n in zip(frame["k"], frame["n"], strict=True)],
        }
    )


def corrected_table(rates: pd.DataFrame, metric: Metric, labels: Mapping[str, str]) -> pd.DataFrame:
    """The raw rate, and beside it the estimate corrected for the judge's errors."""
    return pd.DataFrame(
        {
            "Run": rates["run_id"].map(labels),
            f"{metric.label}, as judged": [rate_and_count(k, n) for k, n in zip(rates["k"], rates["n"], strict=True)],
            "95 % interval": [interval(low, high) for low, high in zip(rates["low"], rates["high"], strict=True)],
            "Estimate": [percent(value) for value in rates["estimate"]],
            "Estimate, 95 % interval": [
                interval(low, high) for low, high in zip(rates["estimate_low"], rates["estimate_high"], strict=True)
            ],
            "Humans, same responses": [
                rate_and_count(k, n) for k, n in zip(rates["human_k"], rates["human_n"], strict=True)
            ],
            "Judge finds passing": [fraction(k, n) for k, n in zip(rates["hit_k"], rates["hit_n"], strict=True)],
            "Judge finds failing": [
                fraction(k, n) for k, n in zip(rates["rejected_k"], rates["rejected_n"], strict=True)
            ],
        }
    )


def corrected_export(rates: pd.DataFrame, metric: Metric, provenance: Provenance) -> Table:
    """Raw rates and estimates as figures; `estimate` is never the rate."""
    title = f"{metric.label}: raw rate, and Rogan–Gladen estimate corrected for the judge's errors"
    return plain_table("corrected for the judge", title, rates.assign(metric=metric.id), provenance)
