"""The run page's words, figures and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.analysis.stats.responses import ResponseMix
from siuo_dash.benchmark.badges import badge_of, badge_words
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, METRICS, RUN_COLUMNS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.samples import visible
from siuo_dash.store.registry import Attempt
from siuo_dash.text import counted, fraction, interval, listed, missing, ordinal, percent, rate_and_count

NOT_STATED: Final = "not stated"


@dataclass(frozen=True)
class Place:
    """The place of a run by one metric: its rank among the ranked runs of the board, and the range of it if ready.

    drawn: of how many runs the range is estimated, where the board has too many; 0 = of all.
    """

    rank: int | None
    ranked: int
    low: int | None = None
    high: int | None = None
    drawn: int = 0

    def words(self, partial: bool) -> str:
        """'rank 3 of 15 (95% range 2–5)'; why there is none."""
        if self.rank is None:
            return "not ranked: not every sample is judged" if partial else "not ranked"
        ends = [str(rank) for rank in dict.fromkeys((self.low, self.high)) if rank is not None]
        part = f", estimated from {self.drawn:,} of the runs" if self.drawn else ""
        return f"rank {self.rank} of {self.ranked}" + (f" (95% range {'–'.join(ends)}{part})" if ends else "")


def summary_line(run: Mapping[str, Any], board: str) -> str:
    """'Alibaba · 7 B parameters · open weights · the board's name · community': who made the run and who judged it."""
    said = [FACTS[name].words(run[name]) for name in _IN_SHORT if not pd.isna(run[name]) and run[name] != ""]
    opened = run["open_weights"]
    weights = [] if pd.isna(opened) else ["open weights" if opened else "closed weights"]
    return " · ".join([*said, *weights, board, badge_of(str(run["source_status"]))])


_IN_SHORT: Final = ("organization", "params_b")
LEAST_LEFT: Final = 50
"""A rate over fewer samples than this is not said beside the score: its interval is wider than any difference."""


def score_figures(
    run: Mapping[str, Any],
    metric: Metric,
    place: Place | None,
    profile: pd.DataFrame,
    flagged: int,
    rest: Tally | None,
) -> list[tuple[str, str, str]]:
    """(label, figure, explanation): the score by the metric, the weakest domain, and the flagged samples.

    profile: of analysis.runs.domain_profile; rest: the score without the flagged responses.
    """
    k, n = int(run[f"{metric.id}_k"]), int(run[f"{metric.id}_n"])
    if n == 0 or place is None:
        return [(metric.label, missing(str(run["evidence"])), "")]
    figures = [(metric.label, f"{percent(k / n)} ({interval(*limits(k, n))})", place.words(is_partial(run, metric)))]
    graded = profile[profile["n"] > 0] if len(profile) else profile
    if len(graded) > 1:
        weakest = graded[graded["rate"] == graded["rate"].min()]
        first, names = weakest.iloc[0], [str(label) for label in weakest["label"]]
        words = f"{fraction(first['k'], first['n'])} pass, {percent(first['rate'])}"
        if len(names) > 1:
            words = f"{percent(first['rate'])} pass in each"
        figures.append((f"Weakest domain{'s' * (len(names) > 1)}", listed(names, 2), words))
    if run["evidence"] == "per_sample":
        words = _without(rest) if flagged else f"of {counted(n, 'sample')}"
        figures.append(("Flagged samples", f"{flagged} of {max(n, flagged)}" if flagged else "none", words))
    return figures


def _without(rest: Tally | None) -> str:
    if rest is None:
        return ""
    if rest.n < LEAST_LEFT:
        return f"without them {counted(rest.n, 'sample')}: too few for a rate"
    return f"without them {percent(rest.k / rest.n)} ({interval(*limits(rest.k, rest.n))}), n = {rest.n}"


def figures_html(figures: Sequence[tuple[str, str, str]]) -> str:
    """The figures as a line of HTML, the first of them large; every word is escaped."""
    parts = (
        f"<div><small>{escape(label)}</small><b>{escape(figure)}</b><small>{escape(words)}</small></div>"
        for label, figure, words in figures
    )
    return f'<div class="figures">{"".join(parts)}</div>'


