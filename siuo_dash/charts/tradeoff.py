"""Safe against effective: every run with both intervals, the frontier, named regions, names of the runs that lead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme, faded
from siuo_dash.charts.figure import Screen, chart_text, error_bar, figure, hundredfold, text_width
from siuo_dash.charts.placement import BAND, PLOT_HEIGHT, WIDTHS, Box, annotation, down, labels_of
from siuo_dash.text import NOT_PUBLISHED, fraction, interval, percent

Mode = Literal["open", "lasso", "box"]

MOST_POINTS: Final = 2000
"""More marks than this neither draw quickly nor can be distinguished; the page says how many are left out."""
WEIGHTS: Final = {
    True: ("circle", "Open weights"),
    False: ("diamond", "Closed weights"),
    None: ("square", "Weights not stated"),
}
_MARGIN: Final = {"l": 52, "r": 14, "b": 46}
_ISO: Final = (0.2, 0.4, 0.6, 0.8)
_UNKNOWN_SIZE: Final = 11.0
_NAME: Final = 22.0
"""Pixels of the height of a region's name."""
_SPOTS: Final = 4
"""Heights that are tried for it, from the edge to the half."""
_CLEAR: Final = 12.0
"""Pixels between it and a mark."""


@dataclass(frozen=True)
class Region:
    """A named part of the chart: its label, the colour of its outcome, its corner (0 or 1 on each axis)."""

    id: str
    label: str
    colour: str
    corner: tuple[int, int]


REGIONS: Final = {
    region.id: region
    for region in (
        Region("both", "Safe and effective", colours.BOTH, (1, 1)),
        Region("safe", "Safe, not effective", colours.SAFE, (1, 0)),
        Region("effective", "Effective, not safe", colours.UNSAFE, (0, 1)),
        Region("neither", "Neither", colours.UNGRADED, (0, 0)),
    )
}


def tradeoff(
    frame: pd.DataFrame,
    theme: Theme,
    *,
    chosen: Collection[str] = (),
    screen: Screen = "wide",
    intervals: bool = True,
    lines: bool = True,
    mode: Mode = "open",
) -> go.Figure:
    """Safe (x) against effective (y), one mark a run, in percent; the frontier and the chosen runs are named.

    frame: rows with `run_id`, `model`, `label`, `params_b`, `open_weights`, `counted`, `frontier`, `region`, and for
    `safe`, `effective` and `safe_and_effective` each `_rate`, `_low`, `_high` (fractions), `_k`, `_n`; `share` (of
    draws) where known. Rows without both rates are left out, and rows beyond MOST_POINTS. chosen: run ids that are
    ringed and named first. intervals: draw them for all runs, else for the frontier and the chosen. lines: of equal
    Safe & Effective, were the two independent. mode: what a click or drag does.
    """
    points, narrow = points_of(frame, chosen), screen == "narrow"
    scale = _scale(len(points), narrow)
    sizes = [_diameter(size, scale) for size in points["params_b"]]
    points = points.assign(chosen=points["run_id"].isin(list(chosen)), size=sizes)
    drawn = figure(theme, height=PLOT_HEIGHT[narrow])
    spots = spots_of(points, screen)
    _regions(drawn, points, spots, theme)
    if lines:
        _iso_lines(drawn, theme)
    _frontier(drawn, points, theme)
    others = points["counted"] & ~points["frontier"]
    layers = {"partial": ~points["counted"], "others": others, "frontier": points["frontier"]}
    for layer, part in layers.items():
        if part.any():
            # Large marks first, so that they do not hide small ones.
            marks = points[part].sort_values("size", ascending=False, kind="stable")
            drawn.add_trace(_marks(marks, layer, theme, intervals))
    if points["chosen"].any():
        drawn.add_trace(_rings(points[points["chosen"]], theme))
    _key(drawn, points, theme)
    _arrange(drawn, theme, screen, mode)
    labels = labels_of(points, screen, taken(spots, narrow, lines))
    # All at once: plotly examines all that are there for each that is added.
    named = [annotation(label, points.iloc[label.mark], narrow, theme) for label in labels]
    drawn.layout.annotations = [*drawn.layout.annotations, *named]
    return drawn


def points_of(frame: pd.DataFrame, chosen: Collection[str] = ()) -> pd.DataFrame:
    """The rows that are drawn, in the order in which they are named: chosen, frontier, then by Safe & Effective."""
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


def spots_of(points: pd.DataFrame, screen: Screen) -> dict[str, Box]:
    """{region: the box of its name}: inside it, as near to the outer edge as there are fewest marks."""
    height, (narrowest, _) = PLOT_HEIGHT[screen == "narrow"], WIDTHS[screen]
    middle = down(0.5, height)
    across, level = points["safe_rate"] * narrowest, points["effective_rate"].map(lambda rate: down(rate, height))
    found = {}
    for region in REGIONS.values():
        width, (x, y) = text_width(f"{region.label}: 9999", 13) + 8, region.corner
        at_half, at_edge = (middle - _NAME, down(1, height)) if y else (middle, down(0, height) - _NAME)
        near = (across > narrowest - width - _CLEAR) if x else (across < width + _CLEAR)
        tops = np.linspace(at_edge, at_half, _SPOTS).tolist()
        near_to = {top: near & level.between(top - _CLEAR, top + _NAME + _CLEAR) for top in tops}
        marks = {top: int(these.sum()) for top, these in near_to.items()}
        found[region.id] = Box(x, -width if x else 0.0, min(marks, key=marks.__getitem__), width, _NAME)
    return found


