"""What is known of a submission's sender: what they said of the run, what they sent before, and names that look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import streamlit as st

from siuo_dash.benchmark.names import similar
from siuo_dash.report import badges, review
from siuo_dash.store import review as store
from siuo_dash.store.review import Actor, Submitted
from siuo_dash.ui import display
from siuo_dash.ui.display import plain


def about(submission: Submitted, table: pa.Table, names: Mapping[str, Sequence[str]], me: Actor) -> None:
    """What the submitter says of the run, names in use that differ in spelling only, and what happened so far.

    names: the models, judges and organizations in use.
    """
    st.subheader("About this run", anchor=False)
    with st.container(gap="xxsmall"):
        for label, words in review.facts(table):
            st.markdown(f"**{label}:** {plain(words)}")
    row = table.slice(0, 1).to_pylist()[0]
    for role, said in (("model", row["model"]), ("judge", submission.judge), ("organization", row["organization"])):
        alike = similar(said, names[role]) if said else []
        if alike:
            st.warning(
                plain(f"Is the {role} “{said}” another one than {_either(alike)}? Runs stand together by name only."),
                icon=":material/difference:",
            )
    st.markdown("**What happened so far**")
    display.table(
        review.history_frame(submission.history, me.id, addresses=True),
        key=f"review-history-{submission.run_id}",
        alt="What happened to this submission",
        height="content",
    )


def earlier(data_dir: Path, submission: Submitted, me: Actor) -> None:
    """The same person's other submissions."""
    st.subheader("Earlier submissions of this person", anchor=False)
    others = (
        [each for each in store.earlier_of(data_dir, submission.owner, me) if each.run_id != submission.run_id]
        if submission.owner
        else []
    )
    if not others:
        st.markdown("There are none.")
        return
    attempts = store.attempts(data_dir, undecided=True)
    if words := badges.attempt_words(attempts.get(submission.run_id)):
        st.markdown(f"This is the {words} for this model.")
    display.table(
        review.submissions_frame(others, attempts),
        key=f"review-earlier-{submission.run_id}",
        alt="Earlier submissions of this person",
        height="content" if len(others) <= 8 else 320,
    )


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"“{each}”" for each in names)
