"""What the compare page shows: the words, the tables of two runs, and of one baseline against many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.comparison import Comparison, Difference
from siuo_dash.analysis.sample_filters import FAILING, OUTCOMES, PASSING
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS, METRICS, Metric
from siuo_dash.text import fraction, missing, percent, points

PAIRED: Final = "paired (McNemar mid-p, Bonett–Price interval)"
UNPAIRED: Final = "not paired (score test, Newcombe interval)"
DISCORDANCES: Final = (0.2, 0.3, 0.4)


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


def points_interval(low: float, high: float) -> str:
    """The interval of a difference in points: '+0.6 to +11.3'; '' when not known."""
    return "" if pd.isna(low) or pd.isna(high) else f"{points(low)} to {points(high)}"


def rate_and_count(k: int, n: int) -> str:
    """'53.3 % (89/167)'; '–' without samples."""
    return f"{percent(k / n)} ({k}/{n})" if n else "–"


def picture_note(warning: str) -> str:
    """What a saved picture of runs of different boards must say, in fewer words; '' inside one board."""
    return "Different boards: a difference may come from the judge or the number of responses." if warning else ""


def how_compared(difference: Difference) -> str:
    """Paired or not, over how many samples, and why not."""
    if difference.table is not None:
        return f"{difference.table.n} samples graded in both, {PAIRED}"
    return f"{UNPAIRED}: {difference.why_unpaired}"


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
    return f"{rates} The two cannot be told apart ({seen})."


def gap_words(difference: Difference, detectable: dict[float, float | None]) -> str:
    """What gap this comparison could have found with 80 % power; detectable: {discordance: gap} at the same n."""
    table = difference.table
    known = [f"{100 * gap:.1f} at {share:.0%}".replace("%", " %") for share, gap in detectable.items() if gap]
    general = f"In general, with so many samples: {', '.join(known)} discordance." if known else ""
    if table is None:
        own = (
            f"Not paired, a gap of about {100 * difference.gap:.1f} points would have been found with 80 % power."
            if difference.gap
            else "Not paired, these rates and counts could hardly have shown any gap with 80 % power."
        )
        return f"{own} Pairing would need a verdict for each sample of both runs."
    seen = f"The two differ on {table.first_only + table.second_only} of {table.n} samples"
    share = percent(table.discordance)
    if difference.gap is None:
        return f"{seen} ({share}): too few to show a gap with 80 % power. {general}".strip()
    return f"{seen} ({share}): a gap of at least {100 * difference.gap:.1f} points is found with 80 % power. {general}"


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """One row a metric: both rates, the difference, its interval, p, and how it was compared."""
    rows = []
    for metric in METRICS.values():
        found = comparison.overall[metric.id]
        if found is None:
            why = _why_unknown(comparison, metric)
            own = [rate_and_count(run.counts[metric.id].k, run.counts[metric.id].n) for run in _sides(comparison)]
            rows.append([metric.label, *own, "–", "", "", why])
        else:
            rows.append([metric.label, *_cells(found), how_compared(found)])
    return pd.DataFrame(rows, columns=["Metric", "A", "B", "A − B, points", "95 % interval", "p", "How"])


def domains_table(differences: Sequence[Difference]) -> pd.DataFrame:
    """One row a domain: both rates, the difference, its interval, p and the adjusted p."""
    names = ["Domain", "A", "B", "A − B, points", "95 % interval", "p", "p adjusted", "Only A", "Only B"]
    rows = [
        [
            DOMAIN_LABELS[each.domain or ""],
            *_cells(each),
            p_words(each.p_adjusted),
            each.table.first_only if each.table else None,
            each.table.second_only if each.table else None,
        ]
        for each in differences
    ]
    return pd.DataFrame(rows, columns=names)


def chart_rows(differences: Sequence[Difference], first: str = "A", second: str = "B") -> pd.DataFrame:
    """What the chart of differences draws: label, difference, low, high (fractions), told_apart, hover words."""
    rows = [
        (
            DOMAIN_LABELS[each.domain] if each.domain else "All samples",
            each.difference,
            each.interval.low,
            each.interval.high,
            each.significant,
            f"{first} {rate_and_count(each.first.k, each.first.n)}, {second} {rate_and_count(each.second.k, each.second.n)}; "
            + (f"adjusted p {_equals(each.p_adjusted)}" if each.p_adjusted is not None else f"p {_equals(each.p)}"),
        )
        for each in differences
    ]
    return pd.DataFrame(rows, columns=["label", "difference", "low", "high", "told_apart", "words"])


def discordant_table(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples that only one run passes, with how many others pass them and both runs' flags."""
    return pd.DataFrame(
        {
            "Sample": samples["question_id"],
            "Domain": samples["domain"].map(DOMAIN_LABELS),
            "Scene": samples["scene"],
            "Request": samples["request"],
            "Others that pass": [
                fraction(k, n) or "–" for k, n in zip(samples["others_k"], samples["others_n"], strict=True)
            ],
            "Flags of A": samples["first_flags"].map(flag_words),
            "Flags of B": samples["second_flags"].map(flag_words),
        }
    )