def taken(spots: Mapping[str, Box], narrow: bool, lines: bool) -> list[Box]:
    """What names of runs keep clear of: the names of the regions, the figures at the lines."""
    height = PLOT_HEIGHT[narrow]
    return [*spots.values(), *(Box(1.0, -38.0, down(level, height) - 8, 38, 16) for level in _ISO if lines)]


def _regions(drawn: go.Figure, points: pd.DataFrame, spots: Mapping[str, Box], theme: Theme) -> None:
    """Tint the four regions and name each with its number of runs."""
    counts = points["region"].value_counts()
    for region in REGIONS.values():
        x, y = region.corner
        sides = {"x0": 50 * x, "x1": 50 + 50 * x, "y0": 50 * y, "y1": 50 + 50 * y}
        tint = faded(region.colour, 0.09 if theme == "light" else 0.16)
        drawn.add_shape(type="rect", layer="below", line_width=0, fillcolor=tint, **sides)
        text, font = f"<b>{region.label}: {counts.get(region.id, 0)}</b>", {"size": 13, "color": colours.muted(theme)}
        held = {"xanchor": "right" if x else "left", "yref": "paper", "yanchor": "top", "borderpad": 3}
        held["bgcolor"] = faded(colours.paper(theme), 0.6)
        top = 1 - spots[region.id].top / drawn.layout.height
        drawn.add_annotation(x=100 * x, y=top, text=text, showarrow=False, font=font, **held)


def _iso_lines(drawn: go.Figure, theme: Theme) -> None:
    """Lines on which safe × effective is 20, 40, 60, 80%: Safe & Effective, were the two independent."""
    x = np.linspace(0, 1, 101)
    line = {"color": faded(colours.BOTH, 0.75), "width": 1.2, "dash": "dot"}
    key = {"name": "Safe & Effective, if independent", "legendgroup": "lines", "legendrank": 1002}
    font = {"size": 11, "color": colours.muted(theme)}
    held = {"showarrow": False, "xanchor": "right", "yanchor": "middle", "borderpad": 1}
    for level in _ISO:
        with np.errstate(divide="ignore"):
            y = np.where(x >= level, level / x, np.nan)
        shown = {"showlegend": level == _ISO[0], "hoverinfo": "skip"}
        drawn.add_trace(go.Scatter(x=100 * x, y=100 * y, mode="lines", line=line, **key, **shown))
        behind = faded(colours.paper(theme), 0.8)
        drawn.add_annotation(x=100, y=100 * level, text=percent(level, 0), font=font, bgcolor=behind, **held)


def _frontier(drawn: go.Figure, points: pd.DataFrame, theme: Theme) -> None:
    """The staircase under which every other run is beaten in both rates."""
    on = points[points["frontier"]].sort_values(["safe_rate", "effective_rate"], ascending=[True, False])
    if on.empty:
        return
    x, y = hundredfold(on, "safe_rate", "effective_rate")
    line = {"shape": "vh", "color": colours.ink(theme), "width": 1.3, "dash": "dash"}
    key = {"name": "Frontier", "legendrank": 1001, "hoverinfo": "skip"}
    drawn.add_trace(go.Scatter(x=[0.0, *x, x[-1]], y=[y[0], *y, 0.0], mode="lines", line=line, **key))


def _marks(rows: pd.DataFrame, layer: str, theme: Theme, intervals: bool) -> go.Scatter:
    colour = colours.ink(theme) if layer == "frontier" else colours.muted(theme)
    paper = colours.paper(theme)
    unknown = rows["params_b"].isna()
    shown = rows["chosen"] | (layer == "frontier") | intervals
    x, y = hundredfold(rows, "safe_rate", "effective_rate")
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        name=layer,
        showlegend=False,
        cliponaxis=False,
        opacity=0.5 if layer == "partial" else 1,
        marker={
            "symbol": [_weights(value)[0] for value in rows["open_weights"]],
            "size": rows["size"].tolist(),
            "color": [paper if is_unknown else colour for is_unknown in unknown],
            "line": {"width": 2, "color": [colour if is_unknown else paper for is_unknown in unknown]},
            "opacity": 1,
        },
        error_x=_error(rows, "safe", shown, colour, layer),
        error_y=_error(rows, "effective", shown, colour, layer),
        customdata=rows[["run_id"]].to_numpy(),
        text=[_hover(row) for row in rows.to_dict("records")],
        hovertemplate="%{text}<extra></extra>",
    )


