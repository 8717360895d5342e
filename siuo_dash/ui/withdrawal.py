"""Taking a published run off every page, with a reason, and bringing it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import preview
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.report import review as report
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import LONGEST_WHY, Actor, withdrawn
from siuo_dash.ui import account, address, browser, display, identity, run_choice
from siuo_dash.ui.display import plain

_GONE: Final = "withdrawn-run"
_MOST_OFFERED: Final = 500
_KEPT: Final = "was withdrawn. It is no longer shown; its file is kept, and it can be published again."


def ask(data_dir: Path, run_id: str, name: str, url: str, *, end_of_keys: str = "") -> None:
    """The reason, which every reader of the withdrawn runs sees, and the button.

    url: the page, which says the outcome.
    """
    why = f"why{end_of_keys}"

    def take_off() -> None:
        reason = str(st.session_state.get(why, ""))
        words = "" if url == "run" else f"{name} {_KEPT}"  # that page says it beside the way back
        if account.act(url, identity.actor, lambda me: registry.withdraw(data_dir, run_id, me, reason), words):
            st.session_state.pop(why, None)
            if url == "run":
                st.session_state[_GONE] = run_id
                address.choose("run", [])

    st.markdown(
        "The run disappears from every page. Its file is kept, so it can be restored; the log says who and why."
    )
    st.text_area("Reason", key=why, max_chars=LONGEST_WHY, height=80, placeholder="Judged with the wrong prompt")
    st.button("Withdraw this run", key=f"withdraw{end_of_keys}", type="primary", on_click=take_off)


def offer(store: Store, run: pd.Series[Any]) -> None:
    """On the run page: the way to withdraw it, for its owner and reviewers; locally, for everybody."""
    if pd.isna(run["submitted_at"]) and str(run["file"]) == "results.parquet":
        st.caption("Built-in run (cannot be withdrawn).")
    elif _may(store, str(run["run_id"])):
        with st.popover("Withdraw", icon=":material/archive:"):
            ask(store.data_dir, str(run["run_id"]), str(run["run_id"]), "run")


def _may(store: Store, run_id: str) -> bool:
    """Whether this visitor may withdraw the run. The store asks again."""
    who = identity.visitor()
    own = registry.own(store.data_dir, who.actor) if who.actor is not None and not who.is_reviewer else []
    return who.is_reviewer or run_id in (each.run_id for each in own)


def news(store: Store) -> None:
    """On the run page: what the last click came to, and the way back for the run that was withdrawn last."""
    account.outcome("run")
    if (gone := st.session_state.get(_GONE)) is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/archive: {plain(f'{gone} {_KEPT}')}")
        st.button("Restore", key="restore", on_click=_restore, args=(store.data_dir, gone, "run"))
        st.button("Dismiss", key="dismiss", type="tertiary", on_click=lambda: st.session_state.pop(_GONE, None))


def _restore(data_dir: Path, run_id: str, url: str) -> None:
    account.act(url, identity.actor, lambda me: registry.restore(data_dir, run_id, me), f"{run_id} is published again.")
    st.session_state.pop(_GONE, None)


def show(store: Store) -> None:
    """On the upload page: the withdrawn runs, each restorable, and a form to withdraw another.

    Hosted, only reviewers can do either here; their addresses are shown to each other only.
    """
    account.outcome("upload")
    may = not identity.settings().hosted or identity.visitor().is_reviewer
    st.subheader("Withdrawn runs", anchor=False)
    if gone := withdrawn(store.data_dir):
        frame = report.withdrawn_frame(gone)
        display.table(
            frame if may else frame.drop(columns="Withdrawn by"),
            key="withdrawn",
            alt="Withdrawn runs with their reasons",
            columns={"Run": st.column_config.TextColumn(width=150 if browser.narrow() else None)},
        )
    else:
        st.info("No run is withdrawn.", icon=":material/inbox:")
    if not may:
        st.caption("Your own runs are withdrawn, and published again, under *My submissions*.")
        return
    if gone:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            run_id = st.selectbox("Run to restore", [each.run_id for each in gone], key="restore-run", width=420)
            icon = ":material/restore:"
            st.button("Restore", icon=icon, key="restore", on_click=_restore, args=(store.data_dir, run_id, "upload"))
    _form(store)


def _form(store: Store) -> None:
    st.subheader("Withdraw a run", anchor=False)
    labels = run_labels(store)
    chosen = [labels[run_id] for run_id in run_choice.runs_chosen(labels)]
    offered = [run_id for run_id in preview.uploaded_runs(store, _MOST_OFFERED) if run_id in labels]
    if not offered:
        st.info("No run was uploaded here. Built-in runs cannot be withdrawn.")
        return
    first = next((place for place, run_id in enumerate(offered) if labels[run_id] in chosen), None)

    def take_off() -> None:
        run_id, why, by = (st.session_state.get(f"withdraw-{name}") for name in ("run", "why", "by"))
        if run_id is None:
            account.refuse("upload", "Select the run to withdraw.")
            return

        def withdraw(who: Actor) -> None:
            # Locally nobody signs in, so the log can only have the name that is given here.
            me = who if who.id else Actor((by or "").strip() or None, True)
            registry.withdraw(store.data_dir, run_id, me, why or "")

        if account.act("upload", identity.actor, withdraw, f"{labels[run_id]} {_KEPT}"):
            st.session_state.update({"withdraw-run": None, "withdraw-why": ""})

    with st.form("withdraw", clear_on_submit=False):
        st.selectbox(
            "Run", offered, index=first, format_func=labels.__getitem__, key="withdraw-run", placeholder="Select a run"
        )
        help = "Shown to every reader of the list of withdrawn runs"
        st.text_area("Reason", key="withdraw-why", max_chars=LONGEST_WHY, height=80, help=help)
        if not identity.settings().hosted:
            st.text_input("Your name", key="withdraw-by", max_chars=100, help="Kept in the log; optional")
        st.form_submit_button("Withdraw", icon=":material/undo:", on_click=take_off)
