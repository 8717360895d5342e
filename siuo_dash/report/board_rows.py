"""The leaderboard's table as one value that JSON can hold: what each cell says, for the page and for its first view."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.benchmark.badges import badge_of, badge_words
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import EVIDENCE, METRICS, Metric
from siuo_dash.charts.colours import METRIC_COLOURS
from siuo_dash.report.columns import Column, rowwise
from siuo_dash.report.leaderboard import COLUMNS, FIRST_LARGE, health_words
from siuo_dash.report.leaderboard_words import gain_sentence
from siuo_dash.text import fraction, interval, missing, percent, points, points_interval

DETAILED: Final = 500
"""Up to so many runs the value holds the details of every row; of more, those that are asked for."""
IN_SMALL: Final = ("organization", "size", "weights", "method")
"""Columns that stand in small below the model's name."""
_PICK: Final = Column("pick", "Select")
"""In place of the rank: what the tick boxes need."""
_KINDS: Final = {
    "rank": "rank",
    "pick": "rank",
    "model": "model",
    "source": "link",
    "gain": "points",
    "difference": "points",
}
_WIDTHS: Final = dict(rank=84, pick=34, model=178, points=168, text=100, health=96, link=77, badge=92, date=77)
_NARROWEST_RATE: Final = 116
"""Pixels of a column, as board_table.css has them; rates share the rest."""
_LABELS: Final = {"health": "Flags"}
_LONG: Final = 18
"""Characters of a text from which on its column takes what room there is."""
_HOST: Final = re.compile(r"https?://(?:www\.)?([^/?#]+)", re.IGNORECASE)
_PLAIN: Final = "Paired by sample (Bonett–Price)", "Unpaired (Newcombe)"


def table_value(
    frame: pd.DataFrame, metric: Metric, columns: Sequence[str], name: str = "Leaderboard"
) -> dict[str, Any]:
    """The table of a leaderboard: columns, and for each of them a cell a run, in the frame's order.

    frame: of `analysis.leaderboard.leaderboard`, with rank ranges, attempts, the boards' labels in `board_label`
    and, for their column, differences. columns:
    ids of COLUMNS in their order. name: the table's, for screen readers.

    A rate is [k, n, rate, low, high] in percent of one decimal, with `true` at its end where the run is partial, or the
    word why there is none; points are [difference, words, interval, how it was computed] or null; a rank is [rank,
    lowest, highest]; a model is [name, small print]; a link is [words, address]; the rest is text.
    """
    shown = [COLUMNS[name] for name in columns if name not in IN_SMALL and name != "rank_range"]
    if "rank" not in columns:
        shown.insert(0, _PICK)
    methods = frame["method"].notna().tolist()
    rates = [column for column in shown if column.id in METRICS]
    rest = sum(_WIDTHS.get(each.id) or _WIDTHS[_kind(each.id)] for each in shown if each not in rates)
    return {
        "name": name,
        "runs": frame["run_id"].tolist(),
        "ranked": metric.id,
        "rates": len(rates),
        "rest": rest,
        "least": rest + _NARROWEST_RATE * len(rates),
        "compared": bool(frame["rank"].notna().any()),
        "groups": any(methods),
        "methods": methods if any(methods) else None,
        "makers": frame["organization"].notna().tolist() if "organization" in columns else None,
        "columns": [
            {
                "id": column.id,
                "label": _label(column, frame),
                "help": column.help,
                "kind": _kind(column.id),
                "down": column.id in FIRST_LARGE,
                **({"colour": METRIC_COLOURS[column.id]} if column.id in METRICS else {}),
                **_cells(column.id, frame, columns),
            }
            for column in shown
        ],
    }


def details(frame: pd.DataFrame, metric: Metric, run_ids: Iterable[str] | None = None) -> dict[str, list[list[Any]]]:
    """{run_id: [[label, words, address or null]]}: what a row unfolds to. run_ids: which runs; None = all."""
    wanted = frame if run_ids is None else frame[frame["run_id"].isin(list(run_ids))]
    return {row["run_id"]: _details(row, metric) for row in wanted.to_dict("records")}


def _label(column: Column, frame: pd.DataFrame) -> str:
    if column.id == "difference":
        return f"Difference to {frame['difference_to'].iloc[0]}"
    return _LABELS.get(column.id, column.label)


def _kind(name: str) -> str:
    return "rate" if name in METRICS else _KINDS.get(name, "text")


