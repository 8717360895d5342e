"""Dots in rows: what passes in each part of the catalogue, by run or over all runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import PERCENT_RANGE, chart_text, figure, name_axis, rate_hover, rows
from siuo_dash.charts.intervals import dots
from siuo_dash.text import counted, fraction, percent

MOST_RUNS: Final = 60
"""More runs than this cannot be read at once; the page says how many are left out."""
_HEAD: Final = {False: 62, True: 78}
_GUTTER: Final = 0.025
"""Share of the width between two panels."""
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


def group_dots(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    groups: Mapping[str, str],
    metric: Metric,
    theme: Theme,
    *,
    narrow: bool = False,
) -> go.Figure:
    """A panel for each group of samples, in each a dot and its 95% interval for each run, in the given order.

    cells: `run_id`, `group`, `k`, `n`, `rate`, `low`, `high` (fractions) of one grouping; no dot where the rate is not
    known. runs: {run_id: name}, at most MOST_RUNS are drawn. groups: {id: label}. A dashed line is the mean of several
    runs. narrow: names are above the dots. Each dot has the customdata (run_id, group), which a click selects.
    """
    shown = dict(list(runs.items())[:MOST_RUNS])
    names = rows(shown.values(), 28, width=44 if narrow else 25, room=28 if narrow else 8)
    # On a narrow screen the name takes the upper part of its row.
    places = [below - 13 for below in names.edges[1:]] if narrow else names.middles
    place = dict(zip(shown, places, strict=True))
    drawn = figure(theme, height=int(_HEAD[narrow] + names.height + 30))
    colour, grey = colours.METRIC_COLOURS[metric.id], colours.muted(theme)
    grid, paper = colours.grid(theme), colours.paper(theme)
    held = {"showarrow": False, "xref": "paper", "xanchor": "left", "align": "left", "borderpad": 0}
    width = (1 - _GUTTER * (len(groups) - 1)) / len(groups)
    for number, (group, label) in enumerate(groups.items()):
        part = cells[(cells["group"] == group) & cells["run_id"].isin(list(shown)) & cells["rate"].notna()]
        text = [rate_hover(shown[row.run_id], label, row, metric) for row in part.itertuples()]
        y = [place[run_id] for run_id in part["run_id"]]
        still: dict[str, Any] = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
        axis = f"x{number + 1}" if number else "x"
        drawn.add_trace(dots(part, y, colour, text, ids=("run_id", "group"), xaxis=axis, showlegend=False, **still))
        said = [f"<b>{label}</b>", counted(int(part["n"].max()), "sample") if len(part) else "no graded sample"]
        if len(part) > 1:
            mean = float(part["rate"].mean())
            ends = {"x0": 100 * mean, "x1": 100 * mean, "xref": axis, "y0": 0, "y1": 1, "yref": "paper"}
            drawn.add_shape(type="line", layer="below", line={"color": grey, "dash": "dash", "width": 1.5}, **ends)
            said.append(f"mean {percent(mean)}")
        left = number * (width + _GUTTER)
        words = "<br>".join([said[0], ("<br>" if narrow else " · ").join(said[1:])])
        drawn.add_annotation(x=left, y=1, text=words, yref="paper", yanchor="bottom", yshift=4, **held)
        axes: dict[str, Any] = {"range": PERCENT_RANGE, "dtick": 50 if narrow else 20, "zeroline": False, "anchor": "y"}
        axes |= {"domain": [left, left + width], "gridcolor": grid, "linecolor": grid, "fixedrange": True}
        drawn.update_layout({f"xaxis{number + 1}" if number else "xaxis": axes | {"automargin": False}})
    beside = [] if narrow else names.labels
    name_axis(drawn, beside, places[: len(beside)], [names.height, 0], showgrid=not narrow, fixedrange=True)
    for label, top in zip(names.labels if narrow else (), names.edges, strict=False):
        drawn.add_annotation(x=0, y=top + 2, text=label, yanchor="top", font={"size": 12}, bgcolor=paper, **held)
    return drawn.update_layout(margin={"t": _HEAD[narrow], "l": 4 if narrow else 8, "b": 28})
