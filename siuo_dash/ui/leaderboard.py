"""The leaderboard page: one board's runs, ranked with what is known about each rank, or all runs without ranks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list
from siuo_dash.analysis import leaderboard as analysis
from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.errors import StoreError
from siuo_dash.report import board_rows, leaderboard_words
from siuo_dash.report import boards as boards_report
from siuo_dash.report import leaderboard as report
from siuo_dash.report.citations import embed_html
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.leaderboard import COLUMNS
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry.opening import version
from siuo_dash.ui import address, background, board_choice, board_table, controls, display, frame, identity, run_choice
from siuo_dash.ui.display import plain

_KEPT: Final = 16
"""Tables that are kept ready: of thousands of runs one is a few megabytes."""


@dataclass(frozen=True)
class Markup:
    """How words, a model's name and a link are written."""

    text: Callable[[str], str]
    name: Callable[[str], str]
    link: Callable[[str, str], str]


MARKDOWN: Final = Markup(plain, lambda name: f"**{plain(name)}**", lambda label, to: f"[{plain(label)}]({to})")
HTML: Final = Markup(
    escape, lambda name: f"<b>{escape(name)}</b>", lambda label, to: f'<a href="{escape(to)}">{escape(label)}</a>'
)


@dataclass(frozen=True)
class First:
    """What a visitor sees first: the first board by Safe. answer: HTML; value: of `report.board_rows.table_value`."""

    board: str
    answer: str
    value: dict[str, Any]


@dataclass(frozen=True)
class _View:
    """What the leaderboard is asked to show, in which state of the data. to: the run that others are compared with.

    changes: which state of the registry, for a rejection changes what is said of attempts and no result.
    """

    store: Store
    version: str
    board: Board | None
    metric: Metric
    filters: Filters
    rank_partial: bool
    changes: object = None
    ranges: bool = False
    to: str = ""

    @property
    def title(self) -> str:
        return f"SIUO, {self.board.label if self.board else 'all runs'}"


def show(store: Store, board: Board | None, metric: Metric, filters: Filters, *, rank_partial: bool) -> None:
    """The runs that pass the filters, in one table. board: None = all runs, which have no ranks."""
    view = _View(store, store.version, board, metric, filters, rank_partial, _changes(store))
    placed, waiting = st.container(), st.container(key="board-waiting")
    if board is not None:
        with waiting:  # below the table, which is not moved by it
            ready = background.when_ready(_later_ranges(view), "Computing the rank ranges …")
        view = replace(view, ranges=ready is not None)
    labels = analysis.run_labels(store)
    order, to = board_choice.order(all_runs=board is None), board_choice.compared_with(labels) if board else ""
    with frame.tools(), display.icon_menu("Columns and order", "view_column", key="icon-columns-menu"):
        chosen = board_choice.choose_columns(all_runs=board is None)
        order = board_choice.choose_order(order, all_runs=board is None)
    if to:
        chosen = list(dict.fromkeys([*chosen, "difference"]))
        controls.remove_chips({"to": f"difference to {labels[to]}"}, board_choice.forget_compared)
    if "difference" in chosen:
        view = replace(view, to=to or _leader(view))
    rows = _rows(view)
    columns = tuple(report.worth_showing(rows, chosen, metric))
    frame.answer(_answer(view, MARKDOWN), plain(_caveat(view)))
    in_order = _order_of(view, order)
    with frame.tools():
        if not rows.empty:
            display.exports(_export(view, columns, order), key="leaderboard", more=partial(_embed, view))
    run_choice.elsewhere(store, filters, controls.board_labels(store))
    picked = address.held_several("runs", labels)
    for name in ("sort", "to"):
        address.keep(name)
    if rows.empty:
        words = "No run passes these filters. Remove one, or choose another board."
        placed.info(words, icon=":material/filter_alt_off:")
        return
    shown = board_table.Shown(
        rows=_value(view, columns),
        order=in_order,
        sort=order,
        details=_details(view) if len(rows) <= board_rows.DETAILED else _details(view, tuple(board_table.opened())),
    )
    with placed:
        board_table.show(shown, picked, waiting)


def first(store: Store) -> First | None:
    """The table that the page shows without any choice, its ranges waited for; None where there is no run."""
    boards = board_list.boards(store)
    if not boards:
        return None
    view = _View(store, store.version, boards[0], METRICS["safe"], Filters(board=boards[0].id), False, _changes(store))
    _later_ranges(view).result()
    view = replace(view, ranges=True)
    rows = _rows(view)
    shown = [name for name in COLUMNS if name in (*board_choice.default_columns(all_runs=False), "model")]
    columns = tuple(report.worth_showing(rows, shown, view.metric))
    caveat = escape(_caveat(view))
    said = f"{_answer(view, HTML)} <small>{caveat}</small>" if caveat else _answer(view, HTML)
    return First(controls.board_option(boards[0], boards[0].runs), said, board_table.unpacked(_value(view, columns)))


