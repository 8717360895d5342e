"""The domains page: the radar of a few runs beside the heatmap of all, and what is behind them in tabs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.analysis import board_list, domains, queries, subcategories
from siuo_dash.analysis.domains import DomainRates
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.benchmark.schema import DOMAIN_LABELS
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.heatmap import MOST_ROWS, heatmap
from siuo_dash.charts.parts import subcategory_dots
from siuo_dash.charts.radar import MOST_RUNS, radar
from siuo_dash.report import domain_tests as tests_report
from siuo_dash.report import domains as report
from siuo_dash.report import labels
from siuo_dash.report.export import Table, plain_table
from siuo_dash.report.samples import link_params
from siuo_dash.text import listed
from siuo_dash.ui import address, background, browser, controls, display, frame, page, run_choice
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain
from siuo_dash.ui.parts import Way, failures, labels_in_use, left_out, link_to_failures, nothing_to_show, state

_SHOWN_FIRST: Final = 3
"""Runs in the radar while none is selected."""
_TABS: Final = {
    "profiles": "Profiles",
    "all": "All runs",
    "tests": "Hardest and easiest",
    "subcategories": "Subcategories",
}


def choose_runs(view: View) -> list[str]:
    """The selected runs, in the line of controls."""
    offered = _known(view, state(view)).rates.runs["run_id"]
    with st.popover("Runs", help=f"Select up to {MOST_RUNS} runs for the radar"):
        return run_choice.choose_runs(offered, view.labels, help=f"Without a choice the top {_SHOWN_FIRST} are drawn")


def show(view: View, chosen: list[str]) -> None:
    """The radar of the selected runs, or the first ones, beside the heatmap of all; the rest in tabs."""
    narrow, wide = (screen := browser.screen()) == "narrow", screen == "wide"
    known = _known(view, state(view))
    if nothing_to_show(view, known.rates.runs):
        frame.answer("", plain(view.caveat))
        left_out(view)
        return
    with frame.tools():
        with display.icon_menu("Sort the rows", "sort", key="icon-sorting"):
            sort = controls.choose_from("Sort by", domains.COLUMNS, key="sort")
        downloads = display.icon_menu("Download", "download", key="icon-downloads")
    drawn = draw(view, chosen, sort, browser.theme(), narrow=narrow)
    for words in drawn.notes:
        frame.note(words)
    frame.answer(drawn.answer, plain(view.caveat))
    sides = st.columns([10, 21]) if wide else (st.container(), st.container())
    for right in (False, True) if wide else (True, False):
        with sides[right == wide]:
            _heatmap(view, drawn, downloads) if right else _radar(view, drawn, downloads, narrow=narrow)
    opened, place = address.tabs(_TABS, name="part")
    with place:
        if opened == "profiles":
            _profiles(view, drawn)
        elif opened == "all":
            _all_runs(view, drawn)
        elif opened == "tests":
            _tests(view, drawn.rows, drawn.names)
        else:
            _subcategories(view, drawn.rows, drawn.names)
    left_out(view)


@dataclass(frozen=True)
class _Known:
    """The runs of the view, best first, marked against the board's means; the weakest domain of each and of all."""

    rates: DomainRates
    means: pd.Series[float]
    ends: pd.DataFrame
    together: domains.Weakest | None


@st.cache_resource(max_entries=64, show_spinner=False)
def _known(_view: View, key: tuple[object, ...]) -> _Known:
    whole = domains.domain_rates(_view.store, Filters(board=_view.board.id).where(), _view.metric)
    means = domains.board_means(whole, with_partial=_view.rank_partial)
    kept = set(queries.RUNS.run(_view.store, where=_view.filters.where())["run_id"])
    best_first = domains.in_order(whole, domains.OVERALL, with_partial=_view.rank_partial)
    rates = domains.marked(whole, means).only([run_id for run_id in best_first if run_id in kept])
    ends = domains.extreme(domains.domain_tests(rates), lowest=True)
    together = domains.weakest_together(_view.store, rates, _view.metric, with_partial=_view.rank_partial)
    return _Known(rates, means, ends, together)


