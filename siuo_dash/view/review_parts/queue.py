"""Which submission is looked at: those that wait, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from siuo_dash.store.review import Submitted
from siuo_dash.view import review, shell


def choose(waiting: Sequence[Submitted]) -> Submitted:
    """The chosen one; the oldest where nothing was chosen. Key and URL name: submission."""
    by_id = {each.run_id: each for each in waiting}
    if st.session_state.get("submission", st.query_params.get("submission")) not in by_id:
        st.session_state["submission"] = next(iter(by_id))  # what was chosen has been decided meanwhile
    shell.table(
        review.submissions_frame(waiting, {}).assign(**{"Sent by": [each.owner or "not stated" for each in waiting]}),
        key="review-queue",
        alt="Submissions that wait for review, the oldest first",
        height="content" if len(waiting) <= 8 else 320,
    )
    with st.container(width=620):
        chosen = st.selectbox("Submission", list(by_id), key="submission", bind="query-params")
    return by_id[chosen]
