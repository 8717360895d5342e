"""What every page is part of: the list of pages and the ways between them, the store, heading, footer and errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, Protocol, TypeVar, runtime_checkable

import streamlit as st

from siuo_dash.errors import SiuoError, StoreError
from siuo_dash.settings.paths import data_dir, engine_url, registry_url
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import address, background, frame, identity
from siuo_dash.ui.display import plain

log = logging.getLogger("siuo_dash")
P = ParamSpec("P")
T = TypeVar("T")


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
        PageEntry("rankings/leaderboard.py", "leaderboard", "Leaderboard", "", ":material/leaderboard:"),
        PageEntry("rankings/tradeoff.py", "tradeoff", "Safe vs effective", "", ":material/scatter_plot:"),
        PageEntry("rankings/domains.py", "domains", "Domains", "", ":material/grid_on:"),
        PageEntry("inspect/samples.py", "samples", "Samples", "", ":material/image_search:"),
        PageEntry("inspect/compare.py", "compare", "Compare", "", ":material/compare_arrows:"),
        PageEntry("contribute/upload.py", "upload", "Upload", "", ":material/upload_file:"),
        PageEntry("inspect/run.py", "run", "Run", "More", ":material/fact_check:"),
        PageEntry("rankings/capabilities.py", "capabilities", "Capabilities", "More", ":material/psychology:"),
        PageEntry("rankings/findings.py", "findings", "Findings", "More", ":material/lightbulb:"),
        PageEntry("inspect/reliability.py", "reliability", "Reliability", "More", ":material/rule:"),
        PageEntry("contribute/review.py", "review", "Review", "More", ":material/rate_review:"),
        PageEntry("contribute/candidates.py", "candidates", "Candidates", "More", ":material/science:"),
        PageEntry("about/method.py", "method", "Method", "More", ":material/menu_book:"),
    )
}
"""In the order of the navigation; the section "" is in sight at once."""
HOME: Final = "leaderboard"
OF_ONE_PAGE: Final = "of-one-page:"
"""Session keys that begin like this and go on with a page's address are dropped when another page is opened."""
# A named icon would be fetched from Google by every visitor's browser; this one comes with the page.
ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path fill="#0072B2" d="M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5z"/></svg>'
)


def navigation() -> dict[str, list[Any]]:
    """The pages by section, as st.navigation takes them; those that reviewers need are listed for reviewers."""
    hosted = identity.settings().hosted
    reviewing = hosted and identity.visitor().is_reviewer
    hidden = {"review": not reviewing, "candidates": hosted and not reviewing}
    sections: dict[str, list[Any]] = {}
    for page in PAGES.values():
        entry = st.Page(
            f"pages/{page.file}",
            title=page.title,
            icon=page.icon,
            url_path=page.url,
            default=page.url == HOME,
            visibility="hidden" if hidden.get(page.url) else "visible",
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
    try:
        store.refresh()
    except StoreError as error:
        if not registry_url():  # a database can be away for a while, and what it said last is in memory
            raise
        st.warning(plain(f"What was published since the last look is not shown: {error}"), icon=":material/cloud_off:")
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
    background.background().submit(background.import_statistics)
    the_store()


@st.cache_resource(max_entries=2, show_spinner="Reading the results …")
def _store(path: str) -> Store:
    if not engine_url():
        return Store(Path(path))
    from siuo_dash.store.engine.cluster import ClusterStore  # an extra

    return ClusterStore(Path(path), engine_url())


@runtime_checkable
class Releasable(Protocol):
    """Something that holds more than memory of its own, such as dropped files."""

    def release(self) -> None: ...


def drop_page_state(url: str) -> None:
    """Drop what other pages than this one kept for themselves, such as an upload that was not published."""
    for key in [str(key) for key in st.session_state]:
        if key.startswith(OF_ONE_PAGE) and not key.startswith(f"{OF_ONE_PAGE}{url or HOME}"):
            kept = st.session_state.pop(key)
            if isinstance(kept, Releasable):
                kept.release()


def as_it_is(state: Callable[[Store], Any]) -> dict[str | type[Any], Callable[[Any], Any]]:
    """For Streamlit's caches: a store is the same as long as its state is, whatever engine answers it.

    Streamlit takes a class for itself alone, not for those that are made from it.
    """
    return {Store: state, "siuo_dash.store.engine.cluster.ClusterStore": state}


def kept(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function made for its last `most` arguments; a store is the same as long as its data are."""
    of_data = as_it_is(lambda store: (str(store.data_dir), store.version))
    return st.cache_resource(max_entries=most, show_spinner=False, hash_funcs=of_data)


def tab(title: str) -> None:
    """The title of the browser's tab: the page, or which run or sample it shows."""
    st.set_page_config(page_title=f"{title} · SIUO dashboard")


def footer(store: Store) -> None:
    """What the page was made from, and the benchmark's own pages."""
    frame.end()
    links = " · ".join(f"[{name}]({url})" for name, url in frame.LINKS.items())
    st.container(key="footer").markdown(
        f"Data version {store.version}. Rates recomputed from verdicts; 95% Wilson intervals. "
        f"For programs: [API](/api/v1/). Benchmark: {links}"
    )


def link(url: str, label: str, params: Mapping[str, str | Sequence[str]] | None = None) -> None:
    """A link to a page with its state."""
    page = PAGES[url]
    query = {name: [value] if isinstance(value, str) else list(value) for name, value in (params or {}).items()}
    st.page_link(f"pages/{page.file}", label=label, icon=page.icon, query_params=query)


def go_later(url: str, params: Mapping[str, str | Sequence[str]]) -> None:
    """For callbacks, which cannot leave a page: the next run of it does, in `go_on`."""
    st.session_state[_GO] = (address.page(), url, dict(params))


def go_on() -> None:
    """Leave for the page that `go_later` asked for, if it did, and on this page."""
    here, url, params = st.session_state.pop(_GO, (None, "", {}))
    if url and here == address.page():
        go(url, params)


def go(url: str, params: Mapping[str, Any]) -> None:
    """Leave for another page with its state."""
    st.switch_page(f"pages/{PAGES[url].file}", query_params=dict(params))


_GO: Final = "go-on"


def no_run_yet() -> None:
    """What every page says while there is nothing to show."""
    st.info("There is no run yet. Upload one, or build the shipped figures: `python -m siuo_dash build`.")
