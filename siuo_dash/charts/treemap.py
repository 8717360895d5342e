"""The catalogue as a treemap: domains, subcategories and samples, coloured by how many runs fail there."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAIN_LABELS, Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import chart_text, figure, folded

ROOT: Final = "catalogue"
_HEIGHT: Final = 700
_SEPARATOR: Final = "\x1f"
_Tile = tuple[str, str, str, int, float, str, str]
"""id, parent, label, size, share, text, hover"""


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
    drawn = figure(theme, height=_HEIGHT)
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


def _part(name: str, parent: str, label: str, width: int, row: Any, metric: Metric) -> _Tile:
    """A tile of several samples; its label is folded at `width` characters."""
    count = f"{row.failing:.1f} of {row.graded:.0f}"
    hover = f"<b>{folded(label, 999)}</b><br>{row.samples} samples<br>"
    hover += f"on average {count} runs fail a sample ({metric.label})"
    return name, parent, folded(label, width), row.samples, row.share, count, hover
