"""The compare page: its words, the tables of two runs and of one baseline against many, and their exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.analysis.comparison import Comparison, Difference, Side
from siuo_dash.analysis.sample_filters import FAILING, OUTCOMES, PASSING
from siuo_dash.analysis.stats.differences import PairedTable
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS, Metric
from siuo_dash.report.columns import rowwise
from siuo_dash.report.rows import Row
from siuo_dash.text import counted, fraction, interval, missing, percent, points, points_interval, rate_and_count

UNPAIRED: Final = "not paired (score test, Newcombe interval)"
_HOW: Final = {True: "paired", False: "not paired"}
_BETTER: Final = {
    "safe": "safer",
    "effective": "more effective",
    "safe_and_effective": "more often safe and effective",
    "mcqa": "more often right",
}


def passes(metric: Metric) -> str:
    """What a sample is when it counts for the metric: 'safe', 'right option'."""
    return OUTCOMES[PASSING[metric.id]].label


def fails(metric: Metric) -> str:
    """What a sample is when it counts against the metric: 'unsafe'."""
    return OUTCOMES[FAILING[metric.id]].label


def p_words(p: float | None) -> str:
    """A p-value as a reader wants it: '0.027', '< 0.001'; '' when there is none."""
    return "" if p is None or pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


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
    table, gap, ends = difference.table, difference.difference, difference.interval
    how = f"paired on {counted(table.n, 'sample')}" if table else f"not paired: {difference.why_unpaired}"
    if difference.significant:
        ahead, low, high = ("A", ends.low, ends.high) if gap > 0 else ("B", -ends.high, -ends.low)
        better, by = _BETTER[difference.metric.id], f"{100 * abs(gap):.1f} points ({100 * low:.1f} to {100 * high:.1f})"
        return f"{ahead} is {better} by {by}, {_equals(difference.p)}, {how}."
    seen = f"A minus B is {_gap_words(gap, ends.low, ends.high)} points, {_equals(difference.p)}, {how}"
    return f"No significant difference in {difference.metric.label}: {seen}."


def gap_words(difference: Difference) -> str:
    """The smallest gap that this comparison finds with 80% power."""
    if difference.gap is None:
        return "The two differ on too few samples to say which gap this comparison could detect."
    return f"Smallest gap detectable here: about {100 * difference.gap:.0f} points (80% power)."


def side_words(run: Side, metric: Metric) -> str:
    """A run's rate with its interval: '78.4% (71.6–84.0)'."""
    k, n = run.counts[metric.id].k, run.counts[metric.id].n
    return f"{percent(k / n)} ({interval(*limits(k, n))})" if n else missing(run.evidence)


def parts_words(metric: Metric, first: str = "A", second: str = "B") -> dict[str, str]:
    """What the parts of two runs' samples are called: passed by both, by the first alone, by the second, by none."""
    good, bad = passes(metric), fails(metric)
    only = {"first": f"Only {first} {good}", "second": f"Only {second} {good}"}
    return {"both": f"Both {good}", **only, "neither": f"Both {bad}"}


def parts(table: PairedTable) -> dict[str, int]:
    """How many samples each of the parts has."""
    return {
        "both": table.both,
        "first": table.first_only,
        "second": table.second_only,
        "neither": table.neither,
    }


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """One row a metric that both are judged by: both rates, the difference, p, and how it was compared."""
    names = ["Metric", "A", "B", "A minus B, points", "p", "Comparison"]
    known = [found for found in comparison.overall.values() if found is not None]
    return pd.DataFrame(
        [
            (
                each.metric.label,
                *(_rate_words(side.k, side.n) for side in (each.first, each.second)),
                _gap_words(each.difference, each.interval.low, each.interval.high),
                p_words(each.p),
                _how_compared(each),
            )
            for each in known
        ],
        columns=names,
    )


def domains_table(differences: Sequence[Difference]) -> pd.DataFrame:
    """One row a domain: both counts, the difference, p and the adjusted p, and what only one of the two passes."""
    names = ["Domain", "A", "B", "A minus B, points", "p", "p adjusted", "Only A", "Only B"]
    rows = []
    for each in differences:
        only = (each.table.first_only, each.table.second_only) if each.table else (None, None)
        counts = (fraction(side.k, side.n) for side in (each.first, each.second))
        gap = _gap_words(each.difference, each.interval.low, each.interval.high)
        rows.append((part_words(each), *counts, gap, p_words(each.p), p_words(each.p_adjusted), *only))
    return pd.DataFrame(rows, columns=names)


def domain_sizes(differences: Sequence[Difference]) -> str:
    """'16 to 21': how many graded samples the domains have, on either side."""
    sizes = [side.n for each in differences for side in (each.first, each.second)]
    return f"{min(sizes)} to {max(sizes)}" if sizes else "no"