def short_names(frame: pd.DataFrame, labels: dict[str, str]) -> dict[str, str]:
    """{run_id: name} of a frame's runs: the model alone where that tells them apart, else the whole label."""
    if frame["board"].nunique() == 1 and frame["model"].is_unique:
        return dict(zip(frame["run_id"], frame["model"], strict=True))
    return labels


def flag_words(flags: Sequence[str]) -> str:
    """Labels of health flags, or ''."""
    return ", ".join(FLAGS[flag].label for flag in flags)


def against_table(frame: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """One row a run: its rate, the baseline's, the difference, its interval, Holm's p, and how it was compared."""
    shown: dict[str, Any] = {
        "Run": frame["run_id"].map(labels),
        "Rate": [rate_and_count(k, n) for k, n in zip(frame["run_k"], frame["run_n"], strict=True)],
        "Baseline": [rate_and_count(k, n) for k, n in zip(frame["base_k"], frame["base_n"], strict=True)],
        "Difference, points": 100 * frame["difference"],
        "95 % interval": [points_interval(low, high) for low, high in zip(frame["low"], frame["high"], strict=True)],
        "p (Holm)": frame["p_holm"].map(p_words),
        "Only this run": frame["run_only"],
        "Only the baseline": frame["baseline_only"],
        "How": [
            "–" if pd.isna(p) else "paired" if paired else "not paired"
            for p, paired in zip(frame["p"], frame["paired"], strict=True)
        ],
    }
    return pd.DataFrame(shown)


def against_chart_rows(frame: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """What the chart of differences draws for one baseline against many; runs without the metric are left out."""
    known = frame[frame["difference"].notna()]
    words = [
        f"{rate_and_count(k, n)}, baseline {rate_and_count(base_k, base_n)}; Holm p {_equals(p)}, {'paired' if paired else 'not paired'}"
        for k, n, base_k, base_n, p, paired in known[
            ["run_k", "run_n", "base_k", "base_n", "p_holm", "paired"]
        ].itertuples(index=False)
    ]
    return pd.DataFrame(
        {
            "label": known["run_id"].map(labels),
            "difference": known["difference"],
            "low": known["low"],
            "high": known["high"],
            "told_apart": known["p_holm"] < 0.05,
            "words": words,
        }
    )


def _cells(difference: Difference) -> list[str]:
    return [
        rate_and_count(difference.first.k, difference.first.n),
        rate_and_count(difference.second.k, difference.second.n),
        points(difference.difference),
        points_interval(difference.interval.low, difference.interval.high),
        p_words(difference.p),
    ]


def _sides(comparison: Comparison) -> tuple[Any, Any]:
    return comparison.first, comparison.second


def _why_unknown(comparison: Comparison, metric: Metric) -> str:
    lacking = [
        f"{letter}: {missing(run.evidence)}"
        for letter, run in zip("AB", _sides(comparison), strict=True)
        if not run.counts[metric.id].n
    ]
    return ", ".join(lacking)


def _equals(p: float | None) -> str:
    words = p_words(p)
    return words if words.startswith("<") else f"= {words}"
