"""The list of samples, and the way through it: previous, next, back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from siuo_dash.analysis.records import records
from siuo_dash.report.runs import OTHERS_LABEL
from siuo_dash.report.samples import RUNS_LABEL, neighbours, position_words, share_label
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import display, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.sample_card.run_choice import lines


def sample_table(shown: pd.DataFrame, passing: str) -> None:
    """The list; choosing a row opens the sample. shown: of view.samples.list_table."""
    ids = shown["Sample"].tolist()
    # A selection goes by row number, so another list is another table.
    mark = hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:12]
    key = f"samples-{mark}-{st.session_state.get('opened', 0)}"

    def open_row() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            open_sample(ids[rows[0]])

    columns: dict[str, Any] = {
        "Sample": st.column_config.NumberColumn(format="%d", pinned=True, width=70),
        share_label(passing): st.column_config.ProgressColumn(
            help="Share of this board's runs that pass the sample, and their number",
            min_value=0,
            max_value=100,
            format="%.0f",
            width=110,
        ),
        RUNS_LABEL: st.column_config.TextColumn(help="Runs of this board that pass, of those with a verdict", width=60),
        "Scene": st.column_config.TextColumn(help="Our own summary of the picture", width=260),
        "Request": st.column_config.TextColumn(help="Our own summary of the question", width=300),
        "Domain": st.column_config.TextColumn(width=130),
        "Subcategory": st.column_config.TextColumn(help="The project's own label; see the Method page", width=130),
        "Dimension": st.column_config.TextColumn(help="The project's own label; see the Method page", width=90),
    }
    for heading in shown.columns[1 : shown.columns.get_loc(share_label(passing))]:
        columns[heading] = st.column_config.TextColumn(help=f"Outcome in {plain(heading)}", width=190)
    display.table(
        shown,
        key=key,
        alt=f"{len(shown)} samples; choosing a row opens the sample",
        height="content" if len(shown) <= 12 else 470,
        select=open_row,
        mode="single-row",
        columns=columns,
        placeholder="–",
    )


def download_responses(store: Store, runs: Mapping[str, str], question_ids: Sequence[int], board: str) -> None:
    """The listed samples with the chosen runs' responses as JSON lines, made when it is asked for."""
    if not runs:
        return
    st.download_button(
        "With responses (JSONL)",
        lambda: lines(records(store, list(runs), question_ids)),
        file_name=f"siuo-samples-{board}-{store.version}.jsonl",
        mime="application/jsonl",
        key="download-responses",
        on_click="ignore",
        icon=":material/download:",
    )


def failing_table(shown: pd.DataFrame, params: Mapping[str, str | list[str]]) -> None:
    """A run's failing samples; choosing a row opens it on the samples page, where next leads on in this order.

    shown: of view.runs.failure_table; params: the link to all of them.
    """
    ids = shown["Sample"].tolist()
    with st.container(horizontal=True):
        page.link("samples", f"Open the first: sample {ids[0]}", {**params, "sample": str(ids[0])})
        page.link("samples", "All of them as a list", params)
    key = f"failures-{hashlib.sha256(','.join(map(str, ids)).encode()).hexdigest()[:12]}-{st.session_state.get('opened', 0)}"
    state = display.table(
        shown,
        key=key,
        alt=f"{len(shown)} failing samples, those first that most other runs pass; choosing a row opens the sample",
        height="content" if len(shown) <= 12 else 470,
        select="rerun",
        mode="single-row",
        columns={
            "Sample": st.column_config.NumberColumn(format="%d", pinned=True, width=70),
            OTHERS_LABEL: st.column_config.ProgressColumn(
                help="Share of the board's other runs that pass this sample",
                min_value=0,
                max_value=100,
                format="%.0f",
                width=110,
            ),
            "Others": st.column_config.TextColumn(help="Other runs that pass it, of those with a verdict", width=70),
            "Scene": st.column_config.TextColumn(help="Our own summary of the picture", width=260),
            "Request": st.column_config.TextColumn(help="Our own summary of the question", width=300),
        },
        placeholder="–",
    )
    if state.selection.rows:
        st.session_state["opened"] = st.session_state.get("opened", 0) + 1
        chosen = ids[state.selection.rows[0]]
        st.switch_page("pages/inspect/samples.py", query_params={**params, "sample": str(chosen)})


def choose_sample(all_ids: Sequence[int], listed: Sequence[int]) -> int | None:
    """The open sample, or None for the list; with previous and next among `listed`. Key and URL name: sample."""
    opened = st.session_state.get("sample") or _asked(all_ids)
    before, after = neighbours(listed, opened) if opened is not None else (None, None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sample: int | None = st.selectbox(
            "Sample",
            list(all_ids),
            index=None,
            format_func=str,
            key="sample",
            bind="query-params",
            placeholder="Open by number",
            width=170,
        )
        if sample is not None:
            with st.container(horizontal=True, width="content", wrap=False, gap="small"):
                for label, key, target in (("Previous", "left", before), ("Next", "right", after)):
                    st.button(
                        label,
                        key=f"go-{key}",
                        shortcut=key,
                        disabled=target is None,
                        on_click=open_sample,
                        args=(target,),
                    )
            st.button("Back to the list", key="close", icon=":material/list:", on_click=open_sample, args=(None,))
        elif listed:
            first = "Open the first" if len(listed) > 1 else "Open it"
            st.button(first, key="go-first", icon=":material/start:", on_click=open_sample, args=(listed[0],))
    if sample is not None:
        st.caption(position_words(listed, sample))
    return sample


def open_sample(question_id: int | None) -> None:
    """Open a sample (None = the list) at the next run of the page."""
    st.session_state["sample"] = question_id
    st.session_state["opened"] = st.session_state.get("opened", 0) + 1


def _asked(all_ids: Sequence[int]) -> int | None:
    asked = st.query_params.get("sample", "")
    return int(asked) if asked.isdecimal() and int(asked) in set(all_ids) else None