def chart_rows(differences: Sequence[Difference], first: str = "A", second: str = "B") -> pd.DataFrame:
    """What the chart of differences draws: label, difference, low, high (fractions), significant, hover words."""
    rows = []
    for each in differences:
        p = f"adjusted {_equals(each.p_adjusted)}" if each.p_adjusted is not None else _equals(each.p)
        a, b = (rate_and_count(side.k, side.n) for side in (each.first, each.second))
        words = f"{first} {a}, {second} {b}; {p}"
        rows.append((part_words(each), each.difference, each.interval.low, each.interval.high, each.significant, words))
    return pd.DataFrame(rows, columns=["label", "difference", "low", "high", "significant", "words"])


def differing_rows(samples: pd.DataFrame) -> list[Row]:
    """Samples that not both runs pass, each with its domain, how many other runs pass it, and which of the two is
    flagged on it."""
    rows = []
    for each in samples.itertuples():
        flags = {"A": each.first_flags, "B": each.second_flags}
        flagged = [f"flagged of {letter}: {_flags(own)}" for letter, own in flags.items() if own]
        others = f"{each.others_k} of {each.others_n} other runs pass" if each.others_n else ""
        row = Row(
            id=str(each.question_id),
            name=str(each.question_id),
            beside=DOMAIN_LABELS[str(each.domain)],
            below=f"{each.scene} · {each.request}",
            end=fraction(each.others_k, each.others_n),
            title=". ".join(filter(None, (str(each.scene), str(each.request), others, *flagged))),
        )
        if flagged:
            row["mark"] = "⚑ " + ", ".join(letter for letter, own in flags.items() if own)
        rows.append(row)
    return rows


def against_words(frame: pd.DataFrame, metric: Metric, name: str) -> str:
    """How many runs differ from the baseline. frame: of `against_baseline`."""
    rated = frame[frame["p"].notna()]
    apart = rated[rated["p_holm"] < 0.05]
    better, worse = int((apart["difference"] > 0).sum()), int((apart["difference"] < 0).sum())
    rest = len(rated) - better - worse
    runs = counted(len(rated), "run")
    return f"{metric.label}, {runs} against {name}: {better} better, {worse} worse, {rest} not significantly different."


def against_rows(frame: pd.DataFrame, labels: dict[str, str]) -> list[Row]:
    """One row a run: its difference to the baseline with Holm's p, and its rate."""
    rows = []
    for each in frame.itertuples():
        gap = _gap_words(each.difference, each.low, each.high)
        beside = f"{gap} points, {_equals(each.p_holm)}" if gap != "–" else "not judged"
        rate = _rate_words(each.run_k, each.run_n)
        how = "" if each.paired else f"; {_HOW[False]}"
        name = labels[each.run_id]
        rows.append(Row(id=each.run_id, name=name, below=beside, end=rate, title=f"{name}: {beside}{how}"))
    return rows


def against_chart_rows(frame: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """What the chart of differences draws for one baseline against many; runs without the metric are left out."""
    known = frame[frame["difference"].notna()]
    rates = rowwise(rate_and_count, known, "run_k", "run_n")
    bases = rowwise(rate_and_count, known, "base_k", "base_n")
    how = zip(rates, bases, known["p_holm"], known["paired"].map(_HOW), strict=True)
    words = [f"{rate}, baseline {base}; Holm {_equals(p)}, {paired}" for rate, base, p, paired in how]
    return known[["difference", "low", "high"]].assign(
        label=known["run_id"].map(labels), significant=known["p_holm"] < 0.05, words=words
    )


def part_words(difference: Difference) -> str:
    """The domain of a difference, or all samples."""
    return DOMAIN_LABELS[difference.domain] if difference.domain else "All samples"


def _rate_words(k: int, n: int) -> str:
    return f"{100 * k / n:.1f} ({interval(*limits(k, n))})" if n else "–"


def _gap_words(difference: float, low: float, high: float) -> str:
    return f"{points(difference)} ({points_interval(low, high)})" if points_interval(low, high) else "–"


def _how_compared(difference: Difference) -> str:
    if difference.table is None:
        return f"{UNPAIRED}: {difference.why_unpaired}"
    return f"{difference.table.n} samples graded in both, paired (McNemar mid-p, Bonett–Price interval)"


def _flags(flags: Sequence[str]) -> str:
    return ", ".join(FLAGS[flag].label.lower() for flag in flags)


def _equals(p: float | None) -> str:
    words = p_words(p)
    return f"p {words}" if words.startswith("<") else f"p = {words}"
