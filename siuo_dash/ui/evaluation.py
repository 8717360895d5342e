"""The command that runs the benchmark on a model: a part of the upload page."""

from __future__ import annotations

import streamlit as st

from siuo_dash.report import evaluation as report


def offer_command() -> None:
    """How to run the benchmark on a model: the command for the name that is typed in, ready to copy."""
    with st.expander("No results yet? Run the benchmark on a model", icon=":material/terminal:"):
        asked = st.text_input("Model to run", placeholder=report.MODEL, key="model_to_run", max_chars=200)
        st.code(report.command(asked), language="sh", wrap_lines=True)
        st.markdown(report.ABOUT_THE_COMMAND)
