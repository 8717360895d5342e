"""The leaderboard: its columns, declared once, the tables made of them, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from siuo_dash.analysis.leaderboard import KeyFigures
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.badges import badge_of
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, METRICS, Metric
from siuo_dash.report import columns as kit
from siuo_dash.report.columns import Column, Rate, rowwise
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.runs import attempt_words
from siuo_dash.store.registry import Attempt
from siuo_dash.text import interval, listed, percent, points, points_interval, rate_and_count

ORDERS: Final = {
    "rank": "Rank",
    "model": "Model, A to Z",
    "base": "Base model, its methods below it",
    "organization": "Organization, A to Z",
    "size": "Size, largest first",
    "date": "Evaluated, newest first",
    "health": "Health, most flags first",
}
"""The orders of the rows. A click on a column's head sorts, too, but only these can be linked to."""

SENTENCE: Final = (
    "Does a vision-language model notice that a harmless picture and a harmless question are unsafe together? "
    "Runs are ranked only with runs of the same judge and the same number of responses."
)
WHY_NO_RANKS: Final = (
    "Judges and protocols differ so much that the same model gets quite different rates, "
    "so runs of different boards are listed by name and not ranked."
)

_DATE: Final = pd.ArrowDtype(pa.date32())
_MOST_NAMES: Final = 6
_RANKS: Final = ("rank_low", "rank_high")


def health_words(health: dict[str, int], evidence: str) -> str:
    """'138 unclosed reasoning, 14 error message'; 'no flags'; 'not examined' for totals."""
    if evidence != "per_sample":
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
        names = listed(summary.like_leader_paired, _MOST_NAMES, none="none")
        how.append(f"paired (McNemar mid-p, Holm-corrected): {names}")
    if others > summary.paired:
        names = listed(summary.like_leader_unpaired, _MOST_NAMES, none="none")
        how.append(f"unpaired (95 % interval of the difference includes 0): {names}")
    return [
        ("Runs", str(summary.runs), f"{summary.rated} of them ranked by {metric.label}"),
        (
            f"Best: {summary.best}",
            percent(best.rate, 2),
            f"95 % interval {interval(*limits(best.k, best.n), 2)}, {best.k}/{best.n}",
        ),
        ("Median", percent(summary.median, 2), f"of {summary.rated} runs"),
        ("Below 50 %", f"{summary.below_half} of {summary.rated}", "runs whose rate is below one half"),
        (
            "Not significantly different from the leader",
            f"{len(alike)} of {others}" if others else "–",
            "; ".join(how) or "there is no other run",
        ),
    ]


