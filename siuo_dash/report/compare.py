"""The compare page: its words, the tables of two runs and of one baseline against many, and their exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis.comparison import Comparison, Difference
from siuo_dash.analysis.sample_filters import FAILING, OUTCOMES, PASSING
from siuo_dash.benchmark.schema import DOMAIN_LABELS, EVIDENCE, FLAGS, METRICS, Metric
from siuo_dash.report.columns import rowwise
from siuo_dash.report.export import IntervalStyle, Provenance, Table, points_words
from siuo_dash.text import fraction, missing, percent, points, points_interval, rate_and_count

UNPAIRED: Final = "not paired (score test, Newcombe interval)"
DISCORDANCES: Final = (0.2, 0.3, 0.4)
_HOW: Final = {True: "paired", False: "not paired"}
_CELLS: Final = ("both", "first_only", "second_only", "neither")


def passes(metric: Metric) -> str:
    """What a sample is when it counts for the metric: 'safe', 'right option'."""
    return OUTCOMES[PASSING[metric.id]].label


def fails(metric: Metric) -> str:
    """What a sample is when it counts against the metric: 'unsafe'."""
    return OUTCOMES[FAILING[metric.id]].label


def p_words(p: float | None) -> str:
    """A p-value as a reader wants it: '0.0266', '< 0.0001'; '' when there is none."""
    if p is None or pd.isna(p):
        return ""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def picture_note(warning: str) -> str:
    """What a saved picture of runs of different boards must say, in fewer words; '' inside one board."""
    return "Different boards: a difference may come from the judge or the number of responses." if warning else ""


def short_names(frame: pd.DataFrame, labels: dict[str, str]) -> dict[str, str]:
    """{run_id: name} of a frame's runs: the model alone where that is unique, else the whole label."""
    if frame["board"].nunique() == 1 and frame["model"].is_unique:
        return dict(zip(frame["run_id"], frame["model"], strict=True))
    return labels


def headline(difference: Difference) -> str:
    """The comparison on one metric in words, A being the first run and B the second."""
    label, gap = difference.metric.label, abs(difference.difference)
    rates = f"{label}: A {percent(difference.first.rate)}, B {percent(difference.second.rate)}."
    ahead, behind = ("A", "B") if difference.difference >= 0 else ("B", "A")
    low, high = sorted((difference.interval.low, difference.interval.high))
    if difference.difference < 0:
        low, high = -high, -low
    sure = f"95 % interval {points_interval(low, high)}, p {_equals(difference.p)}"
    if difference.significant:
        return f"{rates} {ahead} is {100 * gap:.1f} points ahead ({sure})."
    seen = f"{ahead} minus {behind} is {100 * gap:+.1f} points, {sure}" if gap else sure
    return f"{rates} The difference is not significant ({seen})."


def gap_words(difference: Difference, detectable: dict[float, float | None]) -> str:
    """What gap this comparison could have found with 80 % power; detectable: {discordance: gap} at the same n."""
    table = difference.table
    if table is None:
        own = "Unpaired, this comparison had less than 80 % power for any difference."
        if difference.gap:
            gap = f"{100 * difference.gap:.1f} points"
            own = f"Not paired, a gap of about {gap} would have been found with 80 % power."
        return f"{own} Pairing would need a verdict for each sample of both runs."
    known = [f"{100 * gap:.1f} at {percent(share, 0)}" for share, gap in detectable.items() if gap]
    general = f"In general, with so many samples: {', '.join(known)} discordance." if known else ""
    differing = f"{table.first_only + table.second_only} of {table.n} samples"
    seen = f"The two differ on {differing} ({percent(table.discordance)})"
    if difference.gap is None:
        return f"{seen}: too few to show a gap with 80 % power. {general}".strip()
    return f"{seen}: a gap of at least {100 * difference.gap:.1f} points is found with 80 % power. {general}"


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """One row a metric: both rates, the difference, its interval, p, and how it was compared."""
    sides = {"A": comparison.first, "B": comparison.second}
    rows = []
    for metric in METRICS.values():
        found = comparison.overall[metric.id]
        if found is not None:
            rows.append([metric.label, *_cells(found), _how_compared(found)])
            continue
        counts = {letter: run.counts[metric.id] for letter, run in sides.items()}
        why = [f"{letter}: {missing(run.evidence)}" for letter, run in sides.items() if not counts[letter].n]
        rates = [rate_and_count(count.k, count.n) for count in counts.values()]
        rows.append([metric.label, *rates, "–", "", "", ", ".join(why)])
    return pd.DataFrame(rows, columns=["Metric", "A", "B", "A − B, points", "95 % interval", "p", "How"])


def domains_table(differences: Sequence[Difference]) -> pd.DataFrame:
    """One row a domain: both rates, the difference, its interval, p and the adjusted p."""
    names = ["Domain", "A", "B", "A − B, points", "95 % interval", "p", "p adjusted", "Only A", "Only B"]
    rows = []
    for each in differences:
        only = (each.table.first_only, each.table.second_only) if each.table else (None, None)
        rows.append([DOMAIN_LABELS[each.domain or ""], *_cells(each), p_words(each.p_adjusted), *only])
    return pd.DataFrame(rows, columns=names)


