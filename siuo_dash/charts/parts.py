"""Dots in rows: what passes in each part of the catalogue."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import PERCENT_RANGE, chart_text, figure, name_axis, rows
from siuo_dash.text import counted, fraction

_SHORT: Final = {domain.id: domain.short for domain in DOMAINS}


def subcategory_dots(parts: pd.DataFrame, metric: Metric, theme: Theme) -> go.Figure:
    """A dot for each subcategory, lowest rate first, beside it how many verdicts pass of how many.

    parts: `domain`, `subcategory`, `samples`, `k`, `n` (verdicts of all runs together), `rate` (fraction). Each dot has
    the customdata (domain, subcategory), which a click selects.
    """
    names = rows((f"{row.subcategory} ({_SHORT[row.domain]})" for row in parts.itertuples()), 20, width=44, room=3)
    drawn = figure(theme, height=int(names.height + 60))
    counts = [fraction(k, n) for k, n in zip(parts["k"], parts["n"], strict=True)]
    drawn.add_trace(
        go.Scatter(
            x=100 * parts["rate"],
            y=names.middles,
            mode="markers+text",
            marker={"size": 10, "color": colours.METRIC_COLOURS[metric.id]},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            text=counts,
            textposition=["middle left" if rate > 0.85 else "middle right" for rate in parts["rate"]],
            textfont={"size": 11, "color": colours.muted(theme)},
            customdata=parts[["domain", "subcategory"]].to_numpy(),
            hovertext=[
                f"<b>{chart_text(row.subcategory, 60)}</b><br>{metric.label}: {fraction(row.k, row.n)} verdicts on "
                f"{counted(row.samples, 'sample')}"
                for row in parts.itertuples()
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            cliponaxis=False,
        )
    )
    drawn.update_xaxes(
        title=f"{metric.label}, % of verdicts", range=PERCENT_RANGE, dtick=20, side="top", zeroline=False
    )
    name_axis(drawn, names.labels, names.middles, [names.height, 0], showgrid=True, fixedrange=True)
    return drawn.update_xaxes(fixedrange=True)
