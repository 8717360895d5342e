"""The compare page: two runs as statisticians would compare them, or one run against many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.analysis import comparison
from siuo_dash.analysis.sample_filters import FAILING, PASSING
from siuo_dash.analysis.stats.differences import PairedTable
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.charts import bars
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.intervals import differences
from siuo_dash.report import compare as report
from siuo_dash.report import compare_exports
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.rows import Row
from siuo_dash.report.samples import link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import browser, compare_many, controls, display, frame, page, rows
from siuo_dash.ui.compare_choice import Choice, answer, suggest
from siuo_dash.ui.display import plain

Pairs = tuple[tuple[str, Any], ...]
_STYLE: Final = """<style>.st-key-answer strong { font-size: 1.35rem; line-height: 1.9rem; }
.st-key-sides a * { white-space: normal; overflow: visible; }</style>"""


def show(choice: Choice) -> None:
    """The comparison, or what to select. The first two of the runs, or the first against a family."""
    st.html(_STYLE)
    if choice.family and choice.runs:
        compare_many.show(choice)
    elif len(choice.runs) > 1:
        _two(choice)
    else:
        suggest(choice)


@st.cache_resource(max_entries=32, show_spinner=False)
def _compared(_store: Store, version: str, first: str, second: str) -> comparison.Comparison:
    return comparison.compare(_store, first, second)


@st.cache_resource(max_entries=32, show_spinner=False)
def _differing(_store: Store, version: str, first: str, second: str, metric: str) -> pd.DataFrame:
    a, b = (comparison.side(_store, run) for run in (first, second))
    return comparison.discordant(_store, a, b, METRICS[metric], neither=True)


@st.cache_resource(max_entries=32, show_spinner=False)
def _tables(
    _found: comparison.Comparison,
    _provenance: Provenance,
    version: str,
    pair: tuple[str, str],
    names: tuple[str, str],
    metric: str,
) -> tuple[Table, Table, pd.DataFrame]:
    """The comparison to take away, by metric and by domain, and what the page shows of it by metric."""
    parts = [each for each in (_found.overall[metric], *_found.domains[metric]) if each is not None]
    return (
        compare_exports.comparison_export(_found, names, _provenance),
        compare_exports.domains_export(parts, names, replace(_provenance, metric=METRICS[metric].label)),
        report.metrics_table(_found),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _rows(_samples: pd.DataFrame, version: str, pair: tuple[str, str], metric: str, part: str) -> list[Row]:
    return report.differing_rows(_samples[_samples["passed_by"] == part].reset_index(drop=True))


def _two(choice: Choice) -> None:
    """The verdict, the bar of outcomes, domains and the samples that not both pass."""
    pair = (choice.runs[0], choice.runs[1])
    found = _compared(choice.store, choice.store.version, *pair)
    names = (choice.labels[pair[0]], choice.labels[pair[1]])
    boards = controls.board_labels(choice.store)
    where = " | ".join(dict.fromkeys([boards[found.first.board], boards[found.second.board]]))
    provenance = Provenance(choice.store.version, where, f"A = {names[0]}; B = {names[1]}", found.warning)
    overall = found.overall[choice.metric.id]
    if overall is None:
        frame.answer("**A and B are not judged by the same metric.**")
        _sides(found, choice.metric)
        return
    answer(choice, report.headline(overall), {found.first.board, found.second.board}, found.warning)
    table, by_domain, metrics = _tables(found, provenance, choice.store.version, pair, names, choice.metric.id)
    with frame.tools():
        display.exports(table, key="metrics")
    if overall.table is None:
        _sides(found, choice.metric)
        display.table(metrics, key="metrics", alt="Difference of A and B by metric")
        if not found.domains[choice.metric.id]:
            missing = "Domains and samples need a verdict for each sample of both runs."
            st.caption(plain(f"{report.gap_words(overall)} {missing}"))
            return
        st.caption(plain(report.gap_words(overall)))
        with frame.tools():
            downloads = display.icon_menu("Download charts", "image", key="icon-charts")
        _domains(found, overall, by_domain, downloads)
        return
    with frame.tools():
        downloads = display.icon_menu("Download charts", "image", key="icon-charts")
    left, right = st.container(key="beside-outcomes").columns([4, 7], vertical_alignment="center")
    with left:
        _sides(found, choice.metric)
    with right:
        note = report.picture_note(found.warning)
        chart_of_outcomes(
            overall.table,
            choice.metric,
            "AB",
            key="outcomes",
            data=table,
            tools=downloads,
            note=note,
            select=lambda part: page.go_later("samples", _link(choice, pair, part)),
        )
    left, right = st.container(key="beside-samples").columns(2, gap="medium")
    with left:
        _domains(found, overall, by_domain, downloads)
    with right:
        _samples(choice, pair, overall, names, replace(provenance, metric=choice.metric.label))
    display.table(metrics, key="metrics", alt="Difference of A and B by metric")
    st.caption(plain(report.gap_words(overall)))


def _sides(found: comparison.Comparison, metric: Metric) -> None:
    """A and B with their rates, each a link to its run."""
    with st.container(gap="xxsmall", key="sides"):
        for letter, run in (("A", found.first), ("B", found.second)):
            words = f"{letter}: **{plain(run.model)}** {plain(report.side_words(run, metric))}"
            page.link("run", words, {"run": run.run_id})


@st.cache_resource(max_entries=32, show_spinner=False)
def _domains_drawn(
    _found: comparison.Comparison, pair: tuple[str, str], version: str, metric: str, theme: Theme
) -> go.Figure:
    overall = [each for each in (_found.overall[metric],) if each is not None]
    return differences(
        report.chart_rows([*overall, *_found.domains[metric]]),
        theme,
        left="B better",
        right="A better",
        legend="p < 0.05 (domains: adjusted)",
        note=report.picture_note(_found.warning),
    )


def _domains(
    found: comparison.Comparison,
    overall: comparison.Difference,
    data: Table,
    downloads: Any,
) -> None:
    domains, metric = found.domains[overall.metric.id], overall.metric.id
    pair = (found.first.run_id, found.second.run_id)
    display.chart(
        _domains_drawn(found, pair, data.provenance.data_version, metric, browser.theme()),
        key="domains",
        alt=f"Difference A minus B in points for all samples and {len(domains)} domains, with 95% intervals",
        data=data,
        tools=downloads,
    )
    table = st.expander("Domains as a table", key="domains-table", on_change="rerun")
    if table.open:
        with table:
            display.table(report.domains_table(domains), key="by-domain", alt="Difference by domain")
            st.caption(
                f"Domains have {report.domain_sizes(domains)} samples, so intervals are wide. "
                "p adjusted: Benjamini–Hochberg over the domains."
            )


@st.cache_resource(max_entries=64, show_spinner=False)
def _bar(counts: Pairs, labels: Pairs, metric: str, theme: Theme, note: str) -> go.Figure:
    return bars.two_runs(dict(counts), dict(labels), METRICS[metric], theme, note=note)


def chart_of_outcomes(
    table: PairedTable,
    metric: Metric,
    names: Sequence[str],
    *,
    key: str,
    data: Table,
    tools: Any = None,
    note: str = "",
    select: Callable[[str], None] | None = None,
) -> None:
    """How often both, one and none of two runs pass. names: what the two are called in the chart.

    data: its downloads; tools: where they go, as of display.chart. select: what a press on a part does, given the part
    ('both', 'first', 'second', 'neither').
    """
    labels = report.parts_words(metric, *names)

    def pressed() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and select:
            select(points[0]["customdata"][0])

    counts = report.parts(table)
    display.chart(
        _bar(tuple(counts.items()), tuple(labels.items()), metric.id, browser.theme(), note),
        key=key,
        alt=f"Of {table.n} samples: " + ", ".join(f"{words} {counts[part]}" for part, words in labels.items()),
        data=data,
        select=pressed if select else None,
        tools=tools,
    )


def _link(choice: Choice, pair: tuple[str, str], part: str, sample: int | None = None) -> dict[str, str | list[str]]:
    """The query of the samples page for a part of the two runs' samples ('both', 'first', 'second', 'neither')."""
    passing, failing = PASSING[choice.metric.id], FAILING[choice.metric.id]
    passed = {"both": (True, True), "first": (True, False), "second": (False, True), "neither": (False, False)}[part]
    outcomes = {run: passing if passes else failing for run, passes in zip(pair, passed, strict=True)}
    return link_params(sample=sample, outcomes=outcomes, metric=choice.metric.id)


def _samples(
    choice: Choice,
    pair: tuple[str, str],
    overall: comparison.Difference,
    names: tuple[str, str],
    provenance: Provenance,
) -> None:
    """The samples that only A passes, only B, or none; a row opens the sample with both runs."""
    if overall.table is None:
        return
    counts, labels = report.parts(overall.table), report.parts_words(choice.metric)
    options = {part: f"{labels[part]} ({counts[part]})" for part in ("first", "second", "neither")}
    part = controls.choose("Samples", options, key="differing", label_visibility="collapsed")
    samples = _differing(choice.store, choice.store.version, *pair, choice.metric.id)
    shown = _rows(samples, choice.store.version, pair, choice.metric.id, part)
    if not shown:
        st.caption("No sample.")
        return
    rows.show(
        shown,
        lambda sample: page.go_later("samples", _link(choice, pair, part, int(sample))),
        key="differing-samples",
        label=f"Samples: {options[part]}; a row opens the sample with both runs",
        page="samples",
        query=_link(choice, pair, part),
        name="sample",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Passed by most other runs first. A row opens the sample with both runs.", width="stretch")
        display.exports(
            lambda: compare_exports.differing_export(samples, choice.metric, names, provenance), key="differing"
        )
