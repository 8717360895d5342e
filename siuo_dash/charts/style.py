"""Colours, number formats and the chart template: one place, used by tables and charts alike."""

from __future__ import annotations

import html
import textwrap
from typing import Final, Literal

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import METRICS

Theme = Literal["light", "dark"]
Screen = Literal["narrow", "medium", "wide"]
"""Windows up to 760 px, up to 1160 px, and wider."""

SAFE: Final = "#0072B2"
EFFECTIVE: Final = "#E69F00"
BOTH: Final = "#009E73"
MCQA: Final = "#CC79A7"
UNSAFE: Final = "#D55E00"
UNGRADED: Final = "#8A8F94"
METRIC_COLOURS: Final = {"safe": SAFE, "effective": EFFECTIVE, "safe_and_effective": BOTH, "mcqa": MCQA}
assert set(METRIC_COLOURS) == set(METRICS)
QUALITATIVE: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
"""Okabe and Ito's colour-blind safe palette; runs are told apart by symbol and dash as well."""
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

_INK: Final = {"light": "#0d1217", "dark": "#e6eaee"}
_PAPER: Final = {"light": "#ffffff", "dark": "#12161a"}
_GRID: Final = {"light": "#dde2e6", "dark": "#333c44"}
_MUTED: Final = {"light": "#5b656e", "dark": "#a3adb6"}
FONT: Final = "'Source Sans', 'Source Sans 3', 'Source Sans Pro', sans-serif"

# Streamlit writes on a chosen chip in white, whatever the theme's colour behind it: 2.2 to 1 on our light blue.
DARK_CHIPS: Final = (
    f"<style>[data-testid='stMultiSelect'] span[title], [data-testid='stMultiSelect'] span[title] ~ * "
    f"{{ color: {_PAPER['dark']}; }}</style>"
)

PERCENT_RANGE: Final = [-2, 102]
"""An axis of percent on which a mark at 0 or at 100 is drawn whole."""
NOT_PUBLISHED: Final = "not published"
NOT_JUDGED: Final = "not judged"


def ink(theme: Theme) -> str:
    """The colour of text and of marks that carry no metric."""
    return _INK[theme]


def muted(theme: Theme) -> str:
    """The colour of secondary text and reference lines."""
    return _MUTED[theme]


def grid(theme: Theme) -> str:
    """The colour of lines between rows and at marks."""
    return _GRID[theme]


def paper(theme: Theme) -> str:
    """The colour behind a chart."""
    return _PAPER[theme]


def percent(rate: float | None, digits: int = 1) -> str:
    """A fraction as percent: 0.5329 → '53.3 %'; '–' when it is not known."""
    return "–" if rate is None or pd.isna(rate) else f"{100 * rate:.{digits}f} %"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """Two fractions as a range of percent: '45.7–60.7'; '' when not known."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}"


def count(k: float | None, n: float | None) -> str:
    """'89/167'; '' when not known."""
    return "" if k is None or n is None or pd.isna(k) or pd.isna(n) or n == 0 else f"{int(k)}/{int(n)}"


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of two rates in percentage points, with its sign: '+6.0'."""
    return "–" if difference is None or pd.isna(difference) else f"{100 * difference:+.{digits}f}"


def missing(evidence: str) -> str:
    """Why a rate is not there: totals were not published, per-sample runs were not judged."""
    return NOT_PUBLISHED if evidence == "totals" else NOT_JUDGED


def chart_text(text: str, width: int = 34) -> str:
    """A name as plain text in a chart: nothing in it is read as markup; long names are folded, never cut."""
    lines = textwrap.wrap(str(text), width, break_long_words=True) or [""]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def figure(theme: Theme, *, height: int, title: str | None = None) -> go.Figure:
    """An empty figure in the project's look; `title` is for exports, pages have headings of their own."""
    layout = go.Layout(
        template=go.layout.Template(),
        height=height,
        paper_bgcolor=_PAPER[theme],
        plot_bgcolor=_PAPER[theme],
        font={"family": FONT, "size": 13, "color": _INK[theme]},
        colorway=list(QUALITATIVE),
        margin={"l": 8, "r": 16, "t": 44 if title else 16, "b": 8},
        hoverlabel={"font": {"family": FONT, "size": 13}, "align": "left"},
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0},
        dragmode=False,
    )
    if title:
        layout.title = {"text": chart_text(title, 90), "x": 0, "xanchor": "left", "font": {"size": 15}}
    drawn = go.Figure(layout=layout)
    axis = {"gridcolor": _GRID[theme], "zerolinecolor": _GRID[theme], "linecolor": _GRID[theme], "automargin": True}
    drawn.update_xaxes(**axis)
    drawn.update_yaxes(**axis)
    return drawn
