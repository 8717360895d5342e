"""Choices that pages share: board, metric, filters, runs. Each is bound to the URL and travels between pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Final, TypeVar

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import HEALTH, WEIGHTS, Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.schema import EVIDENCE, METRICS, Metric
from siuo_dash.report.export import Provenance
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted
from siuo_dash.ui import display, page
from siuo_dash.ui.display import plain

Id = TypeVar("Id", bound=str)
ALL_BOARDS: Final = "all"
NO_FILTERS: Final[dict[str, Any]] = {
    "q": "",
    "organization": [],
    "weights": "any",
    "size_from": None,
    "size_to": None,
    "unknown_sizes": True,
    "evidence": [],
    "health": "any",
    "verified": False,
    "plain": False,
    "partial": False,
}
"""The filters' keys, and what each holds when it is not set."""
MOST_RUN_OPTIONS: Final = 500
_RENEWED: Final = "renewed-tables"


@dataclass(frozen=True)
class View:
    """What a page is asked to show: a board by a metric, and which of its runs."""

    store: Store
    board: queries.Board
    metric: Metric
    filters: Filters = field(default_factory=Filters)
    rank_partial: bool = False

    @cached_property
    def labels(self) -> dict[str, str]:
        """{run_id: what people read} of all runs."""
        return run_labels(self.store)

    @cached_property
    def boards(self) -> dict[str, str]:
        """{board id: label} of all boards."""
        return board_labels(self.store)

    def provenance(self, filters: str = "", board: str = "", warning: str = "") -> Provenance:
        """Where an export comes from; without other words, the view's own filters and board."""
        return Provenance(self.store.version, board or self.board.label, filters or self.filters.sentence(), warning)


def board_labels(store: Store) -> dict[str, str]:
    """{board id: label} of all boards."""
    return {board.id: board.label for board in queries.boards(store)}


def row() -> Any:
    """A line of choices, which wraps where it is too long for the window."""
    return st.container(horizontal=True, vertical_alignment="bottom")


def choose_view(
    store: Store, metric_label: str = "Metric", *, need_per_sample: bool = False, line: Any = None
) -> View | None:
    """Board and metric, in a `line` of other choices if there is one; None, and words for it, where there is no run."""
    with line or row():
        board = choose_board(store, need_per_sample=need_per_sample)
        metric = choose_metric(metric_label)
    if board is None:
        page.no_run_yet()
        return None
    return View(store, board, metric, Filters(board=board.id))


def filtered(view: View) -> View:
    """The view with the filters that are chosen now, and a sentence that says them."""
    filters, rank_partial = choose_filters(view.store, view.board)
    return replace(view, filters=filters, rank_partial=rank_partial)


def choose(
    label: str,
    options: Mapping[Id, str],
    *,
    key: str,
    default: Id | None = None,
    in_url: bool = True,
    pills: bool = False,
    **more: Any,
) -> Id:
    """One of a few options beside each other, {id: what people read}. The key is its name in the URL, too."""
    first = next(iter(options)) if default is None else default
    chosen = (st.pills if pills else st.segmented_control)(
        label,
        list(options),
        default=first,
        required=True,
        format_func=options.__getitem__,
        key=key,
        bind="query-params" if in_url else None,
        **more,
    )
    return first if chosen is None else chosen


def choose_from(label: str, options: Mapping[str, str], *, key: str, **more: Any) -> str:
    """One of many options in a list, {id: what people read}. The key is its name in the URL, too."""
    how: Any = options.__getitem__
    chosen: str = st.selectbox(label, list(options), format_func=how, key=key, bind="query-params", **more)
    return chosen


def choose_board(store: Store, *, all_runs: bool = False, need_per_sample: bool = False) -> queries.Board | None:
    """The board chooser; None = all runs (offered with `all_runs`). Key and URL name: board.

    need_per_sample: start on a board that has per-sample runs, for pages that show nothing without them.
    """
    boards = queries.boards(store)
    labels = {board.id: board.label for board in boards}
    sizes = [f"{board.label}: {counted(board.runs, 'run')}, {board.per_sample_runs} per sample" for board in boards]
    if all_runs:
        labels[ALL_BOARDS] = "All runs, without ranks"
    first = next((place for place, board in enumerate(boards) if board.per_sample_runs), 0) if need_per_sample else 0
    help = "Only runs of one protocol are ranked with each other.\n\n" + "\n".join(f"- {plain(size)}" for size in sizes)
    chosen = choose_from("Board (judge, responses per sample)", labels, key="board", index=first, help=help, width=520)
    return next((board for board in boards if board.id == chosen), None)


def choose_metric(label: str = "Rank by") -> Metric:
    """The metric chooser. Key and URL name: metric."""
    options = {metric.id: metric.label for metric in METRICS.values()}
    return METRICS[choose(label, options, key="metric", default="safe", pills=True)]