def _cells(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """`cells`, and what they are sorted `by` where that is not what they say."""
    match _kind(name):
        case "rank":
            if name == "pick":
                return {"cells": [[None] * 3] * len(frame)}
            found = rowwise(_rank, frame, "rank", "rank_low", "rank_high")
            return {"cells": found if "rank_range" in columns else [[rank, None, None] for rank, *_ in found]}
        case "model":
            return {"cells": rowwise(lambda *known: [known[0], _small(columns, *known)], frame, "model", *_SMALL)}
        case "rate":
            parts = [f"{name}_{part}" for part in ("k", "n", "rate", "low", "high")]
            return {"cells": rowwise(_rate, frame, *parts, "expected_samples", "evidence")}
        case "points":
            how = (f"{name}_paired", "base_label") if name == "gain" else (f"{name}_paired", f"{name}_to")
            return {"cells": rowwise(_points, frame, name, f"{name}_low", f"{name}_high", *how)}
        case "link":
            return {"cells": [_link(source) for source in frame["source"]]}
    words = next(iter(COLUMNS[name].screen(frame).values()))
    said = ["" if pd.isna(cell) else str(cell) for cell in words]
    cells = {"cells": said, "long": max(map(len, said), default=0) > _LONG}
    if name == "health":
        return cells | {"by": rowwise(flagged, frame, "health", "evidence")}
    return cells


_SMALL: Final = ("organization", "params_b", "open_weights", "method")


def _small(columns: Sequence[str], model: str, maker: Any, size: Any, is_open: Any, method: Any) -> str:
    """'OpenAI · 7B · open · AdaShield', as far as it is known, the columns are chosen and the name does not say it."""
    weights = "" if pd.isna(is_open) else "open" if is_open else "closed"
    words = {
        "organization": "" if pd.isna(maker) else str(maker),
        "size": "" if pd.isna(size) else f"{size:g}B",
        "weights": weights,
        "method": "" if pd.isna(method) or method.lower() in model.lower() else str(method),
    }
    return " · ".join(word for name, word in words.items() if word and name in columns)


def _rank(rank: Any, low: Any, high: Any) -> list[int | None]:
    return [None if pd.isna(each) else int(each) for each in (rank, low, high)]


def _rate(k: int, n: int, rate: float, low: float, high: float, expected: int, evidence: str) -> list[Any] | str:
    if not n:
        return missing(evidence)
    percents = [round(100 * each, 1) for each in (rate, low, high)]
    return [int(k), int(n), *percents, *([True] if n < expected else [])]


def _points(difference: float, low: float, high: float, paired: Any, to: Any) -> list[Any] | None:
    if pd.isna(difference):
        return None
    how = f"{_PLAIN[not paired]}, 95% interval; compared with {to}"
    return [round(100 * difference, 6), points(difference), f"({points_interval(low, high)})", how]


def _link(source: Any) -> list[str | None]:
    """The words of a source and its address: of a web address its host."""
    if pd.isna(source) or not source:
        return ["", None]
    address = source_link(source)
    host = _HOST.match(address) if address else None
    return [host.group(1) if host else str(source), address]


def flagged(health: Mapping[str, int], evidence: str) -> int | None:
    """How many flags a run's samples have; None where no sample was examined."""
    return sum(health.values()) if evidence == "per_sample" else None


def _details(row: Mapping[Any, Any], metric: Metric) -> list[list[Any]]:
    lines: list[list[Any]] = []
    for known in METRICS.values():
        k, n, rate, low, high = (row[f"{known.id}_{part}"] for part in ("k", "n", "rate", "low", "high"))
        words = missing(row["evidence"])
        if n:
            words = f"{fraction(k, n)} · {percent(rate)} ({interval(low, high)})"
            words += f" · Partial: {n} of {row['expected_samples']} samples" if n < row["expected_samples"] else ""
        lines.append([known.label, words, None])
    if not pd.isna(row["method"]):
        known_gain = not pd.isna(row["gain"])
        gain = gain_sentence(row, metric) if known_gain else f"its base model, {row['base_model']}, has no run here"
        lines.append(["Gain of the method", f"{row['method']}. {gain}", None])
    status = row["source_status"]
    number, of = row.get("attempt"), row.get("attempts")
    attempt = "" if pd.isna(of) or of == 1 else f" Attempt {number} of {of} by its submitter."
    lines += [
        ["Flagged samples", health_words(row["health"], row["evidence"]), None],
        ["Evidence", EVIDENCE[row["evidence"]], None],
        ["Checked", f"{badge_words(badge_of(status))}.{attempt}", None],
    ]
    if not pd.isna(row["evaluated_on"]):
        lines.append(["Evaluated", str(row["evaluated_on"])[:10], None])
    if not pd.isna(row["source"]) and row["source"]:
        lines.append(["Source", str(row["source"]), source_link(row["source"])])
    if not pd.isna(row["note"]) and row["note"]:
        lines.append(["Note", str(row["note"]), None])
    return lines
