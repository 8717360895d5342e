"""What a person is shown when a page fails in a way that nobody foresaw, and what the log is told."""

from __future__ import annotations

import logging
import secrets

import streamlit as st

from siuo_dash.server import logs, metrics


def explain(error: Exception) -> bool:
    """For st.App(on_script_error): words and a reference on the page, the traceback under it in the log."""
    reference = secrets.token_hex(4)
    metrics.ERRORS.labels("page").inc()
    logs.event("page error", level=logging.ERROR, error=error, reference=reference)
    st.error(
        "This page could not be shown: an error of the program, not of yours. Nothing that was published is lost. "
        f"Reload the page; if it stays, tell whoever runs this dashboard the reference {reference}.",
        icon=":material/error:",
    )
    return True
