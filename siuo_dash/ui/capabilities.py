"""The capabilities page: rates by what the samples ask of a model, by the project's labels or a visitor's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from siuo_dash.analysis import capabilities as analysis
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import LABEL_COLUMNS, Labels
from siuo_dash.charts.bars import MOST_RUNS, grouped_bars
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.reader_process import read_labels
from siuo_dash.report import capabilities as report
from siuo_dash.report import domains as words
from siuo_dash.report import labels
from siuo_dash.report.export import Provenance, to_csv
from siuo_dash.report.file_findings import findings_frame
from siuo_dash.text import counted
from siuo_dash.ui import browser, controls, display, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain
from siuo_dash.ui.parts import labels_in_use, left_out, nothing_to_show

_FINDINGS: Final = "label-findings"
_FILE: Final = "labels-file"


def show(view: View) -> None:
    """The labels in use, the rates by them, the differences inside runs, and the paper's reading of them."""
    own = labels_in_use(view.store)
    st.markdown(f"**{plain(view.filters.sentence())}** {plain(labels.sentence(own, view.store.catalogue))}")
    provenance = view.provenance(warning="" if own.is_own else f"labels of {own.origin}, not the project's")
    _choose_labels(view.store.catalogue, own, provenance)
    left_out(view, by_domain=False)
    rates = analysis.capability_rates(view.store, view.filters.where(), view.metric, own)
    if nothing_to_show(view, rates.runs):
        return
    with controls.row():
        options = {name: grouping.label for name, grouping in analysis.GROUPINGS.items()}
        grouping = analysis.GROUPINGS[controls.choose("Samples by", options, key="by", default="dimension")]
    _rates(view, rates, grouping, own, provenance)
    _papers_reading(rates)


def _choose_labels(catalogue: Catalogue, own: Labels, provenance: Provenance) -> None:
    """A file of other labels, for this session only."""
    with st.container(horizontal=True, vertical_alignment="center"):
        page.link("method", "How the labels were made")
        if not own.is_own:
            st.button("Use the project's own labels again", on_click=_forget_labels, icon=":material/restart_alt:")
    with st.expander("Use other labels", icon=":material/label:", expanded=bool(st.session_state.get(_FINDINGS))):
        st.markdown(
            f"A CSV (or TSV, XLSX, JSON, Parquet) with the columns {', '.join(f'`{name}`' for name in LABEL_COLUMNS)}: "
            "one row a sample, dimensions *integration*, *knowledge* or *reasoning*, the two needs as 1 or 0. "
            "It is used in this session only and kept nowhere."
        )
        display.download(
            "The labels in use, as a template",
            lambda: to_csv(labels.template_export(own, catalogue, provenance)),
            "siuo-labels.csv",
            key="labels-template",
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


def _rates(
    view: View, rates: analysis.CapabilityRates, grouping: analysis.Grouping, own: Labels, provenance: Provenance
) -> None:
    """Bars and a table of the chosen runs' rates, or of all; below, the differences inside each of them."""

    def open_samples() -> None:
        """A bar was clicked: its run becomes the chosen one, and its samples are opened."""
        points = st.session_state["bars"]["selection"]["points"]
        # The samples page filters by the project's labels, so others lead nowhere.
        if points and own.is_own:
            run_id, group = points[0]["customdata"][:2]
            page.go_later("samples", {"runs": run_id, "board": view.board.id, **report.samples_filter(grouping, group)})

    chosen = controls.choose_runs(
        rates.runs["run_id"], view.labels, help="Without a choice, all runs of the view are shown"
    )
    order = analysis.by_rate(rates)
    here = [run_id for run_id in order if run_id in set(chosen)]
    for note in words.chosen_notes(chosen, here, view.labels):
        st.caption(plain(note))
    shown = rates.only(here or order)
    names = words.run_names(shown.runs)
    title = f"{view.metric.label} by {grouping.words}"
    st.subheader(title, anchor=False)
    st.caption(report.bars_caption(shown, grouping, MOST_RUNS))
    data = report.rates_export(shown.cells, names, grouping, provenance, title)
    cells = shown.cells[shown.cells["grouping"] == grouping.id]
    display.chart(
        grouped_bars(cells, names, grouping.groups, view.metric, browser.theme()),
        key="bars",
        alt=f"{title} of {min(len(names), MOST_RUNS)} runs; the table below has the figures",
        data=data,
        select=open_samples,
    )
    st.markdown("**Rates**")
    display.table(
        report.rates_screen(shown.cells, names, grouping),
        key="rates",
        alt=f"{title}: rate, 95 % interval and count",
        pinned="Run",
        columns={f"{label} %": st.column_config.NumberColumn(format="%.1f") for label in grouping.groups.values()},
        placeholder="–",
        export=data,
    )
    _differences(shown, names, grouping, provenance)


def _differences(
    shown: analysis.CapabilityRates, names: Mapping[str, str], grouping: analysis.Grouping, provenance: Provenance
) -> None:
    gaps = analysis.differences(shown)
    st.markdown("**Differences inside a run**, in percentage points")
    st.caption(plain(report.differences_sentence(gaps, names, grouping)))
    display.table(
        report.differences_screen(gaps, names, grouping),
        key="differences",
        alt=f"Differences inside a run by {grouping.words}, with 95 % intervals",
        pinned="Run",
        columns={
            name: st.column_config.NumberColumn(format=form, help=meaning)
            for name, (form, meaning) in report.difference_columns(grouping).items()
        },
        placeholder="–",
        export=report.differences_export(gaps, names, grouping, provenance, f"Differences by {grouping.words}"),
    )


def _papers_reading(rates: analysis.CapabilityRates) -> None:
    """Whether runs that integrate badly lack knowledge and reasoning, too; over all runs of the view."""
    st.subheader("The paper's reading, checked on these runs", anchor=False)
    st.markdown(
        "The paper asks whether models that integrate picture and text badly also lack knowledge and reasoning, "
        f"and which models lack which. Here over {counted(len(rates.runs), 'run')} of the view, chosen or not."
    )
    checks = [
        report.correlation_sentence(dimension, analysis.goes_with_integration(rates, dimension))
        for dimension in ("knowledge", "reasoning")
    ]
    checks.append(report.weaker_sentence(analysis.weaker_side(rates), words.run_names(rates.runs)))
    st.markdown("\n".join(f"- {plain(check)}" for check in checks))
    st.caption(report.SAME_SAMPLES)
