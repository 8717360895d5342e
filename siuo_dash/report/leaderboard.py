"""The leaderboard: its columns, declared once, the tables made of them, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from siuo_dash.benchmark.badges import badge_of
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, METRICS, Metric
from siuo_dash.report import columns as kit
from siuo_dash.report.columns import Column, Rate, rowwise
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.runs import attempt_words
from siuo_dash.store.registry import Attempt
from siuo_dash.text import points, points_interval

ORDERS: Final = {
    "rank": "Rank",
    "base": "Base model, its methods below it",
    "model": "Model, A to Z",
    "organization": "Organization, A to Z",
    "size": "Size, largest first",
    "date": "Newest",
    "health": "Health, most flags first",
}
"""Orders of the rows that are offered by name. The head of a column sorts by it; "-" before an order turns it round."""
FIRST_LARGE: Final = frozenset({*METRICS, "gain", "difference", "size", "date", "health"})
"""Orders that begin with the largest value; the others begin with the smallest."""

WHY_NO_RANKS: Final = (
    "Judges and protocols differ so much that the same model gets quite different rates, "
    "so runs of different boards are listed by name and not ranked."
)

DIFFERENCE: Final = ("difference", "difference_low", "difference_high", "difference_paired", "difference_to")
"""What `with_differences` adds: fractions, whether paired, and the label of the run that is compared with."""
_DATE: Final = pd.ArrowDtype(pa.date32())
_RANKS: Final = ("rank_low", "rank_high")


def health_words(health: dict[str, int], evidence: str) -> str:
    """'138 unclosed reasoning, 14 error message'; 'no flags'; 'no responses' to check for totals."""
    if evidence != "per_sample":
        return "no responses"
    return ", ".join(f"{count} {FLAGS[flag].label.lower()}" for flag, count in health.items()) or "no flags"


def ordered(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """The leaderboard's rows in one of ORDERS or by a column, equal ones as they were; unknown values come last."""
    name, back = order.removeprefix("-"), order.startswith("-")
    key = _order_key(frame, name)
    if key is None:
        return frame
    ascending = (name not in FIRST_LARGE) is not back
    return frame.loc[key.sort_values(ascending=ascending, kind="stable", na_position="last").index]


def is_order(order: str) -> bool:
    """Whether rows can be sorted so."""
    return order.removeprefix("-") in {*ORDERS, *COLUMNS} - {"rank_range"}


