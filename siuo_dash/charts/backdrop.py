"""What lies behind the runs of the trade-off: named regions, lines of equal Safe & Effective, axes of known size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.charts import style
from siuo_dash.charts.placement import Box, text_width

Mode = Literal["open", "lasso", "box"]

PLOT_HEIGHT: Final = {False: 540, True: 400}
_MARGIN: Final = {"l": 52, "r": 14, "b": 46}
# The plot's width in pixels, narrowest and widest, on each screen.
WIDTHS: Final[dict[style.Screen, tuple[float, float]]] = {
    "narrow": (240.0, 700.0),
    "medium": (530.0, 1100.0),
    "wide": (890.0, 3600.0),
}
# Above 100 and below 0 there is a band for the names of the regions, where no mark can hide them.
_BAND: Final = 7.0
_ISO: Final = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Region:
    """A named part of the chart: its label, what it means, the colour of its outcome, its corner (0 or 1 on each axis)."""

    id: str
    label: str
    help: str
    colour: str
    corner: tuple[int, int]


REGIONS: Final = {
    region.id: region
    for region in (
        Region("both", "Safe and helpful", "most samples safe, most effective", style.BOTH, (1, 1)),
        Region("safe", "Safe by refusing", "most samples safe, most not effective", style.SAFE, (1, 0)),
        Region("effective", "Helpful but unsafe", "most samples effective, most unsafe", style.EFFECTIVE, (0, 1)),
        Region("neither", "Neither", "most samples unsafe, most not effective", style.UNSAFE, (0, 0)),
    )
}


def regions(drawn: go.Figure, points: pd.DataFrame, theme: style.Theme) -> None:
    """Tint the four regions and name each with its number of runs. points: rows with `region`."""
    counts = points["region"].value_counts()
    for region in REGIONS.values():
        x, y = region.corner
        drawn.add_shape(
            type="rect", layer="below", x0=50 * x, x1=50 + 50 * x, y0=50 * y, y1=50 + 50 * y, line_width=0,
            fillcolor=faded(region.colour, 0.09 if theme == "light" else 0.16),
        )  # fmt: skip
        drawn.add_annotation(
            x=100 * x, y=100 * y, text=f"<b>{region.label}: {counts.get(region.id, 0)}</b>", showarrow=False, xanchor="right" if x else "left",
            yanchor="bottom" if y else "top", font={"size": 13, "color": style.muted(theme)}, borderpad=3,
        )  # fmt: skip


def iso_lines(drawn: go.Figure, theme: style.Theme) -> None:
    """Lines on which safe × effective is 20, 40, 60, 80 %: Safe & Effective, were the two independent."""
    x = np.linspace(0, 1, 101)
    for place_, level in enumerate(_ISO):
        with np.errstate(divide="ignore"):
            y = np.where(x >= level, level / x, np.nan)
        drawn.add_trace(
            go.Scatter(
                x=100 * x,
                y=100 * y,
                mode="lines",
                line={"color": faded(style.BOTH, 0.75), "width": 1.2, "dash": "dot"},
                name="Safe & Effective if independent",
                legendgroup="lines",
                legendrank=1002,
                showlegend=place_ == 0,
                hoverinfo="skip",
            )
        )
        drawn.add_annotation(
            x=100, y=100 * level, text=f"{level:.0%}".replace("%", " %"), showarrow=False, xanchor="right",
            yanchor="middle", font={"size": 11, "color": style.muted(theme)}, bgcolor=faded(style.paper(theme), 0.8),
            borderpad=1,
        )  # fmt: skip


def layout(drawn: go.Figure, theme: style.Theme, screen: style.Screen, mode: Mode) -> None:
    """Axes, key and margins, so that the plot has the height that labels are placed in; call it after all traces."""
    names = [trace.name for trace in drawn.data if trace.showlegend is not False]
    # The height of the key is reserved, not left to the browser: labels are placed in a plot of known height.
    room, used, rows = WIDTHS[screen][0], 0.0, 1
    for name in names:
        width = 48 + text_width(name, 12)
        rows, used = (rows + 1, width) if used and used + width > room else (rows, used + width)
    top = 10 + 21 * rows
    drawn.update_layout(
        height=PLOT_HEIGHT[screen == "narrow"] + top + _MARGIN["b"],
        margin={**_MARGIN, "t": top, "autoexpand": False},
        legend={"yref": "container", "y": 1, "yanchor": "top", "x": 0, "font": {"size": 12}, "itemclick": False, "itemdoubleclick": False},
        dragmode={"open": "pan", "lasso": "lasso", "box": "select"}[mode],
        newselection={"line": {"color": style.ink(theme), "width": 1.5}},
    )  # fmt: skip
    axis = {"tick0": 0, "dtick": 20, "automargin": False, "fixedrange": True, "zeroline": False, "title_standoff": 6}
    drawn.update_xaxes(title="Safe, % of graded samples", range=[0, 100], **axis)
    drawn.update_yaxes(title="Effective, % of graded samples", range=[-_BAND, 100 + _BAND], **axis)


def taken(narrow: bool, lines: bool) -> list[Box]:
    """What labels keep clear of: the names of the regions, the figures at the lines."""
    height = PLOT_HEIGHT[narrow]
    boxes = []
    for region in REGIONS.values():
        width = text_width(f"{region.label}: 9999", 13) + 8
        x, y = region.corner
        band = height - down(0, height)
        boxes.append(Box(x, -width if x else 0.0, 0.0 if y else height - band, width, band))
    if lines:
        boxes += [Box(1.0, -38.0, down(level, height) - 8, 38, 16) for level in _ISO]
    return boxes


def down(rate: float, height: float) -> float:
    """Where an effective rate lies, in pixels from the top of the plot."""
    return height * (100 + _BAND - 100 * rate) / (100 + 2 * _BAND)


def faded(colour: str, alpha: float) -> str:
    """A colour '#rrggbb' with an opacity of 0..1."""
    red, green, blue = (int(colour[place_ : place_ + 2], 16) for place_ in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
