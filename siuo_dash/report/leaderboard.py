"""The leaderboard's columns, declared as data, and the tables made from them for the screen and for export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa

from siuo_dash.analysis.leaderboard import KeyFigures
from siuo_dash.benchmark.badges import badge_of
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, METRICS, Metric
from siuo_dash.report.badges import attempt_words
from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.store.review import Attempt
from siuo_dash.text import fraction, interval, missing, percent


@dataclass(frozen=True)
class LeaderboardColumn:
    """A column that people can choose: its id, label and what it means."""

    id: str
    label: str
    help: str


COLUMNS: Final = {
    column.id: column
    for column in (
        LeaderboardColumn("rank", "Rank", "Place in the whole board by the chosen metric; ties share a place"),
        LeaderboardColumn("rank_range", "Rank range", "95 % of 2,000 bootstrap draws place the run in this range"),
        LeaderboardColumn("model", "Model", "The evaluated model"),
        LeaderboardColumn("board", "Board", "Judge × responses per sample"),
        *(LeaderboardColumn(metric.id, metric.label, f"{metric.help}. Beside it the Wilson 95 % interval and the count") for metric in METRICS.values()),
        LeaderboardColumn("organization", "Organization", "Who made the model"),
        LeaderboardColumn("size", "Size (B)", "Parameters in billions; empty = not published"),
        LeaderboardColumn("weights", "Weights", "Whether the model's weights can be downloaded"),
        LeaderboardColumn("evidence", "Evidence", "Per sample: a verdict for each sample is here. Totals only: a publication gave only counts"),
        LeaderboardColumn("health", "Health", "Samples whose response or verdict carries a fault; totals cannot be examined"),
        LeaderboardColumn("badge", "Badge", "Published: from a publication. Re-judged, reproduced: somebody else than the submitter did. Self-reported: nobody else checked. Of several attempts of one submitter for one model, which it is"),
        LeaderboardColumn("date", "Evaluated", "Day of the evaluation"),
        LeaderboardColumn("status", "Status", "peer-reviewed, preprint, draft, community or self-reported"),
        LeaderboardColumn("source", "Source", "Where the figures come from"),
    )
}  # fmt: skip

ORDERS: Final = {
    "rank": "Rank",
    "model": "Model, A to Z",
    "organization": "Organization, A to Z",
    "size": "Size, largest first",
    "date": "Evaluated, newest first",
    "health": "Health, most flags first",
}
"""In which order the rows can stand. A click on a column's head sorts, too, but only this can be linked to."""

SENTENCE: Final = (
    "Does a vision-language model notice that a harmless picture and a harmless question are unsafe together? "
    "Runs are ranked only with runs of the same judge and the same number of responses."
)
WHY_NO_RANKS: Final = (
    "Judges and protocols differ so much that the same model gets quite different rates, "
    "so runs of different boards are listed by name and not ranked."
)

_DATE: Final = pd.ArrowDtype(pa.date32())
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})", re.IGNORECASE)
_LINK = re.compile(r"(https?://[^\s,;]+)|(?<![\w.-])((?:github\.com|[a-z0-9-]+\.github\.io)/[^\s,;]+)", re.IGNORECASE)
_MOST_NAMES: Final = 6


def source_link(source: object) -> str | None:
    """The web address that a source names (a link, or an arXiv number), or None."""
    text = "" if source is None or pd.isna(source) else str(source)
    if found := _ARXIV.search(text):
        return f"https://arxiv.org/abs/{found.group(1)}"
    if found := _LINK.search(text):
        link, bare = (part.rstrip(".)]}>\"'") if part else "" for part in found.groups())
        return link or f"https://{bare}"
    return None


def health_words(health: dict[str, int], evidence: str) -> str:
    """'138 unclosed reasoning, 14 error message'; 'no flags'; 'not examined' for totals."""
    if evidence == "totals":
        return "not examined"
    return ", ".join(f"{count} {FLAGS[flag].label.lower()}" for flag, count in health.items()) or "no flags"


