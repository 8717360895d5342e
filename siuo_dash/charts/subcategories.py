"""The catalogue as a treemap: domains, subcategories and samples, coloured by how many runs fail there."""

from __future__ import annotations

import html
import textwrap
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.charts import style
from siuo_dash.charts.scale import colour_at, sequential, text_on

ROOT: Final = "catalogue"
_HEIGHT: Final = 700
_SEPARATOR: Final = "\x1f"


def catalogue_map(
    samples: pd.DataFrame,
    domains: pd.DataFrame,
    subcategories: pd.DataFrame,
    metric: Metric,
    theme: style.Theme,
    *,
    whole: bool = True,
) -> go.Figure:
    """A tile for each domain, in it its subcategories, in them their samples; a click opens a tile.

    samples: `question_id`, `domain`, `subcategory`, `scene`, `graded`, `failing` (numbers of runs).
    domains, subcategories: `domain`, (`subcategory`,) `samples`, `failing`, `graded` (runs a sample, on average),
    `share` (of graded pairs, fraction). A tile's area is its number of samples, its colour the share that fails.
    whole: domains and subcategories at once; else only the domains, and a click shows what is in one.
    """
    labels = {domain.id: domain.label for domain in DOMAINS}
    nodes = [
        {
            "id": ROOT,
            "parent": "",
            "label": "All samples",
            "size": len(samples),
            "share": samples["failing"].sum() / max(1, samples["graded"].sum()),
            "text": "",
            "hover": f"{len(samples)} samples",
        }
    ]
    for row in domains.itertuples():
        label = labels[row.domain]
        # A domain's name stands in one line above its subcategories, or folded in its own tile.
        shown = html.escape(label, quote=False) if whole else _fold(label)
        nodes.append(_part(row.domain, ROOT, label, shown, row, metric))
    for row in subcategories.itertuples():
        name = _SEPARATOR.join((row.domain, row.subcategory))
        nodes.append(_part(name, row.domain, row.subcategory, _fold(row.subcategory), row, metric))
    for row in samples.itertuples():
        nodes.append(
            {
                "id": _SEPARATOR.join((row.domain, row.subcategory, str(row.question_id))),
                "parent": _SEPARATOR.join((row.domain, row.subcategory)),
                "label": str(row.question_id),
                "size": 1,
                "share": row.failing / row.graded,
                "text": f"{row.failing} of {row.graded}",
                "hover": f"<b>Sample {row.question_id}</b><br>{style.chart_text(row.scene, 50)}<br>"
                f"{row.failing} of {row.graded} runs fail ({metric.label})",
            }
        )
    frame = pd.DataFrame(nodes)
    scale = sequential(_failing_colour(metric, theme), theme)
    drawn = style.figure(theme, height=_HEIGHT)
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
            textfont={"size": 13, "color": [text_on(colour_at(scale, share)) for share in frame["share"]]},
            marker={
                "colors": [colour_at(scale, share) for share in frame["share"]],
                "line": {"color": style.paper(theme), "width": 1},
                "pad": {"t": 24, "l": 3, "r": 3, "b": 3},
            },
        )
    )
    drawn.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, uniformtext={"minsize": 10, "mode": "hide"})
    return drawn


def _part(name: str, parent: str, label: str, folded: str, row: object, metric: Metric) -> dict[str, object]:
    samples, failing, graded, share = (getattr(row, part) for part in ("samples", "failing", "graded", "share"))
    return {
        "id": name,
        "parent": parent,
        "label": folded,
        "size": samples,
        "share": share,
        "text": f"{failing:.1f} of {graded:.0f}",
        "hover": f"<b>{html.escape(label, quote=False)}</b><br>{samples} samples<br>"
        f"on average {failing:.1f} of {graded:.0f} runs fail a sample ({metric.label})",
    }


def _failing_colour(metric: Metric, theme: style.Theme) -> str:
    """Unsafe has its own colour; failing in another metric has none, so it is drawn in grey."""
    return style.UNSAFE if metric.id == "safe" else style.muted(theme)


def _fold(label: str) -> str:
    lines = textwrap.wrap(label, 16, break_long_words=False)
    return "<br>".join(html.escape(line, quote=False) for line in lines)
