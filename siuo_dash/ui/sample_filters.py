"""The samples page's search and filters; each widget's key is its name in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from siuo_dash.analysis import queries, texts
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.sample_filters import AGREEMENT, NEEDS, RunOutcome, SampleFilters
from siuo_dash.analysis.samples import ORDERS
from siuo_dash.benchmark.schema import DIMENSIONS, DOMAIN_LABELS, FLAGS
from siuo_dash.report.samples import outcome_options
from siuo_dash.sources.benchmark_text import BenchmarkText, read, state
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import address, controls

FILTER_KEYS: Final = tuple("find domain subcategory dimension needs outcome flag agreement difficulty".split())


def arrive(store: Store) -> None:
    """Called before any widget: a link that says what to show is not mixed with the filters of an earlier visit.

    A link that names runs but no board starts on the first run's board.
    """
    asked = st.query_params
    came_from, st.session_state[_BEFORE] = st.session_state.get(_BEFORE), address.visit()
    if came_from == address.visit() or not set(asked) & {*FILTER_KEYS, *_LINKED}:
        return
    for key in (*FILTER_KEYS, "order", "sample"):
        if key not in asked:
            address.choose(key, ())
    if "board" not in asked and "runs" in asked and (runs := controls.runs_chosen(run_labels(store))):
        address.choose("board", [str(queries.find_run(store, runs[0])["board"])])


_BEFORE: Final = "samples-visit"
_LINKED: Final = ("sample", "runs", "order")


def choose_filters(store: Store, runs: Mapping[str, str], text: BenchmarkText) -> tuple[SampleFilters, str, texts.Hits]:
    """Search and filters of the samples page, the order of the list (an id of ORDERS), and where the search hit.

    runs: {run_id: label} of the chosen runs, in order.
    """
    subcategories = list(dict.fromkeys(sample.subcategory for sample in store.catalogue.samples))
    with controls.row():
        search_words = st.text_input(
            "Search",
            placeholder="Summaries, texts, number",
            key="find",
            bind="query-params",
            max_chars=100,
            width=280,
            help="Searches our summaries, the benchmark text (if installed), and the responses and judgements of the "
            "chosen runs",
        )
        outcomes = _choose_outcomes(runs)
        with st.popover("Filters", icon=":material/filter_list:"):
            domains = controls.choose_several("Domain", DOMAIN_LABELS, key="domain")
            chosen = controls.choose_several("Subcategory", {name: name for name in subcategories}, key="subcategory")
            dimensions = controls.choose_several(
                "Primary dimension", {name: name for name in DIMENSIONS}, key="dimension", pills=True
            )
            needs = controls.choose_several("Needs", {name: name for name in NEEDS}, key="needs", pills=True)
            help = "Of the chosen runs; of any run when none is chosen"
            flag_labels = {name: flag.label for name, flag in FLAGS.items()}
            flags = controls.choose_several("Health flag", flag_labels, key="flag", help=help)
            help = f"{help}. Needs runs with several responses a sample"
            agreement = controls.choose("Responses to one sample", AGREEMENT, key="agreement", help=help)
            label = "Share of the board's runs that pass, %"
            low, high = st.slider(label, 0, 100, (0, 100), step=5, key="difficulty", bind="query-params")
        order = controls.choose_from("Order", ORDERS, key="order", width=170)
        st.button("Reset filters", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
    hits = _hits(store, text, tuple(runs), (search_words or "").strip())
    filters = SampleFilters(
        domains=tuple(domains),
        subcategories=tuple(chosen),
        dimensions=tuple(dimensions),
        needs=tuple(needs),
        outcomes=outcomes,
        flags=tuple(flags),
        agreement=agreement,
        runs=tuple(runs.items()),
        difficulty=(low / 100, high / 100),
        search=search_words or "",
        found=hits.ids,
    )
    return filters, order, hits


_AS_IT_IS: Final[dict[Any, Any]] = {Store: lambda store: (str(store.data_dir), store.version, state(store.data_dir))}
"""What is kept is read again when the data change, or the files of the benchmark's own texts."""


@st.cache_data(max_entries=256, show_spinner="Searching the texts …", hash_funcs=_AS_IT_IS)
def _hits(store: Store, _text: BenchmarkText, run_ids: tuple[str, ...], words: str) -> texts.Hits:
    own = {question_id: sample.places() for question_id, sample in _text.samples.items()}
    return texts.search_texts(store, own, run_ids, words)


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=_AS_IT_IS)
def benchmark_text(store: Store) -> BenchmarkText:
    """The benchmark's own texts, read once while their files stay the same."""
    return read(store.data_dir, store.catalogue)


def _choose_outcomes(runs: Mapping[str, str]) -> tuple[RunOutcome, ...]:
    if not runs:  # a greyed-out field cannot be read by everybody
        return ()
    options = outcome_options(runs)
    chosen = controls.choose_several(
        "Outcome in a selected run", options, key="outcome", placeholder="Any outcome", width=420
    )
    picked = [name.rpartition(":") for name in chosen]
    return tuple(RunOutcome(run_id, runs[run_id], outcome) for run_id, _, outcome in picked)


def _reset() -> None:
    for key in FILTER_KEYS:
        if key == "difficulty":
            st.session_state[key] = (0, 100)
        elif key == "find":
            st.session_state[key] = ""
        else:
            address.choose(key, ())