def figures(summary: KeyFigures, metric: Metric) -> list[tuple[str, str, str]]:
    """The key figures of a view as (label, figure, explanation)."""
    if summary.best is None or summary.best_rate is None:
        return [("Runs", str(summary.runs), f"{metric.label} is not known for any of them")]
    best = summary.best_rate
    alike = [*summary.like_leader_paired, *summary.like_leader_unpaired]
    others = summary.rated - 1
    how = []
    if summary.paired:
        how.append(f"paired (McNemar mid-p, Holm-corrected): {_names(summary.like_leader_paired)}")
    if others > summary.paired:
        how.append(f"unpaired (95 % interval of the difference holds 0): {_names(summary.like_leader_unpaired)}")
    return [
        ("Runs", str(summary.runs), f"{summary.rated} of them ranked by {metric.label}"),
        (
            f"Best: {summary.best}",
            percent(best.rate, 2),
            f"95 % interval {interval(best.low, best.high, 2)}, {best.k}/{best.n}",
        ),
        ("Median", percent(summary.median, 2), f"of {summary.rated} runs"),
        ("Below 50 %", f"{summary.below_half} of {summary.rated}", "runs whose rate is below one half"),
        (
            "Cannot be told from the leader",
            f"{len(alike)} of {others}" if others else "–",
            "; ".join(how) or "there is no other run",
        ),
    ]


def _names(models: Sequence[str]) -> str:
    """Some of the names, and how many there are beside them; a crowd of them would be a wall of text."""
    if len(models) <= _MOST_NAMES + 1:
        return ", ".join(models) or "none"
    return f"{', '.join(models[:_MOST_NAMES])} and {len(models) - _MOST_NAMES} more"


def table_height(rows: int) -> int | Literal["content"]:
    """All rows up to 20; more scroll inside a frame of this many pixels."""
    return "content" if rows <= 20 else 740


