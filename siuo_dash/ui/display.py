"""How things are shown on a page: words as they are, key figures, tables and charts with their exports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.report import export
from siuo_dash.report.export import Table, markdown_plain
from siuo_dash.ui import browser


def plain(text: str) -> str:
    """Somebody's words for st.markdown and labels: every character is shown as it is.

    Beyond Markdown, Streamlit reads `:name:` and `:colour[…]`; an escaped colon stays a colon. It also makes links of
    bare addresses, whatever is escaped in them: an invisible character that joins words keeps them from being one.
    """
    return _BARE_ADDRESS.sub("\\g<0>\u2060", markdown_plain(text)).replace(":", "\\:")


_BARE_ADDRESS: Final = re.compile(r"https?:|www(?=\.)|@", re.IGNORECASE)


def key_figures(figures: Sequence[tuple[str, str, str]]) -> None:
    """A line of (label, figure, explanation); it wraps on a narrow screen."""
    with st.container(horizontal=True, gap="small"):
        for label, value, words in figures:
            with st.container(width=172, border=True, gap="xxsmall"):
                st.caption(plain(label))
                st.markdown(f"**{plain(value)}**")
                st.caption(plain(words))


def table(
    frame: pd.DataFrame,
    *,
    key: str,
    alt: str,
    height: int | Literal["auto", "content", "stretch"] = "auto",
    select: Any = None,
    mode: str = "multi-row",
    **options: Any,
) -> Any:
    """A table with an accessible name; with `select` (a callback or "rerun") its rows can be chosen."""
    if select is not None:
        options |= {"on_select": select, "selection_mode": mode}
    return st.dataframe(frame, key=key, alt=alt, height=height, hide_index=True, width="stretch", **options)


def chart(
    figure: go.Figure, *, key: str, alt: str, data: Table | None = None, select: Any = None, mode: Any = "points"
) -> Any:
    """A chart with an accessible name, PNG and SVG at hand, and its data as a download.

    A picture says in its file name what `data` came from: board, filters, data version.
    """
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "scrollZoom": False,
        "responsive": True,
        "toImageButtonOptions": {"filename": data.file_name("")[:-1] if data else key, "scale": 2},
    }
    options: dict[str, Any] = {"on_select": select, "selection_mode": mode} if select is not None else {}
    with st.container(key=f"chart-{key}"):
        state = st.plotly_chart(figure, key=key, theme=None, config=config, alt=alt, width="stretch", **options)
    _chart_exports(key, data)
    return state


def exports(table_: Table, *, key: str) -> None:
    """A popover with the four downloads of a table."""
    with st.popover("Export table", icon=":material/download:"):
        how: export.IntervalStyle | None = st.segmented_control(
            "Intervals in LaTeX and Markdown",
            ["range", "plus-minus"],
            default="range",
            required=True,
            format_func=lambda value: {"range": "53.29 [45.74, 60.70]", "plus-minus": "53.29 ± 7.48"}[value],
            key=f"{key}-intervals",
        )
        makers = (
            ("CSV", "csv", "text/csv", lambda: export.to_csv(table_)),
            ("Parquet", "parquet", "application/vnd.apache.parquet", lambda: export.to_parquet(table_)),
            ("LaTeX", "tex", "application/x-tex", lambda: export.to_latex(table_, how or "range")),
            ("Markdown", "md", "text/markdown", lambda: export.to_markdown(table_, how or "range")),
        )
        for label, ending, mime, make in makers:
            st.download_button(
                label,
                make,
                file_name=table_.file_name(ending),
                mime=mime,
                key=f"{key}-{ending}",
                on_click="ignore",
                width="stretch",
            )


def _chart_exports(key: str, data: Table | None) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"exports-{key}"):
        browser.image_buttons(data={"chart": f"st-key-chart-{key}"}, key=f"{key}-images")
        if data is not None:
            st.download_button(
                "Chart data",
                lambda: export.to_csv(data),
                file_name=data.file_name("csv"),
                mime="text/csv",
                key=f"{key}-data",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )
