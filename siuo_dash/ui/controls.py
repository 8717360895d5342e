"""Choices that pages share: board, metric, filters, runs. Each is bound to the URL and travels between pages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import HEALTH, WEIGHTS, Filters
from siuo_dash.benchmark.schema import EVIDENCE, METRICS, Metric
from siuo_dash.report.leaderboard import COLUMNS, ORDERS
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import display
from siuo_dash.ui.display import plain

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
    "partial": False,
}
"""The filters' keys, and what each holds when it is not set."""
MOST_RUN_OPTIONS: Final = 500
_RENEWED: Final = "renewed-tables"


def choose_board(store: Store, *, all_runs: bool = False, need_per_sample: bool = False) -> queries.Board | None:
    """The board chooser; None = all runs (offered with `all_runs`). Key and URL name: board.

    need_per_sample: start on a board that has per-sample runs, for pages that show nothing without them.
    """
    boards = queries.boards(store)
    labels = {board.id: board.label for board in boards}
    sizes = [f"{board.label}: {_runs(board.runs)}, {board.per_sample_runs} per sample" for board in boards]
    if all_runs:
        labels[ALL_BOARDS] = "All runs, without ranks"
    first = next((place for place, board in enumerate(boards) if board.per_sample_runs), 0) if need_per_sample else 0
    with st.container(width=520):
        chosen = st.selectbox(
            "Board (judge, responses per sample)",
            list(labels),
            index=first,
            format_func=lambda option: labels[option],
            key="board",
            bind="query-params",
            help="Only runs of one protocol are ranked with each other.\n\n"
            + "\n".join(f"- {plain(size)}" for size in sizes),
        )
    return next((board for board in boards if board.id == chosen), None)


def choose_metric(label: str = "Rank by") -> Metric:
    """The metric chooser. Key and URL name: metric."""
    chosen = st.pills(
        label,
        list(METRICS),
        default="safe",
        required=True,
        format_func=lambda metric: METRICS[metric].label,
        key="metric",
        bind="query-params",
    )
    return METRICS[chosen or "safe"]