def facts_html(listed: Iterable[tuple[str, str]]) -> str:
    """Labels and words as a list in HTML, every character of them escaped, hidden ones written as codes."""
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(visible(value))}</dd>" for name, value in listed)
    return f'<dl class="facts">{"".join(lines)}</dl>'


def other_metrics(run: Mapping[str, Any], metric: Metric) -> str:
    """The other metrics in a line: 'Effective 93.4 (88.6–96.3) · Multiple choice: not judged'."""
    others = [known for known in METRICS.values() if known.id != metric.id]
    judged = [(known.label, int(run[f"{known.id}_k"]), int(run[f"{known.id}_n"])) for known in others]
    said = [f"{label} {percent(k / n)} ({interval(*limits(k, n))})" for label, k, n in judged if n]
    lacking = [label for label, _, n in judged if not n]
    why = [f"{listed(lacking)}: {missing(str(run['evidence']))}"] if lacking else []
    return " · ".join([*said, *why])


def attempt_words(attempt: Attempt | None) -> str:
    """'3rd of 12 attempts' of the same person for the same model, or 'only attempt'; '' where it is not known."""
    if attempt is None:
        return ""
    if attempt.of == 1:
        return "only attempt"
    return f"{ordinal(attempt.number)} of {attempt.of} attempts"


