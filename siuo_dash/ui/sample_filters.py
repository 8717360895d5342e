"""The samples page's choices: runs, what is shown of them, search and filters, each by its name in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import streamlit as st

from siuo_dash.analysis import board_list, queries, samples, texts
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.once import once
from siuo_dash.analysis.sample_filters import AGREEMENT, NEEDS, SHOWN, RunOutcome, SampleFilters
from siuo_dash.analysis.samples import ORDERS
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import BENCHMARK, DIMENSIONS, DOMAIN_LABELS, FLAGS, METRICS, Metric
from siuo_dash.report import samples as report
from siuo_dash.sources import responses
from siuo_dash.sources.benchmark_text import BenchmarkText, read, state
from siuo_dash.store import sample_sets
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed
from siuo_dash.ui import address, controls, display, frame, page, run_choice

FILTER_KEYS: Final = tuple("show find domain subcategory dimension needs outcome flag agreement difficulty".split())


@dataclass(frozen=True)
class Asked:
    """What the page shall show. runs: {run_id: short name} of the selected runs that have verdicts by sample."""

    board: board_list.Board
    metric: Metric
    labels: Mapping[str, str]
    runs: Mapping[str, str]
    filters: SampleFilters
    order: str
    text: BenchmarkText
    hits: texts.Hits
    catalogue: Catalogue


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
    if "board" not in asked and "runs" in asked and (runs := run_choice.runs_chosen(run_labels(store))):
        address.choose("board", [str(queries.find_run(store, runs[0])["board"])])


_BEFORE: Final = "samples-visit"
_LINKED: Final = ("sample", "runs", "order")


def choose(store: Store, board: board_list.Board) -> Asked:
    """The choices in the line of controls, and the filters behind their icon; each set filter is a chip."""
    judged = board_list.metrics_judged(store, board.id, per_sample=True) or ["safe"]
    if not board.per_sample_runs:
        frame.note("No run has verdicts for each sample, so nothing can be said of who passes them.")
    metric = controls.choose_metric(store, board, samples=True) if len(judged) > 1 else METRICS[judged[0]]
    labels, catalogue = run_labels(store), store.sets[board.sample_set]
    runs = _choose_runs(store, board, labels)
    show = controls.choose("Show", SHOWN, key="show", label_visibility="collapsed")
    words = controls.find("Search samples", name="find", width=135)
    with frame.tools(), display.icon_menu("Filters and order", "filter_list", key="icon-filters"):
        rest, order = _choose_filters(catalogue, runs, labels, by_default=_order(show, runs))
    text = own_text(store, board.sample_set)
    hits = _hits(store, text, tuple(runs), words.strip(), board.sample_set)
    filters = SampleFilters(
        board=board.id,
        show=show,
        metric=metric.id,
        runs=tuple(runs.items()),
        search=words,
        found=hits.ids,
        **rest,
    )
    chips = {name: words for name, words in filters.parts().items() if name not in ("show", "find")}
    controls.remove_chips(chips, _reset)
    return Asked(board, metric, labels, runs, filters, order, text, hits, catalogue)


def _order(show: str, runs: Mapping[str, str]) -> str:
    """The order where none is chosen: a run's failures that others pass say most about it."""
    return "easiest" if runs and show in ("failed", "disagree") else "hardest"


def _choose_runs(store: Store, board: board_list.Board, labels: dict[str, str]) -> dict[str, str]:
    chosen = run_choice.choose_runs(_offered(store, board.id), labels, width=230, label_visibility="collapsed")
    others = [] if len(store.sets) == 1 else chosen
    elsewhere = [run_id for run_id in others if queries.find_run(store, run_id)["sample_set"] != board.sample_set]
    if elsewhere:
        frame.note(f"Evaluated on other samples: {listed(labels[each] for each in elsewhere)}.")
        chosen = [run_id for run_id in chosen if run_id not in elsewhere]
    if len(chosen) > report.MOST_RUNS:
        frame.note(f"The first {report.MOST_RUNS} of {len(chosen)} selected runs are shown.")
    chosen = chosen[: report.MOST_RUNS]
    if totals := [run_id for run_id in chosen if run_id not in samples.with_verdicts(store)]:
        frame.note(f"Published as totals, without verdicts for each sample: {listed(labels[each] for each in totals)}.")
    return report.short_names({run_id: labels[run_id] for run_id in chosen if run_id not in totals})