def ordered(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """The leaderboard's rows in one of ORDERS, equal ones as they stood; unknown values come last."""
    match order:
        case "model" | "organization":
            key, ascending = frame[order].astype("str").str.lower().where(frame[order].notna()), True
        case "size" | "date":
            key, ascending = frame[{"size": "params_b", "date": "evaluated_on"}[order]], False
        case "base":
            names = frame["base_model"].str.casefold()
            together = frame.assign(name=names, has_method=frame["method"].notna())
            return frame.loc[together.sort_values(["name", "has_method"], kind="stable").index]
        case "health":
            key, ascending = frame["health"].map(lambda flags: sum(flags.values())), False
            key = key.where(frame["evidence"] == "per_sample")
        case _:
            return frame
    return frame.loc[key.sort_values(ascending=ascending, kind="stable", na_position="last").index]


def worth_showing(frame: pd.DataFrame, columns: Sequence[str], metric: Metric) -> tuple[list[str], str]:
    """The columns that say something in this view, and in words which metrics are known for no run of it.

    Columns that would be empty in every row are left out; the metric that the runs are ranked by stays, and the gain,
    which is by that metric, comes right after it.
    """
    unknown = [name for name in METRICS if name != metric.id and not frame[f"{name}_n"].any()]
    empty = {*unknown, *(("gain", "method") if frame["method"].isna().all() else ())}
    labels = [METRICS[name].label for name in unknown if name in columns]
    words = f"Not known for any run of this view, so without columns: {listed(labels)}." if labels else ""
    kept = [column for column in columns if column not in empty]
    if {"gain", metric.id} <= set(kept):
        kept.remove("gain")
        kept.insert(kept.index(metric.id) + 1, "gain")
    return kept, words


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


def weights_words(frame: pd.DataFrame) -> pd.Series[str]:
    """'open', 'closed' or 'not stated' for each run."""
    words: pd.Series[str] = frame["open_weights"].map({True: "open", False: "closed"}).fillna("not stated")
    return words


def gain_words(gain: float, low: float, high: float) -> str:
    """'+26.9 (+16.3 to +36.6)' points; '' where there is no plain run to compare with."""
    return "" if pd.isna(gain) else f"{points(gain)} ({points_interval(low, high)})"


def gain_sentence(row: Mapping[Any, Any], metric: Metric) -> str:
    """What a method gains over its base model, and how the two were compared; row: of analysis.leaderboard."""
    base = rate_and_count(int(row["base_k"]), int(row["base_n"]))
    how = "paired by sample, Bonett–Price" if row["gain_paired"] else "unpaired, Newcombe"
    return (
        f"{metric.label}: {points(row['gain'])} points over its base model, {row['base_label']}, {base}; "
        f"95 % interval {points_interval(row['gain_low'], row['gain_high'])} ({how})."
    )


def _gains(frame: pd.DataFrame) -> dict[str, Any]:
    return {name: frame[name] for name in ("gain", "gain_low", "gain_high", "gain_paired", "base_run_id")}


def _ranks(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"


def _badge_values(frame: pd.DataFrame) -> dict[str, Any]:
    badge = {"badge": [badge_of(status).capitalize() for status in frame["source_status"]]}
    known = frame["attempts"].notna().any()  # two empty columns would explain nothing
    return badge | ({name: frame[name] for name in ("attempt", "attempts")} if known else {})


def _badge_words(frame: pd.DataFrame) -> list[str]:
    """'Self-reported', and which attempt it is where there were others."""

    def words(status: str, number: Any, count: Any) -> str:
        label = badge_of(status).capitalize()
        return label if pd.isna(count) or count == 1 else f"{label}, {attempt_words(Attempt(number, count))}"

    return rowwise(words, frame, "source_status", "attempt", "attempts")


def _days(frame: pd.DataFrame) -> pd.Series[Any]:
    return pd.to_datetime(frame["evaluated_on"]).astype(pd.ArrowDtype(pa.timestamp("us"))).astype(_DATE)


_HELP: Final = {
    "rank": "Place in the whole board by the chosen metric; ties share a place",
    "rank_range": "95 % of 2,000 bootstrap draws place the run in this range",
    "base": "The plain model that the method was applied to",
    "method": "A defence, training or prompt applied to the base model; empty = a plain model",
    "gain": "Points by which a method is ahead of its own base model in the same board, by the chosen metric, with the "
    "95 % interval: paired by sample where both have a verdict for each (Bonett–Price), else unpaired (Newcombe). Not "
    "corrected for the number of methods",
    "size": "Parameters in billions; empty = not published",
    "weights": "Whether the model's weights can be downloaded",
    "evidence": "Per sample: a verdict for each sample is here. Totals only, by domain: a publication gave counts",
    "health": "Samples whose response or verdict carries a fault; totals cannot be examined",
    "badge": "Published: from a publication. Re-judged, reproduced: somebody else than the submitter did. "
    "Self-reported: nobody else checked. With the attempt number, if the submitter sent several runs of this model",
    "source": "Where the figures come from",
    "status": "peer-reviewed, preprint, draft, community or self-reported",
}
_NARROW: Final = {"width": 50, "pinned": True}
_HOST: Final = {"display_text": r"https?://(?:www\.)?([^/]+)"}

COLUMNS: Final = {
    column.id: column
    for column in (
        Column("rank", "Rank", _HELP["rank"], lambda frame: frame["rank"].astype("Int64"), None, "number", _NARROW),
        Column(
            "rank_range",
            "Rank range",
            _HELP["rank_range"],
            lambda frame: {name: frame[name].astype("Int64") for name in _RANKS},
            lambda frame: rowwise(_ranks, frame, *_RANKS),
        ),
        Column("model", "Model", "The evaluated model"),
        Column("board", "Board", "Judge × responses per sample", "board_label"),
        *(
            Rate(each.id, each.label, f"{each.help}. Beside it the Wilson 95 % interval and the count")
            for each in METRICS.values()
        ),
        Column(
            "gain",
            "Gain over base",
            _HELP["gain"],
            _gains,
            lambda frame: rowwise(gain_words, frame, "gain", "gain_low", "gain_high"),
        ),
        Column("base_model", "Base model", _HELP["base"]),
        Column("method", "Method", _HELP["method"], text=lambda frame: frame["method"].fillna("")),
        Column("organization", "Organization", "Who made the model"),
        Column("size", "Size (B)", _HELP["size"], "params_b", None, "number", {"format": "%.1f", "width": 70}),
        Column("weights", "Weights", _HELP["weights"], weights_words),
        Column("evidence", "Evidence", _HELP["evidence"], lambda frame: frame["evidence"].map(EVIDENCE)),
        Column("health", "Health", _HELP["health"], lambda frame: rowwise(health_words, frame, "health", "evidence")),
        Column("badge", "Badge", _HELP["badge"], _badge_values, _badge_words),
        Column("date", "Evaluated", "Day of the evaluation", _days, None, "date"),
        Column("status", "Status", _HELP["status"], "source_status"),
        Column("source", "Source", _HELP["source"], "", lambda frame: frame["source"].map(source_link), "link", _HOST),
    )
}
FILE_COLUMNS: Final = tuple(name for name in COLUMNS if name not in ("board", "badge", "status", "source"))
"""What the command line writes to a file."""
TERMINAL_COLUMNS: Final = ("rank", "rank_range", "model", *METRICS, "health")


def screen_table(frame: pd.DataFrame, columns: Sequence[str], board_labels: Mapping[str, str]) -> pd.DataFrame:
    """What the page shows: one column a label, rates in percent, each metric followed by its interval and count."""
    return kit.screen([COLUMNS[name] for name in columns], _labelled(frame, board_labels))


def export_table(
    frame: pd.DataFrame, columns: Sequence[str], board_labels: Mapping[str, str], provenance: Provenance, title: str
) -> Table:
    """Exactly the view, for programs (fractions and counts) and for a paper (words, best in bold)."""
    bold = pd.DataFrame({METRICS[name].label: _best(frame, name) for name in columns if name in METRICS})
    chosen = [COLUMNS[name] for name in columns]
    labelled = _labelled(frame, board_labels)
    return kit.export(chosen, labelled, "leaderboard", title, provenance, bold.reset_index(drop=True))


def _labelled(frame: pd.DataFrame, board_labels: Mapping[str, str]) -> pd.DataFrame:
    return frame.assign(board_label=frame["board"].map(board_labels))


def _best(frame: pd.DataFrame, metric: str) -> pd.Series:
    """Which runs have the highest rate of a metric: no partial run unless those are ranked, and none across boards.

    Multiple choice is scored alike on all boards.
    """
    rate = frame[f"{metric}_rate"]
    compared = frame[f"{metric}_n"].ge(frame["expected_samples"]) | frame["rank"].notna()
    return rate.eq(rate[compared].max()) & compared & (frame["board"].nunique() == 1 or metric == "mcqa")