@dataclass(frozen=True)
class Drawn:
    """What the page shows for one choice. rows: those of the heatmap, in its order; profiles: those of the radar."""

    answer: str
    notes: list[str]
    caption: str
    profiles: DomainRates
    rows: DomainRates
    names: dict[str, str]
    radar: go.Figure | None
    heatmap: go.Figure
    radar_data: Table
    heatmap_data: Table
    table: pd.DataFrame


def draw(view: View, chosen: list[str], sort: str, theme: Theme, *, narrow: bool = False) -> Drawn:
    """Radar and heatmap for a choice, once for each state of the data and the page."""
    key = (*state(view), *chosen, sort, theme)
    return _drawn(view, _known(view, state(view)), key, chosen, sort, theme, narrow=narrow)


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(
    _view: View, _known: _Known, key: tuple[object, ...], _chosen: list[str], _sort: str, _theme: Theme, *, narrow: bool
) -> Drawn:
    view, known, metric, theme = _view, _known, _view.metric, _theme
    profiles = known.rates.only(known.rates.runs["run_id"].tolist()[:_SHOWN_FIRST])
    ends = known.ends
    if _chosen:
        profiles = domains.domain_rates(view.store, of_runs(_chosen), metric).only(_chosen)
        ends = domains.extreme(domains.domain_tests(profiles), lowest=True)
    notes = report.profile_notes(_chosen, profiles.runs, view.labels, MOST_RUNS)
    profiles = profiles.only(profiles.runs["run_id"].tolist()[:MOST_RUNS])
    of_radar = report.run_names(profiles.runs)
    warning = report.across_boards(profiles.runs, board_list.boards(view.store))
    order = domains.in_order(known.rates, _sort, with_partial=view.rank_partial)
    rows = known.rates.only(order[:MOST_ROWS])
    of_rows = report.row_names(rows.runs)
    columns = {name: label for name, label in report.SHORT.items() if name != domains.MACRO or _sort == name}
    words = (
        tests_report.runs_sentence(ends, of_radar)
        if _chosen and len(of_radar)
        else tests_report.board_sentence(known.together, known.ends, report.run_names(known.rates.runs), metric)
    )
    answer = plain(words)
    for label in DOMAIN_LABELS.values():
        answer = answer.replace(plain(label), f"**{plain(label)}**")
    about = view.provenance(f"{len(of_radar)} runs", warning=warning)
    weakest = tests_report.weakest_words(known.ends)
    short = {name: label for name, label in report.SHORT.items() if name in DOMAIN_LABELS}
    return Drawn(
        answer=answer,
        notes=[*notes, *filter(None, [warning])],
        caption=report.heat_caption(rows.cells, len(of_rows), len(order), metric),
        profiles=profiles,
        rows=rows,
        names=of_rows,
        radar=radar(profiles.cells, of_radar, short, metric, theme, mean=known.means, narrow=narrow)
        if of_radar
        else None,
        heatmap=heatmap(
            rows.cells, of_rows, columns, weakest, metric, theme, sorted_by=_sort, chosen=_chosen, narrow=narrow
        ),
        table=report.profile_screen(profiles.cells, of_radar),
        radar_data=report.profile_export(profiles.cells, of_radar, about, f"{metric.label} by domain: selected runs"),
        heatmap_data=plain_table(
            "heatmap", f"{metric.label} by domain: all runs", report.long_cells(rows.cells, of_rows), view.provenance()
        ),
    )


def _take_click(view: View, runs: pd.DataFrame, chart: str) -> None:
    """For callbacks: a mark was clicked, and the next run of the page leaves for its failures."""
    if points := st.session_state[chart]["selection"]["points"]:
        page.go_later(*_failures(view, runs, *points[0]["customdata"][:2]))


def _failures(view: View, runs: pd.DataFrame, run_id: str, column: str) -> Way:
    """The way to what the run fails in a column of the heatmap."""
    return failures(view, runs, run_id, domains=[column] if column in DOMAIN_LABELS else ())


def _radar(view: View, drawn: Drawn, downloads: Any, *, narrow: bool) -> None:
    if drawn.radar is None:
        return
    names = listed(report.run_names(drawn.profiles.runs).values())
    display.chart(
        drawn.radar,
        key="radar",
        alt=f"{view.metric.label} by domain of {names}; the table Profiles has the figures",
        data=drawn.radar_data,
        select=None if narrow else partial(_take_click, view, drawn.profiles.runs, "radar"),
        tools=downloads,
    )


