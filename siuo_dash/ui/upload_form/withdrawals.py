"""Taking an uploaded run off the pages with a reason, and bringing it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from siuo_dash.analysis import preview
from siuo_dash.errors import SiuoError
from siuo_dash.report import upload
from siuo_dash.store.engine.database import Store
from siuo_dash.store.publish import LONGEST_WHY, withdrawn
from siuo_dash.store.review import Actor, restore_as, withdraw_as
from siuo_dash.ui import browser, display, identity, page
from siuo_dash.ui.display import plain

_DONE: Final = f"{page.OF_ONE_PAGE}upload-withdrawal"
MOST_OFFERED: Final = 500


def show(store: Store, labels: Mapping[str, str]) -> None:
    """The withdrawn runs, each restorable, and a form to withdraw another. labels: {run_id: what people read}.

    Hosted, only reviewers can do either here; their addresses are shown to each other only.
    """
    done = st.session_state.pop(_DONE, None)
    if done:
        st.success(plain(done), icon=":material/check_circle:")
    may = not identity.settings().hosted or identity.visitor().is_reviewer
    _list(store, may=may)
    if may:
        _form(store, labels)
    else:
        st.caption("Your own runs are withdrawn, and published again, under *My submissions*.")


def _list(store: Store, *, may: bool) -> None:
    st.subheader("Withdrawn runs", anchor=False)
    gone = withdrawn(store.data_dir)
    if not gone:
        st.info("No run is withdrawn.", icon=":material/inbox:")
        return
    frame = upload.withdrawn_frame(gone)
    display.table(
        frame if may else frame.drop(columns="Withdrawn by"),
        key="withdrawn",
        alt="Withdrawn runs with their reasons",
        height="auto",
        columns={"Run": st.column_config.TextColumn(width=150 if browser.narrow() else None)},
    )
    if not may:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox("Run to restore", [each.run_id for each in gone], key="restore-run", width=420)
        if st.button("Restore", icon=":material/restore:", key="restore") and run_id:
            _do(lambda who: restore_as(store.data_dir, run_id, who), f"{run_id} is published again.")


def _form(store: Store, labels: Mapping[str, str]) -> None:
    st.subheader("Withdraw a run", anchor=False)
    run_ids = preview.uploaded_runs(store, MOST_OFFERED)
    chosen = [*st.query_params.get_all("runs"), *st.session_state.get("runs", [])]
    offered = [run_id for run_id in run_ids if run_id in labels]
    if not offered:
        st.info("No run was uploaded here. The runs that are shipped with the program cannot be withdrawn.")
        return
    first = next((place for place, run_id in enumerate(offered) if labels[run_id] in chosen), None)
    with st.form("withdraw", clear_on_submit=False):
        run_id = st.selectbox(
            "Run", offered, index=first, format_func=labels.__getitem__, key="withdraw-run", placeholder="Choose a run"
        )
        why = st.text_area(
            "Reason",
            key="withdraw-why",
            max_chars=LONGEST_WHY,
            height=80,
            help="What a reader of the list of withdrawn runs is told",
        )
        by = ""
        if not identity.settings().hosted:
            by = st.text_input("Your name", key="withdraw-by", max_chars=100, help="Kept in the log; may be left out")
        sent = st.form_submit_button("Withdraw", icon=":material/undo:")
    if sent and run_id is None:
        st.warning("Choose the run to withdraw.")
    elif sent and run_id is not None:
        _do(
            lambda who: withdraw_as(store.data_dir, run_id, who if who.id else Actor(by.strip() or None, True), why),
            f"{labels[run_id]} is withdrawn. Its file is kept, and it can be restored below.",
        )


def _do(change: Callable[[Actor], object], words: str) -> None:
    """Do it as whoever is there now, and show the page anew; what the store refuses is said in words."""
    try:
        change(identity.actor())
    except SiuoError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[_DONE] = words
    for key in ("withdraw-run", "withdraw-why", "restore-run"):
        st.session_state.pop(key, None)
    st.rerun()