def _changes(store: Store) -> object:
    try:
        return version(store.data_dir)
    except StoreError:  # the data directory has gone
        return None


def _later_ranges(view: _View) -> Future[pd.DataFrame]:
    """The rank ranges of the view's board, computed in the background."""
    board = view.board.id if view.board else ""
    return background.rank_ranges(view.store, board, view.metric, rank_partial=view.rank_partial)


@lru_cache(maxsize=_KEPT)
def _rows(view: _View) -> pd.DataFrame:
    """The leaderboard's rows with rank ranges, attempts and differences, numbered from 0."""
    store = view.store
    found = analysis.leaderboard(store, view.filters, view.metric, rank_partial=view.rank_partial)
    try:
        attempts = registry.attempts(store.data_dir)
    except StoreError:  # the data directory has gone; what was read of it is shown without them
        attempts = {}
    ranges = _later_ranges(view).result() if view.ranges else None
    found = report.with_attempts(report.with_ranges(found, ranges), attempts)
    if view.to:
        differences = analysis.differences(store, view.to, view.metric, view.filters)
        own = found.loc[found["run_id"] == view.to, "model"]
        to = str(own.iloc[0]) if len(own) else analysis.run_labels(store)[view.to]
        found = report.with_differences(found, differences, to)
    boards = controls.board_labels(store)
    return found.assign(board_label=found["board"].map(boards)).reset_index(drop=True)


@lru_cache(maxsize=_KEPT)
def _order_of(view: _View, order: str) -> list[int] | None:
    """The numbers of the rows in an order; None where it is their own."""
    rows = _rows(view)
    found = report.ordered(rows, order)
    return None if found is rows else [int(row) for row in found.index]


@lru_cache(maxsize=_KEPT)
def _export(view: _View, columns: tuple[str, ...], order: str) -> Table:
    """The table as it leaves the house: exactly the view."""
    board = view.board.label if view.board else "all runs, not comparable"
    words = view.filters.sentence() + (" Partial runs are ranked, too." if view.rank_partial else "")
    boards, rows = controls.board_labels(view.store), report.ordered(_rows(view), order)
    metric = view.metric.label if view.board else ""
    title = f"{view.title}, ranked by {metric}" if metric else view.title
    provenance = Provenance(view.version, board, words, _drawn_from(view), metric)
    return report.export_table(rows, columns, boards, provenance, title)


@lru_cache(maxsize=_KEPT)
def _caveat(view: _View) -> str:
    said = [boards_report.caveat(view.store, view.board, view.metric), _drawn_from(view)]
    return " ".join(filter(None, said))


@lru_cache(maxsize=_KEPT)
def _drawn_from(view: _View) -> str:
    """What the rank ranges are estimated from, where it is not all runs."""
    if view.board is None:
        return ""
    partial = view.rank_partial
    return leaderboard_words.ranges_sentence(view.store, view.board.id, view.metric, rank_partial=partial)


def _embed(view: _View) -> None:
    """How another site shows the board, where there is one that others can open."""
    if view.board is not None and (site := identity.site()):
        st.markdown("**Embed the board**")
        html = embed_html(site, view.board.id, view.metric.id, partial=view.rank_partial)
        st.code(html, language="html", wrap_lines=True)


def _leader(view: _View) -> str:
    rows = _rows(view)
    return "" if rows.empty or pd.isna(rows["rank"].iloc[0]) else str(rows["run_id"].iloc[0])


@lru_cache(maxsize=_KEPT)
def _value(view: _View, columns: tuple[str, ...]) -> bytes:
    """The table as the browser gets it."""
    name = f"Leaderboard, {view.title.removeprefix('SIUO, ')}"
    return board_table.packed(board_rows.table_value(_rows(view), view.metric, columns, name))


@lru_cache(maxsize=_KEPT)
def _details(view: _View, runs: tuple[str, ...] | None = None) -> dict[str, Any]:
    """What the rows unfold to."""
    return board_rows.details(_rows(view), view.metric, runs)


@lru_cache(maxsize=_KEPT)
def _answer(view: _View, markup: Markup) -> str:
    """The sentence above the table; it links to the ranking that it names."""
    if view.board is None:
        return markup.text(report.WHY_NO_RANKS)
    summary = analysis.key_figures(view.store, _rows(view), view.metric)
    said = leaderboard_words.leader_sentence(summary, view.metric, markup.name)
    if view.metric.id != "safe" or view.filters != Filters(board=view.board.id):
        return said
    other = analysis.other_ranking(view.store, view.board.id, _rows(view), rank_partial=view.rank_partial)
    if other is None:
        return said
    query = urlencode({"board": view.board.id, "metric": "safe_and_effective"})
    more = leaderboard_words.other_ranking_sentence(other, markup.name, lambda label: markup.link(label, f"/?{query}"))
    return f"{said} {more}"