def ordered(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """The leaderboard's rows in one of ORDERS, equal ones as they stood; unknown values come last."""
    match order:
        case "model" | "organization":
            key, ascending = frame[order].astype("str").str.lower().where(frame[order].notna()), True
        case "size" | "date":
            key, ascending = frame[{"size": "params_b", "date": "evaluated_on"}[order]], False
        case "health":
            key, ascending = frame["health"].map(lambda flags: sum(flags.values())), False
            key = key.where(frame["evidence"] == "per_sample")
        case _:
            return frame
    return frame.loc[key.sort_values(ascending=ascending, kind="stable", na_position="last").index]


def with_ranges(frame: pd.DataFrame, ranges: pd.DataFrame | None) -> pd.DataFrame:
    """The leaderboard with `rank_low` and `rank_high`; empty while the ranges are not ready."""
    if ranges is None or ranges.empty:
        return frame.assign(rank_low=float("nan"), rank_high=float("nan"))
    return frame.merge(ranges[["run_id", "rank_low", "rank_high"]], on="run_id", how="left")


def with_attempts(frame: pd.DataFrame, attempts: Mapping[str, Attempt]) -> pd.DataFrame:
    """The leaderboard with `attempt` and `attempts`: which result of its submitter for the model, and of how many.

    attempts: by run_id; null for the runs that are not in it.
    """
    known = frame["run_id"].map(dict(attempts))
    return frame.assign(
        attempt=known.map(lambda attempt: attempt.number, na_action="ignore").astype("Int64"),
        attempts=known.map(lambda attempt: attempt.of, na_action="ignore").astype("Int64"),
    )


def screen_table(frame: pd.DataFrame, columns: Sequence[str], board_labels: dict[str, str]) -> pd.DataFrame:
    """What the page shows: one column a label, rates in percent, each metric followed by its interval and count."""
    shown: dict[str, Any] = {}
    for column in columns:
        label = COLUMNS[column].label
        if column in METRICS:
            shown[f"{label} %"] = 100 * frame[f"{column}_rate"]
            shown[f"{label}: interval, count"] = _intervals_and_counts(frame, METRICS[column])
        else:
            shown[label] = _plain_column(frame, column, board_labels)
    return pd.DataFrame(shown, index=frame.index)


def export_table(
    frame: pd.DataFrame, columns: Sequence[str], board_labels: dict[str, str], provenance: Provenance, title: str
) -> Table:
    """Exactly the view, for programs (fractions and counts) and for a paper (words, best in bold)."""
    data: dict[str, Any] = {}
    for column in columns:
        if column in METRICS:
            known = frame[f"{column}_n"] > 0
            for part in ("k", "n"):  # what was not published is not 0 of 0
                data[f"{column}_{part}"] = frame[f"{column}_{part}"].astype("Int64").where(known)
            for part in ("rate", "low", "high"):
                data[f"{column}_{part}"] = frame[f"{column}_{part}"]
        elif column == "rank_range":
            data["rank_low"], data["rank_high"] = (frame[name].astype("Int64") for name in ("rank_low", "rank_high"))
        elif column == "badge":
            data["badge"] = [badge_of(status).capitalize() for status in frame["source_status"]]
            if frame["attempts"].notna().any():  # elsewhere nobody could explain two empty columns
                data["attempt"], data["attempts"] = frame["attempt"], frame["attempts"]
        else:
            data[column] = _plain_column(frame, column, board_labels) if column != "source" else frame["source"]
    data["run_id"] = frame["run_id"]

    def words(how: IntervalStyle) -> pd.DataFrame:
        return _words(frame, columns, board_labels, how)

    bold = pd.DataFrame({METRICS[name].label: _best(frame, name) for name in columns if name in METRICS})
    return Table(
        "leaderboard", title, pd.DataFrame(data).reset_index(drop=True), words, provenance, bold.reset_index(drop=True)
    )


def _best(frame: pd.DataFrame, metric: str) -> pd.Series:
    """Which runs have the highest rate of a metric: no partial run unless those are ranked, and nobody across boards.

    Multiple choice is scored alike on all boards.
    """
    rate = frame[f"{metric}_rate"]
    compared = frame[f"{metric}_n"].ge(frame["expected_samples"]) | frame["rank"].notna()
    return rate.eq(rate[compared].max()) & compared & (frame["board"].nunique() == 1 or metric == "mcqa")


def _words(
    frame: pd.DataFrame, columns: Sequence[str], board_labels: dict[str, str], how: IntervalStyle
) -> pd.DataFrame:
    text: dict[str, Any] = {}
    for column in columns:
        if column in METRICS:
            parts = (frame[name] for name in (f"{column}_rate", f"{column}_low", f"{column}_high", "evidence"))
            text[COLUMNS[column].label] = [
                rate_words(rate, low, high, how, missing(evidence))
                for rate, low, high, evidence in zip(*parts, strict=True)
            ]
        else:
            values = _plain_column(frame, column, board_labels) if column != "source" else frame["source"]
            text[COLUMNS[column].label] = ["" if pd.isna(value) else _number(value) for value in values]
    return pd.DataFrame(text).reset_index(drop=True)


def _plain_column(frame: pd.DataFrame, column: str, board_labels: dict[str, str]) -> Any:
    match column:
        case "rank":
            return frame["rank"].astype("Int64")
        case "rank_range":
            return [
                "" if pd.isna(low) else (f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}")
                for low, high in zip(frame["rank_low"], frame["rank_high"], strict=True)
            ]
        case "board":
            return frame["board"].map(board_labels)
        case "size":
            return frame["params_b"]
        case "weights":
            return frame["open_weights"].map({True: "open", False: "closed"}).fillna("not stated")
        case "evidence":
            return frame["evidence"].map(EVIDENCE)
        case "health":
            return [
                health_words(health, evidence)
                for health, evidence in zip(frame["health"], frame["evidence"], strict=True)
            ]
        case "date":
            return pd.to_datetime(frame["evaluated_on"]).astype(pd.ArrowDtype(pa.timestamp("us"))).astype(_DATE)
        case "badge":
            return [
                _badge(status, number, count)
                for status, number, count in zip(
                    frame["source_status"], frame["attempt"], frame["attempts"], strict=True
                )
            ]
        case "status":
            return frame["source_status"]
        case "source":
            return frame["source"].map(source_link)
        case plain:
            return frame[plain]


def _badge(source_status: str, number: Any, count: Any) -> str:
    """'Self-reported', and which attempt it is where there were others."""
    label = badge_of(source_status).capitalize()
    return label if pd.isna(count) or count == 1 else f"{label}, {attempt_words(Attempt(number, count))}"


def _intervals_and_counts(frame: pd.DataFrame, metric: Metric) -> list[str]:
    names = [f"{metric.id}_{part}" for part in ("low", "high", "k", "n")] + ["expected_samples", "evidence"]
    return [
        f"{interval(low, high)} · {fraction(k, n)}{' partial' if n < expected else ''}" if n else missing(evidence)
        for low, high, k, n, expected, evidence in zip(*(frame[name] for name in names), strict=True)
    ]


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