def _heatmap(view: View, drawn: Drawn, downloads: Any) -> None:
    display.chart(
        drawn.heatmap,
        key="heatmap",
        alt=f"{view.metric.label} of {len(drawn.names)} runs by domain; the table All runs has the figures",
        data=drawn.heatmap_data,
        select=partial(_take_click, view, drawn.rows.runs, "heatmap"),
        tools=downloads,
    )
    st.caption(drawn.caption)


def _profiles(view: View, drawn: Drawn) -> None:
    """The runs of the radar beside each other."""
    display.table(
        drawn.table,
        key="profiles",
        alt=f"{view.metric.label} by domain: rate, 95% interval and count",
        pinned="Domain",
        export=drawn.radar_data,
    )


def _all_runs(view: View, drawn: Drawn) -> None:
    """The heatmap as a table, and a link to the failures of each of its cells."""
    link_to_failures(drawn.names, "Domain", DOMAIN_LABELS, partial(_failures, view, drawn.rows.runs))
    title = f"{view.metric.label} by domain, {view.board.label}"
    display.table(
        report.heat_screen(drawn.rows.cells, drawn.names),
        key="cells",
        alt=f"{view.metric.label} of the runs by domain: rate, 95% interval and count",
        pinned="Run",
        export=report.heat_export(drawn.rows.cells, drawn.names, view.provenance(), title),
    )


def _tests(view: View, rows: DomainRates, names: Mapping[str, str]) -> None:
    """Each run's hardest and easiest domain, tested against its other samples."""
    tests = background.computed(
        lambda: domains.hardest_and_easiest(rows),
        "Computing the tests …",
        *("domain-tests", view.store.version, view.metric.id, tuple(rows.runs["run_id"])),
    )
    if tests is None:
        return
    st.markdown("\n".join(f"- {plain(words)}" for words in tests_report.tests_sentences(tests, names)))
    title = f"Hardest and easiest domains, {view.metric.label}, {view.board.label}"
    display.table(
        tests_report.tests_screen(tests, names),
        key="tests",
        alt="Hardest and easiest domain of each run, tested against the run's other samples",
        placeholder="–",
        pinned="Run",
        columns=display.drawn(tests_report.COLUMNS),
        export=tests_report.tests_export(tests, names, view.provenance(), title),
    )


def _subcategories(view: View, rows: DomainRates, names: Mapping[str, str]) -> None:
    """Which subcategories runs fail most, and the samples that each run passes in them."""
    own = labels_in_use(view)
    samples = subcategories.failures(view.store, view.filters.where(), view.metric, own)
    parts = subcategories.by_subcategory(samples)

    def open_samples() -> None:
        # The samples page filters by the project's labels, so others lead nowhere.
        points = st.session_state["subcategory-dots"]["selection"]["points"]
        if points and own.is_own:
            domain, name = points[0]["customdata"][:2]
            page.go_later("samples", link_params(board=view.board.id, domains=[domain], subcategories=[name]))

    failing = samples[["question_id", "domain", "subcategory", "graded", "failing"]]
    left, right = st.container(key="beside-subcategories").columns([2, 3])
    with left:
        display.chart(
            subcategory_dots(parts, view.metric, browser.theme()),
            key="subcategory-dots",
            alt=f"{len(parts)} subcategories by the share of verdicts that pass; the table beside has the counts",
            data=plain_table("failing-runs", "How many runs fail each sample", failing, view.provenance()),
            select=open_samples,
        )
    with right:
        counts = subcategories.subcategory_counts(view.store, of_runs(rows.runs["run_id"].tolist()), view.metric, own)
        st.caption(
            "Samples passed / graded. A subcategory has about five samples: too few for a rate or a rank of one run."
        )
        display.table(
            report.subcategory_screen(counts, rows.runs, names),
            key="subcategories",
            alt=f"Samples that pass by subcategory and run, {view.metric.label}",
            most_pixels=620,
            pinned="Subcategory",
            export=report.subcategory_export(counts, rows.runs, names, view.provenance()),
        )
        st.caption(plain(labels.sentence(own, view.catalogue)))
        with st.container(horizontal=True):
            page.link("method", "How the labels were made")
            page.link("capabilities", "Use other labels", {"part": "labels"})
