"""The capabilities page: rates by what the samples ask of a model, by the project's labels or a visitor's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.analysis import capabilities as analysis
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import LABEL_COLUMNS, Labels
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.parts import MOST_RUNS, group_dots
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.reader_process import read_labels
from siuo_dash.report import capabilities as report
from siuo_dash.report import domains as words
from siuo_dash.report import labels
from siuo_dash.report.export import Provenance, Table, to_csv
from siuo_dash.report.file_findings import findings_frame
from siuo_dash.ui import address, browser, controls, display, frame, page, run_choice
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain
from siuo_dash.ui.parts import Way, failures, labels_in_use, left_out, link_to_failures, nothing_to_show, state

_FINDINGS: Final = "label-findings"
_FILE: Final = "labels-file"
_TABS: Final = {"rates": "Rates", "differences": "Differences", "labels": "Labels"}


def choose_runs(view: View) -> list[str]:
    """The selected runs, in the line of controls."""
    rates = _known(view, labels_in_use(view), state(view)).rates
    with st.popover("Runs", help="Without a choice, all runs of the view are shown"):
        return run_choice.choose_runs(rates.runs["run_id"], view.labels)


def choose_grouping() -> analysis.Grouping:
    """How the samples are parted, in the line of controls."""
    options = {name: grouping.label for name, grouping in analysis.GROUPINGS.items()}
    shown = {"label_visibility": "collapsed", "width": 162}
    return analysis.GROUPINGS[controls.choose_from("Samples by", options, key="by", default="dimension", **shown)]


def show(view: View, chosen: list[str], grouping: analysis.Grouping) -> None:
    """Every run in each group of samples, beside it what the paper claims; rates, differences and labels in tabs."""
    screen, own = browser.screen(), labels_in_use(view)
    known = _known(view, own, state(view))
    if not own.is_own:
        frame.note(labels.sentence(own, view.catalogue))
    provenance = _provenance(view, own)
    empty = nothing_to_show(view, known.rates.runs)
    if empty:
        frame.answer("", plain(view.caveat))
        opened, place = address.tabs({"labels": _TABS["labels"]}, name="part")
    else:
        with frame.tools():
            downloads = display.icon_menu("Download", "download", key="icon-downloads")
        drawn = draw(view, own, chosen, grouping, browser.theme(), narrow=screen == "narrow")
        for note in words.chosen_notes(chosen, [each for each in chosen if each in drawn.names], view.labels):
            frame.note(note)
        frame.answer(plain(drawn.answer), plain(view.caveat))
        left, right = st.columns([21, 10]) if screen == "wide" else (st.container(), st.container())
        with left:
            _chart(view, own, drawn, grouping, downloads)
        with right:
            _papers_claim(known)
        opened, place = address.tabs(_TABS, name="part")
    with place:
        if opened == "labels":
            _choose_labels(view.catalogue, own, provenance)
        elif opened == "rates":
            _rates(view, own, drawn, grouping)
        else:
            _differences(drawn, grouping, provenance)
    left_out(view, by_domain=False)


@dataclass(frozen=True)
class _Known:
    """The runs of the view in their groups, best first; claims: what the paper asks, answered."""

    rates: analysis.CapabilityRates
    claims: list[tuple[str, str, str]]


def _labels_key(labels: Labels) -> str:
    return "" if labels.is_own else repr(labels)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Labels: _labels_key})
def _known(_view: View, own: Labels, key: tuple[object, ...]) -> _Known:
    rates = analysis.capability_rates(_view.store, _view.filters.where(), _view.metric, own)
    rates = rates.only(analysis.by_rate(rates))
    claims = [
        report.correlation_claim(dimension, analysis.goes_with_integration(rates, dimension))
        for dimension in ("knowledge", "reasoning")
    ]
    claims.append(report.weaker_claim(analysis.weaker_side(rates), words.run_names(rates.runs)))
    return _Known(rates, claims)


@dataclass(frozen=True)
class Drawn:
    """What the page shows for one choice. names: of the runs that are shown, best first."""

    answer: str
    shown: analysis.CapabilityRates
    gaps: pd.DataFrame
    names: dict[str, str]
    figure: go.Figure
    data: Table
    table: pd.DataFrame


def _provenance(view: View, own: Labels) -> Provenance:
    return view.provenance(warning="" if own.is_own else f"labels of {own.origin}, not the project's")


def draw(
    view: View, own: Labels, chosen: list[str], grouping: analysis.Grouping, theme: Theme, *, narrow: bool = False
) -> Drawn:
    """The chart for a choice, once for each state of the data and the page."""
    key = (*state(view), *chosen, grouping.id, theme)
    return _drawn(view, own, _known(view, own, state(view)), key, chosen, grouping, theme, narrow=narrow)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Labels: _labels_key})
def _drawn(
    _view: View,
    own: Labels,
    _known: _Known,
    key: tuple[object, ...],
    _chosen: list[str],
    _grouping: analysis.Grouping,
    _theme: Theme,
    *,
    narrow: bool,
) -> Drawn:
    metric, grouping, provenance = _view.metric, _grouping, _provenance(_view, own)
    order = _known.rates.runs["run_id"].tolist()
    shown = _known.rates.only([run_id for run_id in order if run_id in set(_chosen)] or order)
    names = words.run_names(shown.runs)
    gaps = analysis.differences(shown)
    cells = shown.cells[shown.cells["grouping"] == grouping.id]
    return Drawn(
        answer=report.answer(shown, gaps, names, grouping, metric),
        shown=shown,
        gaps=gaps,
        names=names,
        figure=group_dots(cells, names, grouping.groups, metric, _theme, narrow=narrow),
        table=report.rates_screen(shown.cells, names, grouping),
        data=report.rates_export(shown.cells, names, grouping, provenance, f"{metric.label} by {grouping.words}"),
    )


def _failures(view: View, drawn: Drawn, grouping: analysis.Grouping, run_id: str, group: str) -> Way:
    where, params = failures(view, drawn.shown.runs, run_id)
    return where, {**params, **report.samples_filter(grouping, group)}


def _chart(view: View, own: Labels, drawn: Drawn, grouping: analysis.Grouping, downloads: Any) -> None:
    def open_failures() -> None:
        """For callbacks: a dot was clicked, and what its run fails there is opened."""
        points = st.session_state["groups"]["selection"]["points"]
        # The samples page filters by the project's labels, so others lead nowhere.
        if points and own.is_own:
            page.go_later(*_failures(view, drawn, grouping, *points[0]["customdata"][:2]))

    display.chart(
        drawn.figure,
        key="groups",
        alt=f"{view.metric.label} of {min(len(drawn.names), MOST_RUNS)} runs by {grouping.words}; "
        "the table Rates has the figures",
        data=drawn.data,
        select=open_failures,
        tools=downloads,
    )
    st.caption(report.dots_caption(len(drawn.names), MOST_RUNS))


def _papers_claim(known: _Known) -> None:
    """Whether runs that integrate badly lack knowledge and reasoning, too; over all runs of the view."""
    st.markdown("**Does the paper's claim hold here?**")
    claims = [map(plain, claim) for claim in known.claims]
    st.markdown("\n".join(f"- {question} **{answer}**\\: {figures}" for question, answer, figures in claims))
    st.caption(report.SAME_SAMPLES)
    page.link("method", "How the labels were made")


def _rates(view: View, own: Labels, drawn: Drawn, grouping: analysis.Grouping) -> None:
    if own.is_own:
        groups = {group: label for group, label in grouping.groups.items() if report.samples_filter(grouping, group)}
        link_to_failures(drawn.names, grouping.label, groups, partial(_failures, view, drawn, grouping))
    display.table(
        drawn.table,
        key="rates",
        alt=f"{drawn.data.title}: rate, 95% interval and count",
        pinned="Run",
        columns={f"{label} %": st.column_config.NumberColumn(format="%.1f") for label in grouping.groups.values()},
        placeholder="–",
        export=drawn.data,
    )


def _differences(drawn: Drawn, grouping: analysis.Grouping, provenance: Provenance) -> None:
    st.caption(plain(report.differences_width(drawn.gaps, grouping)))
    display.table(
        report.differences_screen(drawn.gaps, drawn.names, grouping),
        key="differences",
        alt=f"Differences inside a run by {grouping.words}, with 95% intervals",
        pinned="Run",
        columns={
            name: st.column_config.NumberColumn(format=form, help=meaning)
            for name, (form, meaning) in report.difference_columns(grouping).items()
        },
        placeholder="–",
        export=report.differences_export(
            drawn.gaps, drawn.names, grouping, provenance, f"Differences by {grouping.words}"
        ),
    )


def _choose_labels(catalogue: Catalogue, own: Labels, provenance: Provenance) -> None:
    """Whose labels are in use; a file of other labels, for this session only."""
    st.markdown(plain(labels.sentence(own, catalogue)))
    with st.container(horizontal=True, vertical_alignment="center"):
        display.download(
            "Labels in use, as a template",
            lambda: to_csv(labels.template_export(own, catalogue, provenance)),
            "siuo-labels.csv",
            key="labels-template",
        )
        if not own.is_own:
            st.button("Use the project's own labels again", on_click=_forget_labels, icon=":material/restart_alt:")
    columns = ", ".join(f"`{name}`" for name in LABEL_COLUMNS)
    st.markdown(
        f"Use other labels: a CSV, TSV, XLSX, JSON or Parquet file with {columns}: one row a sample, "
        " dimensions *integration*, *knowledge* or *reasoning*, the two needs as 1 or 0. "
        "They apply to this session only and are not stored."
    )
    st.file_uploader("Labels", key=_FILE, on_change=_take_labels, args=(catalogue,))
    findings = st.session_state.get(_FINDINGS, [])
    if any(found.severity == "error" for found in findings):
        st.error("These labels cannot be used. Correct what is listed and drop the file again.")
    if findings:
        display.table(
            findings_frame(findings, kinds=True),
            key="label-findings",
            alt="Findings in the label file",
            placeholder="–",
            export=labels.findings_export(findings, provenance),
        )


def _take_labels(catalogue: Catalogue) -> None:
    """Read the dropped file: labels for this session, or the findings that keep it from being used."""
    dropped = st.session_state.get(_FILE)
    st.session_state.pop(labels.SESSION_KEY, None)
    st.session_state.pop(_FINDINGS, None)
    if dropped is not None:
        found, findings = read_labels(UploadedFile(dropped.name, dropped.getvalue()), catalogue)
        st.session_state[_FINDINGS] = findings
        if found is not None:
            st.session_state[labels.SESSION_KEY] = found


def _forget_labels() -> None:
    """Back to the project's own labels."""
    for key in (labels.SESSION_KEY, _FINDINGS, _FILE):
        st.session_state.pop(key, None)