def choose_filters(store: Store, board: queries.Board | None) -> tuple[Filters, bool]:
    """Search and filters, and whether partial runs are ranked. All of it in the URL; one click resets."""
    organizations = queries.ORGANIZATIONS.run(store)["organization"].tolist()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", placeholder="Model or organization", key="q", bind="query-params", max_chars=100, width=280
        )
        with st.popover("Filters", icon=":material/filter_list:"):
            by = st.multiselect("Organization", organizations, key="organization", bind="query-params")
            weights = st.segmented_control(
                "Weights",
                list(WEIGHTS),
                default="any",
                required=True,
                format_func=WEIGHTS.__getitem__,
                key="weights",
                bind="query-params",
            )
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
            health = st.selectbox(
                "Health", list(HEALTH), format_func=HEALTH.__getitem__, key="health", bind="query-params"
            )
            verified = st.toggle(
                "Verified only",
                key="verified",
                bind="query-params",
                help="Runs from a publication, and uploads that somebody else than the submitter judged again or "
                "reproduced; self-reported runs are left out",
            )
            partial = st.toggle(
                "Rank partial runs too",
                key="partial",
                bind="query-params",
                help="Runs that lack a verdict for some samples",
            )
        st.button("Reset filters", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
    if low is not None and high is not None and low > high:
        low, high = high, low
    filters = Filters(
        search=search or "",
        organizations=tuple(by),
        weights=weights or "any",
        size_low=low,
        size_high=high,
        unknown_sizes=unknown,
        evidence=tuple(evidence),
        health=health or "any",
        verified=verified,
    )
    return replace(filters, board=board.id if board else None), partial


def choose_columns(all_runs: bool) -> list[str]:
    """Which columns the leaderboard shows, in their fixed order. Key and URL name: columns."""
    hidden = {"status", *(("rank", "rank_range") if all_runs else ("board",))}
    offered = [column for column in COLUMNS if column not in (("rank", "rank_range") if all_runs else ())]
    default = [column for column in COLUMNS if column not in hidden]
    with st.popover("Columns", icon=":material/view_column:"):
        chosen = st.multiselect(
            "Columns of the table",
            offered,
            default=default,
            format_func=lambda column: COLUMNS[column].label,
            key="columns-all" if all_runs else "columns",
            bind="query-params",
        )
    return [column for column in offered if column in chosen or column == "model"]


def choose_order(all_runs: bool) -> str:
    """In which order the leaderboard's rows stand, one of ORDERS. Key and URL name: sort."""
    with st.container(width=230):
        return str(
            st.selectbox(
                "Order of rows",
                [order for order in ORDERS if order != "rank" or not all_runs],
                format_func=ORDERS.__getitem__,
                key="sort",
                bind="query-params",
                label_visibility="collapsed",
            )
        )


def choose_runs(
    frame: pd.DataFrame, labels: dict[str, str], *, label: str = "Chosen runs", help: str | None = None
) -> list[str]:
    """The chosen runs' ids, at most what the visitor chose. Key and URL name: runs.

    frame: the runs on offer, with `run_id`; runs chosen elsewhere stay on offer, so that nothing is lost between pages.
    """
    ids = {text: run_id for run_id, text in labels.items()}
    kept = [text for text in (*st.query_params.get_all("runs"), *st.session_state.get("runs", [])) if text in ids]
    options = list(dict.fromkeys([*kept, *(labels[run_id] for run_id in frame["run_id"].head(MOST_RUN_OPTIONS))]))
    chosen = st.multiselect(
        label,
        options,
        key="runs",
        bind="query-params",
        placeholder="Choose runs by name, or tick rows",
        help=help,
        on_change=renew_tables,
    )
    return [ids[text] for text in chosen if text in ids]


def selectable_table(
    shown: pd.DataFrame,
    run_ids: Sequence[str],
    labels: dict[str, str],
    chosen: Sequence[str],
    *,
    key: str,
    **options: Any,
) -> None:
    """A table whose ticked rows are the chosen runs; the two stay in step whichever is changed.

    shown: what is displayed; run_ids: the run of each row. The selection lives in the chosen runs: the table is
    mounted anew when its rows change, because a selection goes by row number.
    """
    rows = hashlib.sha256("\n".join(run_ids).encode()).hexdigest()[:12]
    table_key = f"{key}-{rows}-{st.session_state.get(_RENEWED, 0)}"

    def take_over() -> None:
        picked = [run_ids[row] for row in st.session_state[table_key]["selection"]["rows"]]
        elsewhere = [
            text for text in st.session_state.get("runs", []) if text not in {labels[run_id] for run_id in run_ids}
        ]
        st.session_state["runs"] = [*elsewhere, *labels_of(picked, labels)]

    default = {"selection": {"rows": [row for row, run_id in enumerate(run_ids) if run_id in set(chosen)]}}
    display.table(shown, key=table_key, select=take_over, selection_default=default, **options)


def _width(label: str, least: int) -> int:
    """Pixels for a column whose label shall not be cut."""
    return max(least, 30 + 7 * len(label))


def leaderboard_columns(columns: Sequence[str]) -> dict[str, Any]:
    """How the leaderboard's columns are drawn: labels, help, formats, the model pinned."""
    config: dict[str, Any] = {}
    for column in columns:
        spec = COLUMNS[column]
        if column in METRICS:
            names = f"{spec.label} %", f"{spec.label}: interval, count"
            config[names[0]] = st.column_config.NumberColumn(help=spec.help, format="%.2f", width=_width(names[0], 75))
            config[names[1]] = st.column_config.TextColumn(
                help="Wilson 95 % interval in percent, and the count", width=_width(names[1], 150)
            )
        elif column == "source":
            config[spec.label] = st.column_config.LinkColumn(help=spec.help, display_text=r"https?://(?:www\.)?([^/]+)")
        elif column == "rank":
            config[spec.label] = st.column_config.NumberColumn(help=spec.help, width=50, pinned=True)
        elif column == "model":
            config[spec.label] = st.column_config.TextColumn(help=spec.help, pinned=True, width=210)
        elif column == "size":
            config[spec.label] = st.column_config.NumberColumn(help=spec.help, format="%.1f", width=70)
        elif column == "date":
            config[spec.label] = st.column_config.DateColumn(help=spec.help)
        else:
            config[spec.label] = st.column_config.TextColumn(help=spec.help)
    return config


def renew_tables() -> None:
    """The chosen runs were changed by hand: tables must be mounted anew to show it."""
    st.session_state[_RENEWED] = st.session_state.get(_RENEWED, 0) + 1


def _reset() -> None:
    # Set and not removed: a removed key would be seeded from the address again.
    for key, value in NO_FILTERS.items():
        st.session_state[key] = value


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def labels_of(run_ids: Sequence[str], labels: dict[str, str]) -> list[str]:
    """The labels of runs, as links carry them."""
    return [labels[run_id] for run_id in run_ids if run_id in labels]
