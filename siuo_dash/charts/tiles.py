"""Tiles: runs × domains with rate and count in each cell, the 2×2 of two judgements, the catalogue as a treemap."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAIN_LABELS, Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import add_note, chart_text, figure, folded, name_axis, rows
from siuo_dash.text import fraction, interval, percent

MOST_ROWS: Final = 60
LEAST_WIDTH: Final = 1120
"""Pixels below which the cells' text would overlap; on a narrower screen the chart scrolls in its frame."""
MARKS: Final = {"above": "▲", "below": "▼", "": ""}
_ROW: Final = 30
_HEAD: Final = 58
_NAMES: Final = {False: (205, 28), True: (128, 17)}
"""Pixels and characters of a line of the names, on a wide and on a narrow screen."""
_AVERAGES: Final = 1.5
"""Where the columns over all domains end and the domains begin."""
ROOT: Final = "catalogue"
_MAP_HEIGHT: Final = 700
_SEPARATOR: Final = "\x1f"
_Tile = tuple[str, str, str, int, float, str, str]
"""id, parent, label, size, share, text, hover"""


def heatmap(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    columns: Mapping[str, str],
    metric: Metric,
    theme: Theme,
    *,
    sorted_by: str,
    chosen: Sequence[str] = (),
    narrow: bool = False,
) -> go.Figure:
    """A row for each run and a column for each domain, the rate as colour and as text.

    cells: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high`, `board_mean` (fractions), `mark` ('above', 'below', '').
    runs: {run_id: name} in the order of the rows, at most MOST_ROWS of them are drawn; chosen ones in bold.
    columns: {id: label} in their order, the two over all domains first. sorted_by: the column that the rows are sorted
    by. narrow: leave less room to the names.
    Each cell has a point with the customdata (run_id, column), which a click selects.
    """
    ids = list(runs)[:MOST_ROWS]
    margin, width = _NAMES[narrow]
    bold = [run_id in set(chosen) for run_id in ids]
    names = rows([runs[run_id] for run_id in ids], _ROW, width=width, room=6, bold=bold)
    places = dict(zip(ids, names.middles, strict=True))
    shown = cells[cells["run_id"].isin(ids) & cells["column"].isin(list(columns))]
    scale = colours.sequential(colours.METRIC_COLOURS[metric.id], theme)
    drawn = figure(theme, height=int(_HEAD + names.height + 12))
    rate = shown.pivot(index="run_id", columns="column", values="rate").reindex(index=ids, columns=list(columns))
    colouring = {"zmin": 0, "zmax": 100, "colorscale": scale, "showscale": False}
    z, x = 100 * rate.to_numpy(dtype=float), list(range(len(columns)))
    drawn.add_trace(go.Heatmap(z=z, x=x, y=names.edges, xgap=2, ygap=2, hoverinfo="skip", **colouring))
    position = {column: place for place, column in enumerate(columns)}
    # A heatmap's cells cannot be selected, so an unseen point over each has the text, the hover and the click.
    drawn.add_trace(
        go.Scatter(
            x=[position[column] for column in shown["column"]],
            y=[places[run_id] for run_id in shown["run_id"]],
            mode="markers+text",
            marker={"size": 24, "opacity": 0, "symbol": "square"},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            text=[_cell_text(cell) for cell in shown.itertuples()],
            textfont={"size": 13, "color": [_text_colour(rate, scale, theme) for rate in shown["rate"]]},
            hovertext=[_hover(cell, runs[cell.run_id], columns[cell.column], metric) for cell in shown.itertuples()],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=shown[["run_id", "column"]].to_numpy(),
            showlegend=False,
        )
    )
    fixed = {"showgrid": False, "automargin": False, "ticks": "", "fixedrange": True}
    drawn.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(position.values()),
        ticktext=[_heading(label, column == sorted_by) for column, label in columns.items()],
        tickfont={"size": 12},
        range=[-0.5, len(columns) - 0.5],
        zeroline=False,
        **fixed,
    )
    name_axis(drawn, names.labels, names.middles, [names.height, 0], **fixed)
    drawn.add_vline(x=_AVERAGES, line={"color": colours.paper(theme), "width": 8})
    margins = {"l": margin, "r": 6, "t": _HEAD, "b": 6}
    return drawn.update_layout(margin=margins, hoverdistance=60, showlegend=False)