def _order_key(frame: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    """What an order goes by, a value a row; None where it is the frame's own order."""
    match name:
        case "base":  # a model comes before the methods that were applied to it
            return frame["base_model"].str.casefold() + frame["method"].notna().map({False: "\x00", True: "\x01"})
        case "health":
            flags = frame["health"].map(lambda found: sum(found.values()))
            return flags.where(frame["evidence"] == "per_sample")
        case "size" | "date":
            return frame[{"size": "params_b", "date": "evaluated_on"}[name]]
        case "rank":
            return frame["rank"]
        case "gain" | "difference":  # paired and unpaired ones of the same size are equal
            return frame[name].round(8) if name in frame else None
        case _ if name in METRICS:
            return frame[f"{name}_rate"]
        case _ if name in COLUMNS:
            board = frame if "board_label" in frame else frame.assign(board_label=frame["board"])
            words = pd.Series(next(iter(COLUMNS[name].screen(board).values())), index=frame.index)
            return words.astype("str").str.lower().where(words.notna())
    return None


def worth_showing(frame: pd.DataFrame, columns: Sequence[str], metric: Metric) -> list[str]:
    """The columns that say something in this view.

    Those that would be empty in every row are left out; the metric that the runs are ranked by stays, and what is by
    that metric, the gain and the difference, comes right after it.
    """
    empty = {name for name in METRICS if name != metric.id and not frame[f"{name}_n"].any()}
    empty |= {"gain", "method"} if frame["method"].isna().all() else set()
    kept = [column for column in columns if column not in empty]
    for name in ("difference", "gain"):
        if {name, metric.id} <= set(kept):
            kept.remove(name)
            kept.insert(kept.index(metric.id) + 1, name)
    return kept


def with_ranges(frame: pd.DataFrame, ranges: pd.DataFrame | None) -> pd.DataFrame:
    """The leaderboard with `rank_low` and `rank_high`; empty while the ranges are not ready."""
    if ranges is None or ranges.empty:
        return frame.assign(rank_low=float("nan"), rank_high=float("nan"))
    return frame.merge(ranges[["run_id", "rank_low", "rank_high"]], on="run_id", how="left")


def with_differences(frame: pd.DataFrame, found: pd.DataFrame | None, to: str = "") -> pd.DataFrame:
    """The leaderboard with DIFFERENCE; empty without `found`, which is of analysis.baseline.against_baseline.

    to: the label of the run that the others are compared with; it has no difference.
    """
    if found is None:
        return frame.assign(**dict.fromkeys(DIFFERENCE[:3], float("nan")), difference_paired=pd.NA, difference_to=to)
    names = {"low": "difference_low", "high": "difference_high", "paired": "difference_paired"}
    own = found[["run_id", "difference", *names]].rename(columns=names)
    return frame.merge(own, on="run_id", how="left").assign(difference_to=to)


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


def _gains(frame: pd.DataFrame) -> dict[str, Any]:
    return {name: frame[name] for name in ("gain", "gain_low", "gain_high", "gain_paired", "base_run_id")}


def _differences(frame: pd.DataFrame) -> dict[str, Any]:
    return {name: frame[name] for name in DIFFERENCE}


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
    "rank_range": "95% of 2,000 bootstrap draws place the run in this range",
    "base": "The plain model that the method was applied to",
    "method": "A defence, training or prompt applied to the base model; empty = a plain model",
    "gain": "Points by which a method is ahead of its own base model in the same board, by the chosen metric, with the "
    "95% interval: paired by sample where both have a verdict for each (Bonett–Price), else unpaired (Newcombe). Not "
    "corrected for the number of methods",
    "difference": "Points by which a run is ahead of the leader, or of the run that was chosen for it, by the chosen "
    "metric, with the 95% interval: paired by sample where both have a verdict for each (Bonett–Price), else unpaired "
    "(Newcombe). Not corrected for the number of runs",
    "size": "Parameters in billions; empty = not published",
    "weights": "Whether the model's weights can be downloaded",
    "evidence": "Sample-level: a verdict for each sample. Published totals, by domain: a publication gave counts",
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
            Rate(each.id, each.label, f"{each.help}. Beside it the Wilson 95% interval and the count")
            for each in METRICS.values()
        ),
        Column(
            "gain",
            "Gain over base",
            _HELP["gain"],
            _gains,
            lambda frame: rowwise(gain_words, frame, "gain", "gain_low", "gain_high"),
        ),
        Column(
            "difference",
            "Difference",
            _HELP["difference"],
            _differences,
            lambda frame: rowwise(gain_words, frame, *DIFFERENCE[:3]),
        ),
        Column("base_model", "Base model", _HELP["base"]),
        Column("method", "Method", _HELP["method"], text=lambda frame: frame["method"].fillna("")),
        Column("organization", "Organization", "Who made the model"),
        Column("size", "Size (B)", _HELP["size"], "params_b", None, "number", {"format": "%.1f", "width": 70}),
        Column("weights", "Weights", _HELP["weights"], weights_words),
        Column("evidence", "Evidence", _HELP["evidence"], lambda frame: frame["evidence"].map(EVIDENCE)),
        Column("health", "Health", _HELP["health"], lambda frame: rowwise(health_words, frame, "health", "evidence")),
        Column("badge", "Badge", _HELP["badge"], _badge_values, _badge_words),
        Column("date", "Evaluated", "Evaluation date", _days, None, "date"),
        Column("status", "Status", _HELP["status"], "source_status"),
        Column("source", "Source", _HELP["source"], "", lambda frame: frame["source"].map(source_link), "link", _HOST),
    )
}
FILE_COLUMNS: Final = tuple(
    name for name in COLUMNS if name not in ("board", "difference", "badge", "status", "source")
)
"""What the command line writes to a file."""
TERMINAL_COLUMNS: Final = ("rank", "rank_range", "model", *METRICS, "health")


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
