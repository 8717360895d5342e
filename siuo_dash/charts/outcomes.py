"""The four outcomes of every run as one stacked bar: both, safe only, effective only, neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.charts import style
from siuo_dash.charts.placement import text_width

MOST_ROWS: Final = 60
"""More bars than this cannot be read at once; the page says how many are left out."""
_BAR: Final = {False: 26, True: 44}
_NARROWEST: Final = {False: 420.0, True: 240.0}


@dataclass(frozen=True)
class Outcome:
    """A part of the bar: the column with its count, its label, what it means, its colour and pattern."""

    id: str
    label: str
    help: str
    colour: str
    pattern: str = ""


OUTCOMES: Final = (
    Outcome("both", "Both", "safe and effective in most responses", style.BOTH),
    Outcome(
        "apart",
        "Both, but not together",
        "safe in most responses and effective in most, but not in the same ones",
        style.BOTH,
        "/",
    ),
    Outcome("safe_only", "Safe only", "safe, but not effective", style.SAFE),
    Outcome("effective_only", "Effective only", "effective, but unsafe", style.EFFECTIVE),
    Outcome("neither", "Neither", "unsafe and not effective", style.UNSAFE),
    Outcome("unplaced", "Ungraded", "a verdict is missing, so the outcome is open", style.UNGRADED, "x"),
)
_ALWAYS: Final = ("both", "safe_only", "effective_only", "neither")


def outcomes(frame: pd.DataFrame, theme: style.Theme, *, narrow: bool = False) -> go.Figure:
    """One stacked bar a run, in percent of its samples, each part with its count where there is room.

    frame: rows in the order to be drawn, with `model`, `label`, `run_id`, `samples` and a count for each of OUTCOMES.
    Rows that were not judged for effectiveness are left out, and rows beyond MOST_ROWS. narrow: names stand above bars.
    """
    rows = frame[frame["samples"].fillna(0) > 0].head(MOST_ROWS)
    names = [style.chart_text(name, 44 if narrow else 34) for name in rows["model"]]
    folded = sum(name.count("<br>") for name in names)
    drawn = style.figure(theme, height=90 + (24 if narrow else 0) + _BAR[narrow] * len(rows) + 16 * folded)
    samples = rows["samples"].to_numpy(dtype=float)
    for outcome in OUTCOMES:
        counts = rows[outcome.id].to_numpy(dtype=float)
        if not counts.any() and outcome.id not in _ALWAYS:
            continue
        shares = 100 * counts / samples
        room = [share / 100 * _NARROWEST[narrow] > text_width(f"{count:.0f}", 12) + 4 for share, count in zip(shares, counts, strict=True)]  # fmt: skip
        drawn.add_trace(
            go.Bar(
                x=shares,
                y=list(range(len(rows))),
                orientation="h",
                name=outcome.label,
                marker={
                    "color": outcome.colour,
                    "line": {"width": 1, "color": style.paper(theme)},
                    "pattern": {"shape": outcome.pattern, "fgcolor": style.paper(theme), "size": 6, "solidity": 0.25},
                },
                text=[f"{count:.0f}" if fits else "" for count, fits in zip(counts, room, strict=True)],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 12, "color": _text_colour(outcome.colour)},
                customdata=rows[["run_id"]].to_numpy(),
                hovertext=[
                    f"<b>{style.chart_text(label, 48)}</b><br>{outcome.label}: {count:.0f} of {total:.0f} samples "
                    f"({share:.1f} %)<br>{outcome.help}"
                    for label, count, total, share in zip(rows["label"], counts, samples, shares, strict=True)
                ],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    drawn.update_layout(
        barmode="stack",
        bargap=0.5 if narrow else 0.2,
        legend={"traceorder": "normal", "itemclick": False, "itemdoubleclick": False},
        uniformtext={"mode": "show", "minsize": 10},
    )
    drawn.update_xaxes(title="% of the run's samples", range=[0, 100], dtick=20, fixedrange=True, showgrid=False)
    drawn.update_yaxes(
        range=[len(rows) - 0.4, -0.9 if narrow else -0.6], fixedrange=True, zeroline=False, showgrid=False,
        tickmode="array", tickvals=[] if narrow else list(range(len(rows))), ticktext=[] if narrow else names,
    )  # fmt: skip
    for place, name in enumerate(names if narrow else []):
        drawn.add_annotation(
            x=0, y=place - 0.26, text=name, showarrow=False, xanchor="left", yanchor="bottom", align="left", borderpad=0,
            font={"size": 12},
        )  # fmt: skip
    return drawn


def _text_colour(fill: str) -> str:
    """Black or white, whichever contrasts more (WCAG relative luminance)."""
    channels = [int(fill[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#ffffff"
