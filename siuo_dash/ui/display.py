"""How things are shown on a page: words as they are, key figures, tables and charts with their exports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.report import citations, export
from siuo_dash.report.columns import Column, Kind
from siuo_dash.report.export import Table
from siuo_dash.text import markdown_plain
from siuo_dash.ui import address, browser

_PINNED_WIDTHS: Final = (210, 320)
"""Pixels, at least and at most, for a column of names that stays in sight while the others scroll."""


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


def row_key(*parts: object) -> str:
    """The end of a table's key: another one for other rows, because a selection goes by row number."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def table(
    frame: pd.DataFrame,
    *,
    key: str,
    alt: str,
    most_pixels: int = 740,
    row_height: int = 35,
    columns: Mapping[str, Any] | None = None,
    pinned: str = "",
    select: Any = None,
    mode: str = "multi-row",
    export: Table | None = None,
    **options: Any,
) -> Any:
    """A table with an accessible name; with `select` (a callback or "rerun") its rows can be chosen.

    most_pixels: with more rows than fit into so much (20 of the usual height), they scroll inside a frame of it.
    columns: how columns are drawn. pinned: the column of names, which stays in sight. export: its downloads, below it.
    """
    if select is not None:
        options |= {"on_select": select, "selection_mode": mode}
    names = {pinned: st.column_config.TextColumn(pinned=True, width=_names_width(frame[pinned]))} if pinned else {}
    state = st.dataframe(
        frame,
        key=key,
        alt=alt,
        height="content" if (len(frame) + 1) * row_height <= most_pixels else most_pixels,
        row_height=row_height,
        hide_index=True,
        width="stretch",
        column_config={**(columns or {}), **names},
        **options,
    )
    if export is not None:
        exports(export, key=key)
    return state


def _names_width(names: pd.Series[Any]) -> int:
    least, most = _PINNED_WIDTHS
    return int(min(most, max(least, 24 + 7 * names.astype(str).str.len().max()))) if len(names) else least


def pick_sample(frame: pd.DataFrame, question_ids: Sequence[int], *, key: str, alt: str) -> int:
    """The question_id of the chosen row of a table of samples: the first, until another is chosen.

    question_ids: the sample of each row; key: another one for other rows, as of `row_key`.
    """
    # The choice outlives a visit to another page, which forgets the table's own state.
    if key not in st.session_state:
        st.session_state[f"{key}-start"] = st.session_state.get(f"{key}-row", 0)
    start = st.session_state[f"{key}-start"]
    figures = {"Pass, %": "%.0f", "Discrimination": "%+.2f"}
    state = table(
        frame,
        key=key,
        alt=alt,
        most_pixels=470,
        select="rerun",
        mode="single-row",
        selection_default={"selection": {"rows": [start]}},
        row_height=66,  # long text is folded only in cells of more than four lines' height
        columns={name: st.column_config.NumberColumn(format=form) for name, form in figures.items()}
        | {name: st.column_config.TextColumn(width=width) for name, width in _SAMPLE_WIDTHS.items()},
    )
    row = next((row for row in [*state["selection"]["rows"], start] if row < len(question_ids)), 0)
    st.session_state[f"{key}-row"] = row
    return int(question_ids[row])


_SAMPLE_WIDTHS: Final = {
    "Domain": 150,
    "Scene": 220,
    "Request": 260,
    "Flags": 190,
    "Flags of A": 150,
    "Flags of B": 150,
}


def drawn(columns: Iterable[Column]) -> dict[str, Any]:
    """How a page draws declared columns, for `columns` of a table."""
    made = [(heading, *how) for column in columns for heading, how in column.drawn().items()]
    return {heading: _KINDS[kind](**options) for heading, kind, options in made}


_KINDS: Final[dict[Kind, Callable[..., Any]]] = {
    "text": st.column_config.TextColumn,
    "number": st.column_config.NumberColumn,
    "link": st.column_config.LinkColumn,
    "date": st.column_config.DateColumn,
}


def chart(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    data: Table,
    select: Any = None,
    mode: Any = "points",
    tools: Any = None,
) -> Any:
    """A chart with an accessible name, PNG and SVG to download, and its data as a download.

    A picture says in its file name what `data` came from: board, filters, data version. tools: where the downloads go,
    under the title of `data`; by default below the chart. An address with `chart=KEY` shows this chart alone.
    """
    is_alone = address.is_alone(key)
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "scrollZoom": False,
        "responsive": True,
        "toImageButtonOptions": {"filename": data.file_name("")[:-1], "scale": 2},
    }
    options: dict[str, Any] = {"on_select": select, "selection_mode": mode} if select is not None else {}
    with st.container(key=f"chart-{key}"):
        if is_alone:
            tools = None
            st.html(_ALONE.replace("KEY", key))
            st.title(plain(data.title), anchor=False)
            rest = {name: values for name, values in address.query().items() if name != "chart"}
            whole = f"./{address.page()}?{urlencode(rest, doseq=True)}"
            about = data.provenance.sentence().removesuffix(".")
            st.markdown(f"{plain(about)}. [Open the whole page]({whole})")
        state = st.plotly_chart(figure, key=key, theme=None, config=config, alt=alt, width="stretch", **options)
    place = st if tools is None else tools
    if tools is not None:
        tools.caption(plain(data.title))
    with place.container(horizontal=True, gap="small", vertical_alignment="center", key=f"exports-{key}"):
        browser.image_buttons(data={"chart": key}, key=f"{key}-images")
        make = partial(export.to_csv, data)
        download("Chart data", make, data.file_name("csv"), key=f"{key}-data", type="tertiary")
    return state