def legend_line(theme: Theme, metric: Metric) -> str:
    """What the colours and marks mean, as plain text."""
    return (
        f"Each cell: percent and count, the {'darker' if theme == 'light' else 'brighter'} the higher "
        f"({metric.label}, 0 to 100 %). ▲ ▼: the cell's 95 % interval lies above or below the board's mean."
    )


def two_by_two(
    counts: Sequence[Sequence[int]],
    theme: Theme,
    *,
    outcomes: Sequence[str],
    names: tuple[str, str],
    diagonal: Sequence[str],
    note: str = "",
) -> go.Figure:
    """A table of counts as tiles, each with its count and share; grey where row and column differ.

    counts: rows × columns of the same outcomes in the same order. names: of the rows, of the columns. diagonal: a
    colour for each outcome, for the diagonal. The stronger the colour, the larger the share.
    """
    total, size = sum(map(sum, counts)), len(outcomes)
    drawn = figure(theme, height=110 + 84 * size)
    cells = [(row, column) for row in range(size) for column in range(size)]
    for row, column in cells:
        corners = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.46, "y1": row + 0.46}
        colour = diagonal[row] if row == column else colours.UNGRADED
        opacity = 0.08 + 0.42 * (counts[row][column] / total if total else 0.0)
        line = {"width": 1, "color": colours.muted(theme)}
        drawn.add_shape(type="rect", layer="below", line=line, fillcolor=colour, opacity=opacity, **corners)
    texts = [(counts[row][column], counts[row][column] / total if total else None) for row, column in cells]
    hovers = [f"{names[0]}: {outcomes[row]}; {names[1]}: {outcomes[column]}" for row, column in cells]
    drawn.add_trace(
        go.Scatter(
            x=[column for _, column in cells],
            y=[row for row, _ in cells],
            mode="text",
            text=[f"<b>{count}</b><br>{percent(share)}" for count, share in texts],
            textfont={"size": 15, "color": colours.ink(theme)},
            customdata=[[chart_text(hover, 60)] for hover in hovers],
            hovertemplate="%{customdata[0]}<br>%{text}<extra></extra>",
            showlegend=False,
        )
    )
    drawn.update_xaxes(
        tickmode="array",
        tickvals=list(range(size)),
        ticktext=[chart_text(name, 16) for name in outcomes],
        title=chart_text(names[1], 40),
        side="top",
        range=[-0.55, size - 0.45],
        showgrid=False,
        zeroline=False,
    )
    labels, title = [chart_text(name, 12) for name in outcomes], chart_text(names[0], 24)
    name_axis(drawn, labels, range(size), [size - 0.5, -0.5], title=title, showgrid=False)
    add_note(drawn, note, theme, below=8)
    return drawn


