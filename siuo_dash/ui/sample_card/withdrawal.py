"""Taking a published run off every page, with a reason, and bringing it back."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.errors import SiuoError
from siuo_dash.store import publish, review
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import identity
from siuo_dash.ui.display import plain

_GONE: Final = "withdrawn-run"
_FAILED: Final = "withdrawal-failed"


def news(store: Store) -> None:
    """What the last withdrawal or restoration on this page came to; a withdrawn run can be brought back from here."""
    if failed := st.session_state.pop(_FAILED, None):
        st.error(plain(failed), icon=":material/error:")
    gone = st.session_state.get(_GONE)
    if gone is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/archive: {plain(f'{gone} is withdrawn: it is on no page any more, and kept.')}")
        st.button("Bring it back", key="restore", on_click=_restore, args=(store, gone))
        st.button("Dismiss", key="dismiss", type="tertiary", on_click=_forget)


def offer(store: Store, run: pd.Series[Any]) -> None:
    """The withdraw button with its reason; of the runs shipped with the program it says why there is none."""
    if pd.isna(run["submitted_at"]) and str(run["file"]) == "results.parquet":
        st.caption("This run is shipped with the program, so it cannot be withdrawn here.")
        return
    if not _may(store, str(run["run_id"])):
        return
    with st.popover("Withdraw", icon=":material/archive:"):
        st.markdown(
            "The run disappears from every page. Its file is kept and can be brought back; the log says who and why."
        )
        st.text_area(
            "What is wrong with it",
            key="why",
            max_chars=publish.LONGEST_WHY,
            placeholder="Judged with the wrong prompt",
        )
        st.button(
            "Withdraw this run", key="withdraw", type="primary", on_click=_withdraw, args=(store, str(run["run_id"]))
        )


def _may(store: Store, run_id: str) -> bool:
    """Whether this visitor may withdraw the run: its owner or a reviewer; locally, everybody. The store asks again."""
    who = identity.visitor()
    if who.actor is None or who.is_reviewer:
        return who.is_reviewer
    try:
        review.one(store.data_dir, run_id, who.actor)
    except SiuoError:
        return False
    return True


# These run before the page does, where nothing would turn an error into words.
def _withdraw(store: Store, run_id: str) -> None:
    try:
        review.withdraw_as(store.data_dir, run_id, identity.actor(), st.session_state.get("why", ""))
    except SiuoError as error:
        st.session_state[_FAILED] = str(error)
        return
    st.session_state[_GONE] = run_id
    st.session_state.pop("run", None)
    st.session_state.pop("why", None)


def _restore(store: Store, run_id: str) -> None:
    try:
        review.restore_as(store.data_dir, run_id, identity.actor())
    except SiuoError as error:
        st.session_state[_FAILED] = str(error)
    _forget()


def _forget() -> None:
    st.session_state.pop(_GONE, None)
