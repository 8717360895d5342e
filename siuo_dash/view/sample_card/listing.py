"""The list of samples, and the way through it: previous, next, back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from siuo_dash.view import shell
from siuo_dash.view.samples import RUNS_LABEL, neighbours, position_words, share_label


def sample_table(shown: pd.DataFrame, runs: Mapping[str, str], passing: str) -> None:
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
    columns |= {
        label: st.column_config.TextColumn(help=f"Outcome in {shell.plain(label)}", width=170)
        for label in runs.values()
    }
    shell.table(
        shown,
        key=key,
        alt=f"{len(shown)} samples; choosing a row opens the sample",
        height="content" if len(shown) <= 12 else 470,
        select=open_row,
        mode="single-row",
        column_config=columns,
        placeholder="–",
    )


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
            st.button(
                "Previous",
                key="previous",
                icon=":material/arrow_back:",
                shortcut="left",
                disabled=before is None,
                on_click=open_sample,
                args=(before,),
            )
            st.button(
                "Next",
                key="next",
                icon=":material/arrow_forward:",
                shortcut="right",
                disabled=after is None,
                on_click=open_sample,
                args=(after,),
            )
            st.button("Back to the list", key="close", icon=":material/list:", on_click=open_sample, args=(None,))
            st.markdown(position_words(listed, sample))
    return sample


def open_sample(question_id: int | None) -> None:
    """Open a sample (None = the list) at the next run of the page."""
    st.session_state["sample"] = question_id
    st.session_state["opened"] = st.session_state.get("opened", 0) + 1


def _asked(all_ids: Sequence[int]) -> int | None:
    asked = st.query_params.get("sample", "")
    return int(asked) if asked.isdecimal() and int(asked) in set(all_ids) else None