def catalogue_map(
    samples: pd.DataFrame,
    domains: pd.DataFrame,
    subcategories: pd.DataFrame,
    metric: Metric,
    theme: Theme,
    *,
    whole: bool = True,
) -> go.Figure:
    """A tile for each domain, in it its subcategories, in them their samples; a click opens a tile.

    samples: `question_id`, `domain`, `subcategory`, `scene`, `graded`, `failing` (numbers of runs).
    domains, subcategories: `domain`, (`subcategory`,) `samples`, `failing`, `graded` (runs a sample, on average),
    `share` (of graded pairs, fraction). A tile's area is its number of samples, its colour the share that fails.
    whole: domains and subcategories at once; else only the domains, and a click shows what is in one.
    """
    share = samples["failing"].sum() / max(1, samples["graded"].sum())
    nodes: list[_Tile] = [(ROOT, "", "All samples", len(samples), share, "", f"{len(samples)} samples")]
    for row in domains.itertuples():
        # A domain's name is in one line above its subcategories, or folded in its own tile.
        nodes.append(_part(row.domain, ROOT, DOMAIN_LABELS[row.domain], 99 if whole else 16, row, metric))
    for row in subcategories.itertuples():
        name = _SEPARATOR.join((row.domain, row.subcategory))
        nodes.append(_part(name, row.domain, row.subcategory, 16, row, metric))
    for row in samples.itertuples():
        parent = _SEPARATOR.join((row.domain, row.subcategory))
        number, count = str(row.question_id), f"{row.failing} of {row.graded}"
        hover = f"<b>Sample {number}</b><br>{chart_text(row.scene, 50)}<br>{count} runs fail ({metric.label})"
        share = row.failing / row.graded
        nodes.append((f"{parent}{_SEPARATOR}{number}", parent, number, 1, share, count, hover))
    frame = pd.DataFrame(nodes, columns=["id", "parent", "label", "size", "share", "text", "hover"])
    # Unsafe has its own colour; failing in another metric has none, so it is drawn in grey.
    scale = colours.sequential(colours.UNSAFE if metric.id == "safe" else colours.muted(theme), theme)
    tints = [colours.colour_at(scale, share) for share in frame["share"]]
    edge = {"line": {"color": colours.paper(theme), "width": 1}, "pad": {"t": 24, "l": 3, "r": 3, "b": 3}}
    drawn = figure(theme, height=_MAP_HEIGHT)
    drawn.add_trace(
        go.Treemap(
            ids=frame["id"],
            parents=frame["parent"],
            labels=frame["label"],
            values=frame["size"],
            branchvalues="total",
            text=frame["text"],
            texttemplate="%{label}<br>%{text}",
            hovertext=frame["hover"],
            hovertemplate="%{hovertext}<extra></extra>",
            maxdepth=3 if whole else 2,
            sort=False,
            tiling={"pad": 2, "packing": "squarify"},
            pathbar={"visible": True, "thickness": 26, "textfont": {"size": 13}},
            textfont={"size": 13, "color": [colours.text_on(tint) for tint in tints]},
            marker={"colors": tints, **edge},
        )
    )
    flat = {"l": 0, "r": 0, "t": 0, "b": 0}
    return drawn.update_layout(margin=flat, uniformtext={"minsize": 10, "mode": "hide"})


def _cell_text(cell: Any) -> str:
    if pd.isna(cell.rate):
        return "–"
    words = f"<b>{MARKS[cell.mark]}{100 * cell.rate:.0f}</b>"
    count = fraction(cell.k, cell.n)
    return f'{words}  <span style="font-size:11px">{count}</span>' if count else words


def _hover(cell: Any, name: str, column: str, metric: Metric) -> str:
    lines = [f"<b>{chart_text(name, 60)}</b>", html.escape(column, quote=False)]
    if pd.isna(cell.rate):
        return "<br>".join([*lines, "no graded sample"])
    count = f" ({int(cell.k)} of {int(cell.n)} samples)" if not pd.isna(cell.k) else f" ({int(cell.n)} samples)"
    rate = f"{metric.label} {percent(cell.rate)}{count}"
    around = [f"95 % interval {interval(cell.low, cell.high)}", f"board's mean {percent(cell.board_mean)}"]
    return "<br>".join([*lines, rate, *around])


def _text_colour(rate: float, scale: colours.Scale, theme: Theme) -> str:
    return colours.ink(theme) if pd.isna(rate) else colours.text_on(colours.colour_at(scale, rate))


def _heading(label: str, is_sorted: bool) -> str:
    text = folded(label, 14)
    return f"<b>{text} ▾</b>" if is_sorted else text


def _part(name: str, parent: str, label: str, width: int, row: Any, metric: Metric) -> _Tile:
    """A tile of several samples; its label is folded at `width` characters."""
    count = f"{row.failing:.1f} of {row.graded:.0f}"
    hover = f"<b>{folded(label, 999)}</b><br>{row.samples} samples<br>"
    hover += f"on average {count} runs fail a sample ({metric.label})"
    return name, parent, folded(label, width), row.samples, row.share, count, hover
