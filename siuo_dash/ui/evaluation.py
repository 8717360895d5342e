"""How a run was made, and the command that makes one: parts of the run page and of the upload page."""

from __future__ import annotations

import streamlit as st

from siuo_dash.report import evaluation as report
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import how_made


def show_how_made(store: Store, run_id: str) -> None:
    """Plan, served names, tokens, cost and engine of a run that was made here; nothing for all others."""
    rows = report.how_it_was_made(how_made(store, run_id))
    if not rows:
        return
    with st.expander("How it was made", icon=":material/build:"):
        for name, words in rows:
            with st.container(horizontal=True, gap="small", wrap=False):
                with st.container(width=130):
                    st.caption(name)
                st.text(words, width="stretch")


def offer_command() -> None:
    """How to run the benchmark on a model: the command for the name that is typed in, ready to copy."""
    with st.expander("No results yet? Run the benchmark on a model", icon=":material/terminal:"):
        asked = st.text_input("Model to run", placeholder=report.MODEL, key="model_to_run", max_chars=200)
        st.code(report.command(asked), language="sh", wrap_lines=True)
        st.markdown(report.ABOUT_THE_COMMAND)