def with_range(place: Place, ranges: pd.DataFrame | None, run_id: str, most: int) -> Place:
    """The place with its range, of analysis.leaderboard.rank_ranges; as it is while those are not ready.

    most: of bounded.most_runs.
    """
    if ranges is None:
        return place
    own = ranges[ranges["run_id"] == run_id]
    if own.empty or own["rank_low"].isna().iloc[0]:
        return place
    low, high = (int(own[name].iloc[0]) for name in ("rank_low", "rank_high"))
    return replace(place, low=low, high=high, drawn=0 if len(ranges) <= most else most // 2 * 2)


def is_partial(run: Mapping[str, Any], metric: Metric) -> bool:
    """Whether the metric is judged for fewer samples than the split has."""
    return bool(0 < int(run[f"{metric.id}_n"]) < int(run["expected_samples"]))


def scores_export(
    run: Mapping[str, Any], places: Mapping[str, Place], left: Mapping[str, Tally], provenance: Provenance
) -> Table:
    """The scores for programs: counts, fractions, ranks, and the same without the flagged responses."""
    rows = []
    for metric_id, place in places.items():
        rate = Tally(int(run[f"{metric_id}_k"]), int(run[f"{metric_id}_n"]))
        rest = left.get(metric_id)
        counts = (rate.k, rate.n, int(run["expected_samples"]), rate.rate, *limits(rate.k, rate.n))
        unflagged = (rest.k, rest.n) if rest else (None, None)
        rows.append((metric_id, *counts, place.rank, place.ranked, place.low, place.high, *unflagged, run["run_id"]))
    names = "metric k n expected rate low high rank ranked_runs rank_low rank_high unflagged_k unflagged_n run_id"
    data = pd.DataFrame(rows, columns=names.split())
    return plain_table("run", f"{run['model']}, {provenance.board}", data, provenance)


def stated(row: Mapping[str, Any], apart: Collection[str] = ()) -> list[tuple[str, str]]:
    """What the submitter says of the run, as (label, words), in the order of the results' columns; unknown is said.

    row: any row of the run with RUN_COLUMNS. apart: facts to leave out.
    """
    facts = [FACTS[name] for name in RUN_COLUMNS if name in FACTS and name not in apart]
    values = [(fact, row[fact.name]) for fact in facts]
    return [
        (fact.label, fact.if_empty if pd.isna(value) or value == "" else fact.words(value)) for fact, value in values
    ]


def facts(run: Mapping[str, Any], board: str) -> list[tuple[str, str]]:
    """The facts about the run, as (label, value); what is unknown is said, not left out."""
    judged = [
        f"{metric.label} {int(run[f'{metric.id}_n'])} of {int(run['expected_samples'])}"
        for metric in METRICS.values()
        if int(run[f"{metric.id}_n"])
    ]
    said = stated(run, apart=("model", "judge", "note", "submitted_by"))
    listed = [
        *said,
        ("Protocol (board)", board),
        ("Evidence", EVIDENCE[str(run["evidence"])].lower()),
        ("Samples judged", ", ".join(judged) or "none"),
        ("Badge", badge_words(badge_of(str(run["source_status"])))),
        ("Note", _text(run["note"], "")),
        ("Submitted", _submitted(run)),
        ("Run id", str(run["run_id"])),
    ]
    return [(label, value) for label, value in listed if value]


TOTALS_WORDS: Final = (
    "Only totals were published for this run: how many samples pass, not which. So its domains, failed samples, "
    "responses and health cannot be shown. Upload its result file to see them."
)
DOMAIN_TOTALS_WORDS: Final = (
    "Only counts were published for this run, some of them by domain: how many samples pass, not which. So its failed "
    "samples, responses and health cannot be shown. Upload its result file to see them."
)


def health_table(counts: Mapping[str, int], samples: int) -> pd.DataFrame:
    """The run's flags: flag (id), Flag, Samples, Share, What raises it; most frequent first."""
    rows = [
        (flag, FLAGS[flag].label, count, percent(count / samples if samples else None), FLAGS[flag].help)
        for flag, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    return pd.DataFrame(rows, columns=["flag", "Flag", "Samples", "Share", "What raises it"])


def unflagged_table(run: Mapping[str, Any], left: Mapping[str, Tally]) -> pd.DataFrame:
    """The score, and beside it the score without the flagged responses."""
    rows = [
        {
            "Metric": METRICS[metric_id].label,
            "All": rate_and_count(int(run[f"{metric_id}_k"]), int(run[f"{metric_id}_n"])),
            "Excluding flagged": rate_and_count(rest.k, rest.n) if rest.n else "no sample left",
        }
        for metric_id, rest in left.items()
    ]
    return pd.DataFrame(rows)


def mix_table(mixes: Mapping[str, ResponseMix]) -> pd.DataFrame:
    """How the responses to one sample agree, one row a metric: the samples with 3/3, 2/3, 1/3, 0/3 passing."""
    rows = []
    for metric_id, mix in mixes.items():
        row: dict[str, Any] = {"Metric": METRICS[metric_id].label}
        row |= {f"{passing}/{mix.responses}": mix.counts[passing] for passing in range(mix.responses, -1, -1)}
        row["Not all graded"] = mix.incomplete + mix.ungraded
        row["All alike"] = percent(mix.stable)
        rows.append(row)
    return pd.DataFrame(rows)


def own_failures_words(failed: pd.DataFrame) -> str:
    """'71 failures; 4 that at least 90% of the other 9 runs pass, 1 that none of them passes.'"""
    judged = failed[failed["others_graded"] > 0]
    if judged.empty:
        return "No other run of this board has a verdict for each sample."
    own = int((judged["others_right"] >= 0.9 * judged["others_graded"]).sum())
    nobody = int((judged["others_right"] == 0).sum())
    others = int(judged["others_graded"].max())
    if others == 1:
        return f"{counted(len(failed), 'failure')}; {own} that the other run passes."
    last = f", {nobody} that none of them passes" if nobody else ""
    return f"{counted(len(failed), 'failure')}; {own} that at least 90% of the other {others} runs pass{last}."


def _text(value: Any, missing: str = NOT_STATED) -> str:
    return missing if value is None or pd.isna(value) or not str(value).strip() else str(value)


def _submitted(run: Mapping[str, Any]) -> str:
    if pd.isna(run["submitted_at"]):
        return ""
    by = _text(run["submitted_by"], "")
    return f"{run['submitted_at']:%Y-%m-%d %H:%M} UTC" + (f" by {by}" if by else "")
