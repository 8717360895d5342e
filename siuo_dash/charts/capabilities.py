"""Grouped bars: each run's rate in each group of samples, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import MCQA_CHANCE, Metric
from siuo_dash.charts import style
from siuo_dash.charts.bands import bands
from siuo_dash.charts.scale import mixed

MOST_RUNS: Final = 25
"""More runs than this cannot be read at once; the page says how many are left out."""
_BAR: Final = 13
_GAP: Final = 12
_SHARES: Final = (1.0, 0.4, 0.08)
_PATTERNS: Final = ("", "/", "")


def grouped_bars(
    cells: pd.DataFrame, runs: Mapping[str, str], groups: Mapping[str, str], metric: Metric, theme: style.Theme
) -> go.Figure:
    """A bar and its 95 % interval for each run and group, the runs in the given order from the top.

    cells: `run_id`, `group`, `k`, `n`, `rate`, `low`, `high` (fractions) of one grouping; no bar where the rate is not
    known. runs: {run_id: name}, at most MOST_RUNS are drawn. groups: {id: label}; told apart by shade and by pattern.
    Each bar has the customdata (run_id, group), which a click selects.
    """
    names = dict(list(runs.items())[:MOST_RUNS])
    rows = bands(list(names.values()), _BAR * len(groups) + _GAP, width=24)
    middle = dict(zip(names, rows.middles, strict=True))
    drawn = style.figure(theme, height=int(96 + rows.height))
    colour = style.METRIC_COLOURS[metric.id]
    for place, (group, label) in enumerate(groups.items()):
        part = cells[(cells["group"] == group) & cells["run_id"].isin(list(names)) & cells["rate"].notna()]
        rate, low, high = (100 * part[name].to_numpy(dtype=float) for name in ("rate", "low", "high"))
        above = (place - len(groups) / 2) * _BAR
        shade = mixed(style.paper(theme), colour, _SHARES[place % len(_SHARES)])
        drawn.add_trace(
            go.Bar(
                x=rate,
                y=[middle[run_id] for run_id in part["run_id"]],
                orientation="h",
                width=_BAR - 2,
                offset=above + 1,
                name=label,
                marker={
                    "color": shade,
                    "line": {"color": colour, "width": 1},
                    "pattern": {
                        "shape": _PATTERNS[place % len(_PATTERNS)],
                        "fgcolor": colour,
                        "bgcolor": shade,
                        "size": 7,
                        "solidity": 0.2,
                    },
                },
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": high - rate,
                    "arrayminus": rate - low,
                    "color": style.ink(theme),
                    "thickness": 1.2,
                    "width": 3,
                },
                customdata=part[["run_id", "group"]].to_numpy(),
                hovertext=[_hover(row, names[row.run_id], label, metric) for row in part.itertuples()],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    drawn.update_xaxes(
        title=f"{metric.label}, % of graded samples", range=[0, 100], dtick=20, side="top", fixedrange=True
    )
    drawn.update_yaxes(
        tickmode="array",
        tickvals=rows.middles,
        ticktext=rows.labels,
        range=[rows.height, 0],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    drawn.update_layout(barmode="overlay", legend={"y": 0, "yanchor": "top", "traceorder": "normal"})
    if metric.id == "mcqa":
        drawn.add_vline(x=100 * MCQA_CHANCE, line={"color": style.muted(theme), "dash": "dash", "width": 1.5})
    return drawn


def _hover(row: object, name: str, group: str, metric: Metric) -> str:
    k, n, rate, low, high = (getattr(row, part) for part in ("k", "n", "rate", "low", "high"))
    return "<br>".join(
        [
            f"<b>{style.chart_text(name, 50)}</b>",
            style.chart_text(group, 50),
            f"{metric.label} {style.percent(rate)}, {style.count(k, n)} samples",
            f"95 % interval {style.interval(low, high)}",
        ]
    )