@once
def _offered(store: Store, board: str) -> list[str]:
    per_sample = Filters(board=board, evidence=("per_sample",)).where()
    return queries.run_ids(store, per_sample, "model, board, submitted_at, run_id", run_choice.MOST_RUN_OPTIONS)


def _choose_filters(
    catalogue: Catalogue, runs: Mapping[str, str], labels: Mapping[str, str], *, by_default: str
) -> tuple[dict[str, Any], str]:
    """The fields of SampleFilters that are chosen behind the icon, and the order of the list (an id of ORDERS)."""
    order = controls.choose("Order", ORDERS, key="order", default=by_default)
    domains = controls.choose_several("Domain", DOMAIN_LABELS, key="domain")
    subcategories = dict.fromkeys(sample.subcategory for sample in catalogue.samples)
    chosen = controls.choose_several("Subcategory", {name: name for name in subcategories}, key="subcategory")
    dimensions = controls.choose_several(
        "Primary dimension", {name: name for name in DIMENSIONS}, key="dimension", pills=True
    )
    needs = controls.choose_several("Needs", {name: name for name in NEEDS}, key="needs", pills=True)
    help = "Of the selected runs; of any run when none is selected"
    flag_labels = {name: flag.label for name, flag in FLAGS.items()}
    flags = controls.choose_several("Health flag", flag_labels, key="flag", help=help)
    help = f"{help}. Needs runs with several responses a sample"
    agreement = controls.choose("Responses to one sample", AGREEMENT, key="agreement", help=help)
    others = "other runs" if runs else "runs"
    label = f"Passed by this share of the board's {others}, %"
    how: dict[str, Any] = {"name": "difficulty", "default": (0, 100), "read": address.span}
    low, high = address.value(st.slider, label, **how, min_value=0, max_value=100, step=5)
    outcomes: list[str] = []
    if runs:
        options = report.outcome_options(runs)
        older = {
            text: name for name, text in report.outcome_options({run_id: labels[run_id] for run_id in runs}).items()
        }
        outcomes = controls.choose_several("Outcome in a selected run", options, key="outcome", aliases=older)
    picked = [name.rpartition(":") for name in outcomes]
    rest = {
        "domains": tuple(domains),
        "subcategories": tuple(chosen),
        "dimensions": tuple(dimensions),
        "needs": tuple(needs),
        "flags": tuple(flags),
        "agreement": agreement,
        "difficulty": (low / 100, high / 100),
        "outcomes": tuple(RunOutcome(run_id, runs[run_id], outcome) for run_id, _, outcome in picked),
    }
    return rest, order


_AS_IT_IS: Final = page.as_it_is(
    lambda store: (
        str(store.data_dir),
        store.version,
        state(store.data_dir),
        responses.state(store.data_dir),
    )
)
"""What is kept is read again when the data change, or the files of the benchmark's own texts or of fetched words."""


@st.cache_data(max_entries=256, show_spinner="Searching the texts …", hash_funcs=_AS_IT_IS)
def _hits(store: Store, _text: BenchmarkText, run_ids: tuple[str, ...], words: str, sample_set: str) -> texts.Hits:
    own = {question_id: sample.places() for question_id, sample in _text.samples.items()}
    return texts.search_texts(store, own, run_ids, words, partial(responses.fetched_with, store.data_dir))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_AS_IT_IS)
def own_text(store: Store, sample_set: str = BENCHMARK) -> BenchmarkText:
    """A set's own texts, read once while the benchmark's files stay the same; those of other sets never change."""
    return read(sample_sets.home(store.data_dir, sample_set), store.sets[sample_set])


def _reset(names: Iterable[str]) -> None:
    for name in names:
        address.choose(name, ())
