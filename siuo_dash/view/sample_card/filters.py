"""The choices of the samples page; each widget's key is its name in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from siuo_dash.analysis.sample_filters import AGREEMENT, NEEDS, OUTCOMES, RunOutcome, SampleFilters
from siuo_dash.analysis.samples import ORDERS
from siuo_dash.benchmark.schema import DIMENSIONS, DOMAINS, FLAGS
from siuo_dash.store.database import Store
from siuo_dash.view.samples import outcome_option

FILTER_KEYS: Final = (
    "find",
    "domain",
    "subcategory",
    "dimension",
    "needs",
    "outcome",
    "flag",
    "agreement",
    "difficulty",
)


def choose_filters(store: Store, runs: Mapping[str, str]) -> tuple[SampleFilters, str]:
    """Search and filters of the samples page, and the order of the list (an id of ORDERS).

    runs: {run_id: label} of the chosen runs, in order.
    """
    subcategories = list(dict.fromkeys(sample.subcategory for sample in store.catalogue.samples))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            placeholder="Scene, request, hazard, id",
            key="find",
            bind="query-params",
            max_chars=100,
            width=300,
        )
        outcomes = _choose_outcomes(runs)
        with st.popover("Filters", icon=":material/filter_list:"):
            domains = st.multiselect(
                "Domain",
                [domain.id for domain in DOMAINS],
                format_func={domain.id: domain.label for domain in DOMAINS}.__getitem__,
                key="domain",
                bind="query-params",
            )
            chosen = st.multiselect("Subcategory", subcategories, key="subcategory", bind="query-params")
            dimensions = st.pills(
                "Primary dimension", list(DIMENSIONS), selection_mode="multi", key="dimension", bind="query-params"
            )
            needs = st.pills("Needs", list(NEEDS), selection_mode="multi", key="needs", bind="query-params")
            flags = st.multiselect(
                "Health flag",
                list(FLAGS),
                format_func=lambda flag: FLAGS[flag].label,
                key="flag",
                bind="query-params",
                help="Of the chosen runs; of any run when none is chosen",
            )
            agreement = st.segmented_control(
                "Responses to one sample",
                list(AGREEMENT),
                default="any",
                required=True,
                format_func=AGREEMENT.__getitem__,
                key="agreement",
                bind="query-params",
                help="Of the chosen runs; of any run when none is chosen. Needs runs with several responses a sample",
            )
            low, high = st.slider(
                "Share of the board's runs that pass, %",
                0,
                100,
                (0, 100),
                step=5,
                key="difficulty",
                bind="query-params",
            )
        order = st.selectbox(
            "Order", list(ORDERS), format_func=ORDERS.__getitem__, key="order", bind="query-params", width=170
        )
        st.button("Reset filters", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
    filters = SampleFilters(
        domains=tuple(domains),
        subcategories=tuple(chosen),
        dimensions=tuple(dimensions),
        needs=tuple(needs),
        outcomes=outcomes,
        flags=tuple(flags),
        agreement=agreement or "any",
        runs=tuple(runs.items()),
        difficulty=(low / 100, high / 100),
        search=search or "",
    )
    return filters, order


def _choose_outcomes(runs: Mapping[str, str]) -> tuple[RunOutcome, ...]:
    options: dict[Any, str] = {
        (run_id, outcome): outcome_option(label, outcome) for run_id, label in runs.items() for outcome in OUTCOMES
    }
    chosen = st.multiselect(
        "Outcome in a chosen run",
        list(options),
        format_func=options.__getitem__,
        key="outcome",
        bind="query-params",
        placeholder="Any outcome" if runs else "Choose runs first",
        disabled=not runs,
        width=420,
    )
    return tuple(RunOutcome(run_id, runs[run_id], outcome) for run_id, outcome in chosen if run_id in runs)


def _reset() -> None:
    for key in FILTER_KEYS:
        st.session_state.pop(key, None)
