"""A reviewer's decision: approve with a badge, ask for changes, or reject with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from siuo_dash.report import badges, review
from siuo_dash.store import review as store
from siuo_dash.store.publish import LONGEST_WHY
from siuo_dash.store.review import Actor, Submitted
from siuo_dash.ui import account, identity
from siuo_dash.ui.display import plain

PAGE: Final = "review"


def offer(data_dir: Path, submission: Submitted, source_status: str | None, me: Actor) -> None:
    """The three decisions. Each is taken as whoever is signed in when the button is pressed, and checked by the store.

    source_status: what the submitter says of the source; None where the file cannot be read, which nobody can approve.
    """
    st.subheader("Decide", anchor=False)
    run_id, why_key, badge_key = submission.run_id, f"why-{submission.run_id}", f"badge-{submission.run_id}"
    own = me.id is not None and submission.owner == me.id
    given = badges.given(source_status or "", own=own)
    with st.container(width=620):
        if source_status is not None:
            st.selectbox(
                "Badge, if it is approved",
                given,
                format_func=badges.badge_words,
                key=badge_key,
                help="Give more than self-reported only to what somebody else than the submitter has checked, and "
                "published only when these figures stand in the publication that is named.",
            )
        if own:
            st.caption("This is your own submission, so it can be self-reported only.")
        st.text_area(
            "Words to the submitter",
            key=why_key,
            max_chars=LONGEST_WHY,
            height=90,
            help="Needed to ask for changes and to reject; kept in the log",
        )

    def decide(change: Callable[[Actor, str], object], words: str, *, needs_why: bool) -> None:
        why = str(st.session_state.get(why_key, "")).strip()
        if needs_why and not why:
            account.refuse(PAGE, "Nothing was decided: say in a sentence why, so that the submitter can act on it.")
            return
        account.act(PAGE, identity.actor, lambda who: change(who, why), words)

    name = review.name(submission)
    with st.container(horizontal=True):
        st.button(
            "Approve",
            icon=":material/check:",
            key=f"approve-{run_id}",
            disabled=source_status is None,
            on_click=lambda: decide(
                lambda who, why: store.approve(
                    data_dir, run_id, who, badge=st.session_state.get(badge_key, given[0]), why=why
                ),
                f"{name} is published.",
                needs_why=False,
            ),
        )
        st.button(
            "Ask for changes",
            icon=":material/edit_note:",
            key=f"changes-{run_id}",
            on_click=lambda: decide(
                lambda who, why: store.request_changes(data_dir, run_id, who, why),
                f"{name} is a draft of its submitter again, with your words.",
                needs_why=True,
            ),
        )
        st.button(
            "Reject",
            icon=":material/block:",
            key=f"reject-{run_id}",
            on_click=lambda: decide(
                lambda who, why: store.reject(data_dir, run_id, who, why), f"{name} is rejected.", needs_why=True
            ),
        )
    if submission.supersedes:
        st.caption(plain(f"Approved, it takes the place of {submission.supersedes}, which it corrects."))
