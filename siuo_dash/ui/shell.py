"""What every page stands in: the store, the navigation, errors in words, tables and charts with their exports."""

from __future__ import annotations

import gc
import importlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, runtime_checkable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.charts import style
from siuo_dash.errors import SiuoError
from siuo_dash.report import export
from siuo_dash.report.export import Table, markdown_plain
from siuo_dash.settings.paths import data_dir
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import components, identity

log = logging.getLogger("siuo_dash")


@dataclass(frozen=True)
class PageEntry:
    """A page: its file below pages/, the address, the title, the section of the navigation."""

    file: str
    url: str
    title: str
    section: str
    icon: str


PAGES: Final = {
    page.url: page
    for page in (
        PageEntry("rankings/leaderboard.py", "leaderboard", "Leaderboard", "Rankings", ":material/leaderboard:"),
        PageEntry("rankings/tradeoff.py", "tradeoff", "Safe versus effective", "Rankings", ":material/scatter_plot:"),
        PageEntry("rankings/findings.py", "findings", "Findings", "Rankings", ":material/lightbulb:"),
        PageEntry("rankings/domains.py", "domains", "Domains", "Rankings", ":material/grid_on:"),
        PageEntry("rankings/capabilities.py", "capabilities", "Capabilities", "Rankings", ":material/psychology:"),
        PageEntry("inspect/run.py", "run", "Run", "Inspect", ":material/fact_check:"),
        PageEntry("inspect/samples.py", "samples", "Samples", "Inspect", ":material/image_search:"),
        PageEntry("inspect/compare.py", "compare", "Compare", "Inspect", ":material/compare_arrows:"),
        PageEntry("inspect/reliability.py", "reliability", "Reliability", "Inspect", ":material/rule:"),
        PageEntry("contribute/upload.py", "upload", "Upload", "Contribute", ":material/upload_file:"),
        PageEntry("contribute/review.py", "review", "Review", "Contribute", ":material/rate_review:"),
        PageEntry("about/method.py", "method", "Method", "About", ":material/menu_book:"),
    )
}
HOME: Final = "leaderboard"
OF_ONE_PAGE: Final = "of-one-page:"
"""Session keys that begin like this and go on with a page's address are dropped when another page is opened."""
# A named icon would be fetched from Google by every visitor's browser; this one comes with the page.
ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path fill="#0072B2" d="M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5z"/></svg>'
)
PAGE: Final = "page"
"""Where the session says which page was shown last, by its heading."""


def navigation() -> dict[str, list[Any]]:
    """The pages by section, as st.navigation takes them; those that reviewers need are listed for reviewers."""
    reviewing = identity.settings().hosted and identity.visitor().is_reviewer
    sections: dict[str, list[Any]] = {}
    for page in PAGES.values():
        entry = st.Page(
            f"pages/{page.file}",
            title=page.title,
            icon=page.icon,
            url_path=page.url,
            default=page.url == HOME,
            visibility="hidden" if page.url == "review" and not reviewing else "visible",
        )
        sections.setdefault(page.section, []).append(entry)
    return sections


_visit: ContextVar[ExitStack | None] = ContextVar("visit", default=None)


@contextmanager
def guard() -> Iterator[None]:
    """Show the project's own errors in words; anything else goes to the log, never to the page.

    What the page opens with `open_store` shows one state of the data from its first query to its last.
    """
    with ExitStack() as visit:
        token = _visit.set(visit)
        try:
            yield
        except SiuoError as error:
            log.warning("%s: %s", type(error).__name__, error)
            st.error(plain(str(error)), icon=":material/error:")
        finally:
            _visit.reset(token)


def open_store() -> Store:
    """The store of the data directory, brought up to date; names the files that had to be left out."""
    store = the_store()
    store.refresh()
    if (visit := _visit.get()) is not None:
        visit.enter_context(store.reading())
    for broken in store.broken:
        st.warning(f"{plain(broken.name)}: {plain(broken.why)}", icon=":material/report:")
    return store


def the_store() -> Store:
    """The store of the data directory as it was last read, one for all visitors."""
    return _store(str(data_dir()))


def warm_up() -> None:
    """Open the store before anybody asks for it, and load in the background what the first tests need."""
    background().submit(_import_statistics)
    the_store()