def chart_rows(differences: Sequence[Difference], first: str = "A", second: str = "B") -> pd.DataFrame:
    """What the chart of differences draws: label, difference, low, high (fractions), told_apart, hover words."""
    rows = []
    for each in differences:
        adjusted = each.p_adjusted is not None
        p = f"adjusted p {_equals(each.p_adjusted)}" if adjusted else f"p {_equals(each.p)}"
        a, b, *_ = _cells(each)
        ends = (each.interval.low, each.interval.high)
        words = f"{first} {a}, {second} {b}; {p}"
        rows.append((_part(each), each.difference, *ends, each.significant, words))
    return pd.DataFrame(rows, columns=["label", "difference", "low", "high", "told_apart", "words"])


def discordant_table(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples that only one run passes, with how many others pass them and both runs' flags."""
    return pd.DataFrame(
        {
            "Sample": samples["question_id"],
            "Domain": samples["domain"].map(DOMAIN_LABELS),
            "Scene": samples["scene"],
            "Request": samples["request"],
            "Others that pass": [words or "–" for words in rowwise(fraction, samples, "others_k", "others_n")],
            "Flags of A": samples["first_flags"].map(_flags),
            "Flags of B": samples["second_flags"].map(_flags),
        }
    )


def against_table(frame: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """One row a run: its rate, the baseline's, the difference, its interval, Holm's p, and how it was compared."""
    return pd.DataFrame(
        {
            "Run": frame["run_id"].map(labels),
            "Rate": rowwise(rate_and_count, frame, "run_k", "run_n"),
            "Baseline": rowwise(rate_and_count, frame, "base_k", "base_n"),
            "Difference, points": 100 * frame["difference"],
            "95 % interval": rowwise(points_interval, frame, "low", "high"),
            "p (Holm)": frame["p_holm"].map(p_words),
            "Only this run": frame["run_only"],
            "Only the baseline": frame["baseline_only"],
            "How": frame["paired"].map(_HOW).where(frame["p"].notna(), "–"),
        }
    )


def against_chart_rows(frame: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """What the chart of differences draws for one baseline against many; runs without the metric are left out."""
    known = frame[frame["difference"].notna()]
    rates = rowwise(rate_and_count, known, "run_k", "run_n")
    bases = rowwise(rate_and_count, known, "base_k", "base_n")
    how = zip(rates, bases, known["p_holm"], known["paired"].map(_HOW), strict=True)
    words = [f"{rate}, baseline {base}; Holm p {_equals(p)}, {paired}" for rate, base, p, paired in how]
    return known[["difference", "low", "high"]].assign(
        label=known["run_id"].map(labels), told_apart=known["p_holm"] < 0.05, words=words
    )


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
    words = _words(differences, names, {"Domain": [_part(each) for each in differences]}, more)
    data = pd.DataFrame([_record(each, names) for each in differences])
    return Table("comparison by domain", _titled(" minus ".join(names), provenance), data, words, provenance)


def discordant_export(samples: pd.DataFrame, metric: Metric, names: tuple[str, str], provenance: Provenance) -> Table:
    """The samples that only one run passes, both directions."""
    data = samples.assign(
        passed_by=samples["passed_by"].map({"first": names[0], "second": names[1]}),
        first_flags=samples["first_flags"].map(" ".join),
        second_flags=samples["second_flags"].map(" ".join),
    )
    text = pd.DataFrame(
        {
            f"Only {passes(metric)} in": data["passed_by"],
            "Sample": data["question_id"].astype(str),
            "Domain": data["domain"].map(DOMAIN_LABELS),
            "Scene": data["scene"],
            "Request": data["request"],
            "Others that pass": rowwise(fraction, samples, "others_k", "others_n"),
        }
    )
    title = f"Samples that only one of two runs passes ({metric.label}): {names[0]} and {names[1]}"
    return Table("discordant samples", _titled(title, provenance), data, lambda _: text, provenance)


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


def _part(difference: Difference) -> str:
    return DOMAIN_LABELS[difference.domain] if difference.domain else "All samples"


def _cells(difference: Difference) -> list[str]:
    rates = [rate_and_count(each.k, each.n) for each in (difference.first, difference.second)]
    ends = points_interval(difference.interval.low, difference.interval.high)
    return [*rates, points(difference.difference), ends, p_words(difference.p)]


def _how_compared(difference: Difference) -> str:
    if difference.table is None:
        return f"{UNPAIRED}: {difference.why_unpaired}"
    return f"{difference.table.n} samples graded in both, paired (McNemar mid-p, Bonett–Price interval)"


def _words(
    differences: Sequence[Difference], names: tuple[str, str], of: dict[str, Any], more: dict[str, Any]
) -> Callable[[IntervalStyle], pd.DataFrame]:
    """The words of differences for a paper. of: the first column; more: the last one."""
    first, second, _, _, p = zip(*map(_cells, differences), strict=True) if differences else [()] * 5
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


def _flags(flags: Sequence[str]) -> str:
    return ", ".join(FLAGS[flag].label for flag in flags)


def _equals(p: float | None) -> str:
    words = p_words(p)
    return words if words.startswith("<") else f"= {words}"
