"""Safe against effective: every run with both intervals, the frontier, the named regions, labels that keep apart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.charts import style
from siuo_dash.charts.backdrop import PLOT_HEIGHT, REGIONS, WIDTHS, Mode, down, faded, iso_lines, layout, regions, taken
from siuo_dash.charts.placement import Label, place, text_width

MOST_POINTS: Final = 2000
"""More marks than this neither draw quickly nor can be told apart; the page says how many are left out."""
_MOST_LABELS: Final = {False: 70, True: 16}
_FONT: Final = 12
_LINE: Final = 17.0
_FOLD: Final = {False: 26, True: 18}
_UNKNOWN_SIZE: Final = 11.0
WEIGHTS: Final = {True: ("circle", "Open weights"), False: ("diamond", "Closed weights"), None: ("square", "Weights not stated")}  # fmt: skip


def tradeoff(
    frame: pd.DataFrame,
    theme: style.Theme,
    *,
    chosen: Collection[str] = (),
    screen: style.Screen = "wide",
    intervals: bool = True,
    lines: bool = True,
    mode: Mode = "open",
) -> go.Figure:
    """Safe (x) against effective (y), one mark a run, in percent.

    frame: rows with `run_id`, `model`, `label`, `params_b`, `open_weights`, `counted`, `frontier`, `region`, and for
    `safe`, `effective` and `safe_and_effective` each `_rate`, `_low`, `_high` (fractions), `_k`, `_n`; `share` (of
    draws) where known. Rows without both rates are left out, and rows beyond MOST_POINTS. chosen: run ids that are
    ringed and labelled first. intervals: draw them for all runs, else for the frontier and the chosen. lines: of equal
    Safe & Effective, were the two independent. mode: what a click or drag does.
    """
    points, narrow = points_of(frame, chosen), screen == "narrow"
    scale = _scale(len(points), narrow)
    points = points.assign(
        chosen=points["run_id"].isin(list(chosen)), size=[_diameter(size, scale) for size in points["params_b"]]
    )
    drawn = style.figure(theme, height=PLOT_HEIGHT[narrow])
    regions(drawn, points, theme)
    if lines:
        iso_lines(drawn, theme)
    _frontier(drawn, points, theme)
    for layer, rows in (
        ("partial", points[~points["counted"]]),
        ("others", points[points["counted"] & ~points["frontier"]]),
        ("frontier", points[points["frontier"]]),
    ):
        if len(rows):
            # Large marks first, so that they do not hide small ones.
            drawn.add_trace(_marks(rows.sort_values("size", ascending=False, kind="stable"), layer, theme, intervals))
    if points["chosen"].any():
        drawn.add_trace(_rings(points[points["chosen"]], theme))
    _key(drawn, points, theme)
    layout(drawn, theme, screen, mode)
    labels = [
        _annotation(label, points.iloc[label.index], narrow, theme) for label in labels_of(points, screen, lines=lines)
    ]
    # All at once: plotly examines all that are there for each that is added.
    drawn.layout.annotations = [*drawn.layout.annotations, *labels]
    return drawn


def points_of(frame: pd.DataFrame, chosen: Collection[str] = ()) -> pd.DataFrame:
    """The rows that are drawn, in the order in which they are labelled: chosen, frontier, then by Safe & Effective."""
    points = frame[frame["safe_rate"].notna() & frame["effective_rate"].notna()]
    order = pd.DataFrame(
        {
            "chosen": points["run_id"].isin(list(chosen)),
            "frontier": points["frontier"],
            "both": points["safe_and_effective_rate"].fillna(-1.0),
            "sum": points["safe_rate"] + points["effective_rate"],
            "label": points["label"],
        }
    )
    order = order.sort_values(list(order), ascending=[False, False, False, False, True])
    return points.loc[order.index].head(MOST_POINTS).reset_index(drop=True)


def labels_of(points: pd.DataFrame, screen: style.Screen, *, lines: bool = True) -> list[Label]:
    """The labels that fit. points: as `points_of` gives them, with `chosen` and `size` (diameter in pixels)."""
    narrow = screen == "narrow"
    height = PLOT_HEIGHT[narrow]
    sizes = [_label_size(name, narrow) for name in points["model"][: _MOST_LABELS[narrow]]]
    return place(
        points["safe_rate"].tolist(),
        [down(rate, height) for rate in points["effective_rate"]],
        (points["size"] / 2 + 1).tolist(),
        sizes + [None] * (len(points) - len(sizes)),
        widths=WIDTHS[screen],
        height=height,
        musts=int((points["chosen"] | points["frontier"]).sum()),
        taken=taken(narrow, lines),
    )


def _label_size(name: str, narrow: bool) -> tuple[float, float] | None:
    """Width and height of a name in at most two lines; None when it needs more, so that hover and table name it."""
    lines = style.chart_text(name, _FOLD[narrow]).split("<br>")
    if len(lines) > 2:
        return None
    # Measured as it stands in the data: an escaped '&amp;' only makes the box wider than needed.
    return max(text_width(line, _FONT) for line in lines) + 2, _LINE * len(lines)


def _diameter(params_b: float | None, scale: float = 1.0) -> float:
    """Area by parameters, within what can be seen and does not hide others."""
    known = params_b is not None and not pd.isna(params_b)
    return (
        float(np.clip(3.4 * params_b**0.5 * scale, 6, 30)) if params_b is not None and known else _UNKNOWN_SIZE * scale
    )


def _scale(points: int, narrow: bool) -> float:
    """Marks shrink as they become many, or the chart small."""
    crowd = 1.0 if points <= 40 else 0.75 if points <= 100 else 0.6 if points <= 400 else 0.45
    return crowd * (0.75 if narrow else 1.0)


def _weights(value: Any) -> tuple[str, str]:
    return WEIGHTS[None if pd.isna(value) else bool(value)]


def _colour(layer: str, theme: style.Theme) -> str:
    return style.ink(theme) if layer == "frontier" else style.muted(theme)


def _marks(rows: pd.DataFrame, layer: str, theme: style.Theme, intervals: bool) -> go.Scatter:
    colour = _colour(layer, theme)
    unknown = rows["params_b"].isna()
    shown = rows["chosen"] | (layer == "frontier") | intervals
    return go.Scatter(
        x=_percent(rows["safe_rate"]),
        y=_percent(rows["effective_rate"]),
        mode="markers",
        name=layer,
        showlegend=False,
        cliponaxis=False,
        opacity=0.5 if layer == "partial" else 1,
        marker={
            "symbol": [_weights(value)[0] for value in rows["open_weights"]],
            "size": rows["size"].tolist(),
            "color": [style.paper(theme) if is_unknown else colour for is_unknown in unknown],
            "line": {"width": 2, "color": [colour if is_unknown else style.paper(theme) for is_unknown in unknown]},
            "opacity": 1,
        },
        error_x=_error(rows, "safe", shown, colour, layer),
        error_y=_error(rows, "effective", shown, colour, layer),
        customdata=rows[["run_id"]].to_numpy(),
        text=[_hover(row) for row in rows.to_dict("records")],
        hovertemplate="%{text}<extra></extra>",
    )


def _error(rows: pd.DataFrame, name: str, shown: pd.Series[bool], colour: str, layer: str) -> dict[str, Any]:
    rate, low, high = (_percent(rows[f"{name}_{end}"].where(shown, rows[f"{name}_rate"])) for end in ("rate", "low", "high"))  # fmt: skip
    faint = layer != "frontier"
    return {
        "type": "data",
        "symmetric": False,
        "array": high - rate,
        "arrayminus": rate - low,
        "color": faded(colour, 0.45 if faint else 0.8),
        "thickness": 1.0 if faint else 1.4,
        "width": 0,
    }


def _hover(row: dict[Any, Any]) -> str:
    lines = [f"<b>{style.chart_text(row['label'], 48)}</b>"]
    for name, words in (("safe", "Safe"), ("effective", "Effective"), ("safe_and_effective", "Safe & Effective")):
        rate, low, high, k, n = (row[f"{name}_{part}"] for part in ("rate", "low", "high", "k", "n"))
        if n:
            lines.append(
                f"{words} {style.percent(rate)}, 95 % interval {style.interval(low, high)}, {style.count(k, n)}"
            )
    size = style.NOT_PUBLISHED if pd.isna(row["params_b"]) else f"{row['params_b']:g} B"
    lines.append(f"{_weights(row['open_weights'])[1]}, size {size}")
    lines.append(REGIONS[row["region"]].label + ("" if row["counted"] else "; partial, so not part of the frontier"))
    if row["frontier"]:
        lines.append("On the frontier")
    if row.get("share") is not None and not pd.isna(row["share"]):
        lines.append(f"On the frontier in {style.percent(row['share'])} of the draws")
    return "<br>".join(lines)


def _rings(rows: pd.DataFrame, theme: style.Theme) -> go.Scatter:
    return go.Scatter(
        x=_percent(rows["safe_rate"]),
        y=_percent(rows["effective_rate"]),
        mode="markers",
        name="Chosen",
        legendrank=1003,
        marker={"symbol": "circle-open", "size": (rows["size"] + 12).tolist(), "color": style.ink(theme), "line": {"width": 2}},
        hoverinfo="skip",
    )  # fmt: skip


def _frontier(drawn: go.Figure, points: pd.DataFrame, theme: style.Theme) -> None:
    """The staircase under which every other run is beaten in both rates."""
    on = points[points["frontier"]].sort_values(["safe_rate", "effective_rate"], ascending=[True, False])
    if on.empty:
        return
    x, y = _percent(on["safe_rate"]), _percent(on["effective_rate"])
    drawn.add_trace(
        go.Scatter(
            x=[0.0, *x, x[-1]],
            y=[y[0], *y, 0.0],
            mode="lines",
            line={"shape": "vh", "color": style.ink(theme), "width": 1.3, "dash": "dash"},
            name="Frontier",
            legendrank=1001,
            hoverinfo="skip",
        )
    )


def _key(drawn: go.Figure, points: pd.DataFrame, theme: style.Theme) -> None:
    """What the marks mean, only as far as it is in the data."""
    colour = style.muted(theme)
    weights = {_weights(value) for value in points["open_weights"]}
    entries: list[tuple[str, dict[str, Any]]] = [
        (name, {"symbol": symbol, "color": colour}) for symbol, name in WEIGHTS.values() if (symbol, name) in weights
    ]
    if points["params_b"].isna().any():
        hollow = {"symbol": "circle", "color": style.paper(theme), "line": {"width": 2, "color": colour}}
        entries.append(("Hollow: size not published", hollow))
    if not points["counted"].all():
        entries.append(("Pale: partial, not ranked", {"symbol": "circle", "color": faded(colour, 0.45)}))
    for name, marker in entries:
        drawn.add_trace(
            go.Scatter(x=[None], y=[None], mode="markers", name=name, marker={"size": 10, **marker}, hoverinfo="skip")
        )


def _annotation(label: Label, row: pd.Series[Any], narrow: bool, theme: style.Theme) -> dict[str, Any]:
    name = style.chart_text(row["model"], _FOLD[narrow])
    placed = {
        "x": 100 * row["safe_rate"], "y": 100 * row["effective_rate"], "text": f"<b>{name}</b>" if row["chosen"] else name,
        "font": {"size": _FONT, "color": style.ink(theme)}, "align": "left" if label.anchor != "right" else "right",
        "xanchor": label.anchor, "yanchor": label.level, "borderpad": 0, "bgcolor": faded(style.paper(theme), 0.75),
        "captureevents": False,
    }  # fmt: skip
    if not label.line:
        return placed | {"showarrow": False, "xshift": label.dx, "yshift": -label.dy}
    arrow = {
        "ax": label.dx,
        "ay": label.dy,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": faded(style.muted(theme), 0.8),
    }
    return placed | {"showarrow": True, "standoff": row["size"] / 2 + 1, **arrow}


def _percent(rates: pd.Series[float]) -> Any:
    return 100 * rates.to_numpy(dtype=float)