def _import_statistics() -> None:
    """About a second of imports that the statistics leave until they are called."""
    for module in (
        "scipy.stats",
        "statsmodels.stats.inter_rater",
        "statsmodels.stats.multitest",
        "statsmodels.stats.proportion",
    ):
        importlib.import_module(module)
    stay()


def stay() -> None:
    """Spare the garbage collector what is loaded now and stays: Streamlit has it look through everything after each run.

    That took four fifths of a run of the shortest page: 74 of 94 ms.
    """
    gc.collect()
    gc.freeze()


@runtime_checkable
class Releasable(Protocol):
    """Something that holds more than memory of its own, such as dropped files."""

    def release(self) -> None: ...


def leave_behind(url: str) -> None:
    """Drop what other pages than this one kept for themselves, such as an upload that was not published."""
    for key in [str(key) for key in st.session_state]:
        if key.startswith(OF_ONE_PAGE) and not key.startswith(f"{OF_ONE_PAGE}{url or HOME}"):
            kept = st.session_state.pop(key)
            if isinstance(kept, Releasable):
                kept.release()


@st.cache_resource(max_entries=2, show_spinner="Reading the results …")
def _store(path: str) -> Store:
    return Store(Path(path))


@st.cache_resource
def background() -> ThreadPoolExecutor:
    """Two threads for work that a page does not wait for."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="siuo")


@st.cache_resource(max_entries=64, show_spinner=False)
def later(_work: Any, *key: Any) -> Future[Any]:
    """`_work()` in the background, once for each key (which names the data version)."""
    return background().submit(_work)


def when_ready(future: Future[Any], words: str, *, patience: float = 0.25) -> Any | None:
    """The result when it comes within `patience` seconds; else None, a line of words, and a rerun once it is there."""
    try:
        return future.result(timeout=patience)
    except TimeoutError:
        _wait_for(future, words, [])
        return None


@st.fragment(run_every=0.5)
def _wait_for(future: Future[Any], words: str, looks: list[bool]) -> None:
    # The first look belongs to the run of the page: to end that one would lose the click that it was for.
    if looks and future.done():
        st.rerun()
    looks.append(True)
    with st.container(key=f"waiting-{id(future)}"):
        st.caption(words)


def theme() -> style.Theme:
    """Which theme the visitor sees."""
    return "dark" if st.context.theme.type == "dark" else "light"


def screen() -> style.Screen:
    """How wide the window is; the page runs anew when that changes."""
    told = components.screen_width(
        key="screen", data=None, default={"width": "wide"}, on_width_change=lambda: None
    ).width
    return told if told in ("narrow", "medium") else "wide"


def narrow() -> bool:
    """Whether the window is as narrow as a phone; the page runs anew when that changes."""
    return screen() == "narrow"


def header(title: str, sentence: str) -> None:
    """A page's heading and the sentence that says what it answers."""
    st.session_state[PAGE] = title
    if theme() == "dark":
        st.html(style.DARK_CHIPS)
    st.title(title, anchor=False)
    with st.container(gap=None):
        st.markdown(sentence)
        components.history(key="history", data=None)


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


def run_actions(run_labels: Sequence[str]) -> None:
    """What can be done with the chosen runs: links to the pages that exist."""
    actions = [(url, label) for url, label, least in _RUN_ACTIONS if url in PAGES and len(run_labels) >= least]
    if not actions:
        return
    with st.container(horizontal=True):
        for url, label in actions:
            link(url, label, {"runs": run_labels} | ({"run": run_labels[0]} if url == "run" else {}))


_RUN_ACTIONS: Final = (
    ("run", "Open the run", 1),
    ("compare", "Compare", 2),
    ("domains", "Domains", 1),
    ("capabilities", "Capabilities", 1),
    ("samples", "Samples", 1),
)


def footer(store: Store) -> None:
    """What the page was made from."""
    st.caption(f"Data version {store.version}. Every rate is recomputed from the verdicts; intervals are Wilson 95 %.")


def link(url: str, label: str, params: Mapping[str, str | Sequence[str]] | None = None) -> None:
    """A link to a page with its state; nothing where the page does not exist (yet)."""
    if url in PAGES:
        page = PAGES[url]
        query = {name: [value] if isinstance(value, str) else list(value) for name, value in (params or {}).items()}
        st.page_link(f"pages/{page.file}", label=label, icon=page.icon, query_params=query)


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
        components.image_buttons(data={"chart": f"st-key-chart-{key}"}, key=f"{key}-images")
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