def _error(rows: pd.DataFrame, name: str, shown: pd.Series[bool], colour: str, layer: str) -> dict[str, Any]:
    names = [f"{name}_{end}" for end in ("rate", "low", "high")]
    seen = rows[names].where(shown, rows[names[0]], axis=0)
    opacity, thickness = (0.8, 1.4) if layer == "frontier" else (0.45, 1.0)
    middle, low, high = hundredfold(seen, *names)
    return error_bar(middle, low, high, faded(colour, opacity), thickness=thickness, width=0)


def _hover(row: dict[Any, Any]) -> str:
    lines = [f"<b>{chart_text(row['label'], 48)}</b>"]
    for name, words in (("safe", "Safe"), ("effective", "Effective"), ("safe_and_effective", "Safe & Effective")):
        rate, low, high, k, n = (row[f"{name}_{part}"] for part in ("rate", "low", "high", "k", "n"))
        if n:
            lines.append(f"{words} {percent(rate)} ({interval(low, high)}), {fraction(k, n)}")
    size = NOT_PUBLISHED if pd.isna(row["params_b"]) else f"{row['params_b']:g} B"
    lines.append(f"{_weights(row['open_weights'])[1]}, size {size}")
    lines.append(REGIONS[row["region"]].label + ("" if row["counted"] else "; partial, so not part of the frontier"))
    if row["frontier"]:
        lines.append("On the frontier")
    if row.get("share") is not None and not pd.isna(row["share"]):
        lines.append(f"On the frontier in {percent(row['share'])} of bootstraps")
    return "<br>".join(lines)


def _rings(rows: pd.DataFrame, theme: Theme) -> go.Scatter:
    x, y = hundredfold(rows, "safe_rate", "effective_rate")
    ring = {"symbol": "circle-open", "color": colours.ink(theme), "line": {"width": 2}}
    marker = {"size": (rows["size"] + 12).tolist(), **ring}
    return go.Scatter(x=x, y=y, mode="markers", name="Selected", legendrank=1003, marker=marker, hoverinfo="skip")


def _key(drawn: go.Figure, points: pd.DataFrame, theme: Theme) -> None:
    """What the marks mean, only as far as it is in the data."""
    colour = colours.muted(theme)
    weights = {_weights(value) for value in points["open_weights"]}
    entries: list[tuple[str, dict[str, Any]]] = [
        (name, {"symbol": symbol, "color": colour}) for symbol, name in WEIGHTS.values() if (symbol, name) in weights
    ]
    if points["params_b"].isna().any():
        hollow = {"symbol": "circle", "color": colours.paper(theme), "line": {"width": 2, "color": colour}}
        entries.append(("Hollow: size not published", hollow))
    if not points["counted"].all():
        entries.append(("Pale: partial, not ranked", {"symbol": "circle", "color": faded(colour, 0.45)}))
    for name, marker in entries:
        mark = {"size": 10, **marker}
        drawn.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=mark, hoverinfo="skip"))


def _arrange(drawn: go.Figure, theme: Theme, screen: Screen, mode: Mode) -> None:
    """Axes, key and margins, so that the plot has the height that names are placed in; call it after all traces."""
    # The height of the key is reserved, not left to the browser: names are placed in a plot of known height.
    room, used, rows = WIDTHS[screen][0], 0.0, 1
    for trace in drawn.data:
        if trace.showlegend is not False:
            width = 48 + text_width(trace.name, 12)
            rows, used = (rows + 1, width) if used and used + width > room else (rows, used + width)
    top = 10 + 21 * rows
    legend = {"yref": "container", "y": 1, "yanchor": "top", "x": 0, "font": {"size": 12}}
    drawn.update_layout(
        height=PLOT_HEIGHT[screen == "narrow"] + top + _MARGIN["b"],
        margin={**_MARGIN, "t": top, "autoexpand": False},
        legend={**legend, "itemclick": False, "itemdoubleclick": False},
        dragmode={"open": "pan", "lasso": "lasso", "box": "select"}[mode],
        newselection={"line": {"color": colours.ink(theme), "width": 1.5}},
    )
    axis = {"tick0": 0, "dtick": 20, "automargin": False, "fixedrange": True, "zeroline": False, "title_standoff": 6}
    drawn.update_xaxes(title="Safe, % of graded samples", range=[0, 100], **axis)
    drawn.update_yaxes(title="Effective, % of graded samples", range=[-BAND, 100 + BAND], **axis)


def _diameter(params_b: float | None, scale: float = 1.0) -> float:
    """Area by parameters, within what can be seen and does not hide others."""
    if params_b is None or pd.isna(params_b):
        return _UNKNOWN_SIZE * scale
    return float(np.clip(3.4 * params_b**0.5 * scale, 6, 30))


def _scale(points: int, narrow: bool) -> float:
    """Marks shrink as they become many, or the chart small."""
    crowd = 1.0 if points <= 40 else 0.75 if points <= 100 else 0.6 if points <= 400 else 0.45
    return crowd * (0.75 if narrow else 1.0)


def _weights(value: Any) -> tuple[str, str]:
    return WEIGHTS[None if pd.isna(value) else bool(value)]