def choose_filters(store: Store, board: queries.Board | None) -> tuple[Filters, bool]:
    """Search and filters, and whether partial runs are ranked. All of it in the URL; one click resets."""
    organizations = queries.ORGANIZATIONS.run(store)["organization"].tolist()
    with row():
        search = st.text_input(
            "Search", placeholder="Model or organization", key="q", bind="query-params", max_chars=100, width=280
        )
        with st.popover("Filters", icon=":material/filter_list:"):
            help = "Leave out runs of a method: a defence, a training or a prompt applied to a base model"
            plain_only = st.toggle("Plain models only", key="plain", bind="query-params", help=help)
            by = st.multiselect("Organization", organizations, key="organization", bind="query-params")
            weights = choose("Weights", WEIGHTS, key="weights")
            sizes = st.columns(2)
            low = sizes[0].number_input(
                "Size from (B)", 0.0, value=None, key="size_from", bind="query-params", step=1.0
            )
            high = sizes[1].number_input("Size to (B)", 0.0, value=None, key="size_to", bind="query-params", step=1.0)
            unknown = st.toggle("Keep runs of unknown size", value=True, key="unknown_sizes", bind="query-params")
            evidence = st.pills(
                "Evidence",
                list(EVIDENCE),
                selection_mode="multi",
                format_func=EVIDENCE.__getitem__,
                key="evidence",
                bind="query-params",
            )
            health = choose_from("Health", HEALTH, key="health")
            help = (
                "Runs from a publication, and uploads that another person judged again or reproduced; "
                "self-reported runs are left out"
            )
            verified = st.toggle("Verified only", key="verified", bind="query-params", help=help)
            help = "Runs that lack a verdict for some samples"
            partial = st.toggle("Rank partial runs too", key="partial", bind="query-params", help=help)
        st.button("Reset filters", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
    if low is not None and high is not None and low > high:
        low, high = high, low
    filters = Filters(
        board=board.id if board else None,
        search=search or "",
        organizations=tuple(by),
        weights=weights,
        size_low=low,
        size_high=high,
        unknown_sizes=unknown,
        evidence=tuple(evidence),
        health=health,
        verified=verified,
        plain=plain_only,
    )
    return filters, partial


def choose_runs(
    offered: Iterable[str], labels: dict[str, str], *, label: str = "Chosen runs", help: str = "", actions: bool = True
) -> list[str]:
    """The chosen runs' ids, at most what the visitor chose. Key and URL name: runs.

    offered: run ids, of which the first are offered; runs chosen elsewhere stay, so that nothing is lost between pages.
    actions: below them, links to what can be done with them. A page that `page.go_later` asked for is opened here,
    once the choices are known.
    """
    ids = {text: run_id for run_id, text in labels.items()}
    kept = [text for text in (*st.query_params.get_all("runs"), *st.session_state.get("runs", [])) if text in ids]
    options = list(dict.fromkeys([*kept, *(labels[run_id] for run_id in islice(offered, MOST_RUN_OPTIONS))]))
    chosen = st.multiselect(
        label,
        options,
        key="runs",
        bind="query-params",
        placeholder="Choose runs by name, or tick rows",
        help=help or None,
        on_change=renew_tables,
    )
    page.go_on()
    if actions:
        page.run_actions([text for text in chosen if text in ids])
    return [ids[text] for text in chosen if text in ids]


def selectable_table(
    shown: pd.DataFrame, run_ids: Sequence[str], labels: dict[str, str], chosen: Sequence[str], *, key: str, **more: Any
) -> None:
    """A table whose ticked rows are the chosen runs; the two stay in step whichever is changed.

    shown: what is displayed; run_ids: the run of each row. The selection lives in the chosen runs: other rows make
    another table, because a selection goes by row number.
    """
    table_key = f"{key}-{display.row_key(*run_ids)}-{st.session_state.get(_RENEWED, 0)}"

    def take_over() -> None:
        picked = [run_ids[row] for row in st.session_state[table_key]["selection"]["rows"]]
        here = {labels[run_id] for run_id in run_ids}
        elsewhere = [text for text in st.session_state.get("runs", []) if text not in here]
        st.session_state["runs"] = [*elsewhere, *labels_of(picked, labels)]

    default = {"selection": {"rows": [row for row, run_id in enumerate(run_ids) if run_id in set(chosen)]}}
    display.table(shown, key=table_key, select=take_over, selection_default=default, **more)


def renew_tables() -> None:
    """The chosen runs were changed by hand: only a new table shows it."""
    st.session_state[_RENEWED] = st.session_state.get(_RENEWED, 0) + 1


def _reset() -> None:
    # Set and not removed: a removed key would be seeded from the address again.
    for key, value in NO_FILTERS.items():
        st.session_state[key] = value


def labels_of(run_ids: Sequence[str], labels: dict[str, str]) -> list[str]:
    """The labels of runs, as links carry them."""
    return [labels[run_id] for run_id in run_ids if run_id in labels]