# All that neither holds nor is part of the chart and its downloads is left out, the bar with the pages included.
_ALONE: Final = """<style>
[data-testid="stHeader"], .st-key-links, [role="tablist"],
[data-testid="stMainBlockContainer"] :is([data-testid="stElementContainer"], [data-testid="stLayoutWrapper"],
  [data-testid="stColumn"], [data-testid="stVerticalBlock"], [data-testid="stHorizontalBlock"]):not(
  :has(.st-key-chart-KEY, .st-key-exports-KEY), .st-key-chart-KEY, .st-key-chart-KEY *, .st-key-exports-KEY,
  .st-key-exports-KEY *) { display: none; }
[data-testid="stMain"] [data-testid="stMainBlockContainer"] { padding-top: 1rem; }
.st-key-chart-KEY h1 { font-size: 1.45rem; padding: 0; }
[data-testid="stColumn"]:has(.st-key-chart-KEY) { flex: 1 1 100%; }
</style>"""


def icon_menu(label: str, icon: str, *, key: str, **more: Any) -> Any:
    """A small button with an icon in place of its name, which screen readers and the mouse are told; key: icon-…"""
    return st.popover(label, icon=f":material/{icon}:", help=label, key=key, **more)


def exports(
    table_: Table | Callable[[], Table],
    *,
    key: str,
    sources: Sequence[str] = (),
    more: Callable[[], object] = lambda: None,
) -> None:
    """A small button that opens the downloads of a table; they are made only while it is open.

    table_: the table, or what makes it. sources: where its figures come from, for a bibliography.
    more: shows what else can be taken along.
    """
    popover = icon_menu("Export table", "download", key=f"icon-{key}-exports", on_change="rerun")
    if popover.open:
        with popover:
            _downloads(table_ if isinstance(table_, Table) else table_(), key, sources)
            more()


def _downloads(table_: Table, key: str, sources: Sequence[str]) -> None:
    with st.container(horizontal=True):
        for label, ending, make in (("CSV", "csv", export.to_csv), ("Parquet", "parquet", export.to_parquet)):
            download(label, partial(make, table_), table_.file_name(ending), key=f"{key}-{ending}", icon=None)
        if sources:
            bibliography = partial(citations.bibtex, sources)
            download("BibTeX", bibliography, "siuo-sources.bib", key=f"{key}-bib", icon=None)
    st.markdown("**For a paper**")
    names = list(table_.text("range").columns)
    columns = st.multiselect("Columns", names, default=names, key=f"{key}-columns")
    how: export.IntervalStyle | None = st.segmented_control(
        "Intervals",
        ["range", "plus-minus"],
        default="range",
        required=True,
        format_func=lambda value: {"range": "53.29 [45.74, 60.70]", "plus-minus": "53.29 ± 7.48"}[value],
        key=f"{key}-intervals",
    )
    chosen = table_.only([name for name in names if name in columns])
    for label, ending, write in (("LaTeX", "tex", export.to_latex), ("Markdown", "md", export.to_markdown)):
        text = write(chosen, how or "range")
        # The corner of a code block has a button that copies it.
        st.code(text.decode(), language={"tex": "latex", "md": "markdown"}[ending], height=110)
        download(f"{label} file", text, table_.file_name(ending), key=f"{key}-{ending}", icon=None)


def download(
    label: str,
    make: Callable[[], bytes] | bytes,
    name: str,
    *,
    key: str,
    icon: str | None = ":material/download:",
    **options: Any,
) -> None:
    """A download button; the file is made when it is asked for, its type is that of the name's ending."""
    mime = _MIME[name.rpartition(".")[2]]
    st.download_button(label, make, name, mime, key=key, on_click="ignore", icon=icon, **options)


_MIME: Final = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "tex": "application/x-tex",
    "md": "text/markdown",
    "bib": "application/x-bibtex",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "tsv": "text/tab-separated-values",
}


def json_lines(objects: Iterable[str]) -> bytes:
    """JSON objects as a file of lines."""
    return "".join(f"{line}\n" for line in objects).encode()
