"""A person's own submissions: where each stands, what happened to it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from siuo_dash.report import review
from siuo_dash.store import review as store
from siuo_dash.store.publish import LONGEST_WHY
from siuo_dash.store.review import Actor, Submitted
from siuo_dash.ui import account, display, identity, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_form import draft as drafts

PAGE: Final = "upload"


def show(data_dir: Path, me: Actor, labels: Mapping[str, str]) -> None:
    """The list and one of them whole. labels: {run_id: what people read} of the published runs."""
    account.outcome(PAGE)
    own = store.own(data_dir, me)
    if not own:
        st.info(
            "You have sent nothing yet. What you keep as a draft or send for review under *Upload* stands here.",
            icon=":material/inbox:",
        )
        return
    attempts = store.attempts(data_dir, undecided=True)
    display.table(
        review.submissions_frame(own, attempts),
        key="mine",
        alt="Your submissions, the latest first",
        height="content" if len(own) <= 8 else 320,
    )
    chosen = _choose(own)
    label, meaning = review.STATES[chosen.state]
    st.subheader(plain(review.name(chosen)), anchor=False)
    st.markdown(f"**{label}.** {meaning}")
    last = chosen.history[-1] if chosen.history else None
    if last is not None and last.why and last.by != me.id and last.event in review.DECISIONS:
        st.info(plain(f"A reviewer said: {last.why}"), icon=":material/chat:")
    display.table(
        review.history_frame(chosen.history, me.id, addresses=False),
        key=f"history-{chosen.run_id}",
        alt="What happened to this submission",
        height="content",
    )
    _actions(data_dir, chosen, labels, me)


def _choose(own: list[Submitted]) -> Submitted:
    by_id = {each.run_id: each for each in own}
    if st.session_state.get("submission", st.query_params.get("submission")) not in by_id:
        st.session_state["submission"] = own[0].run_id
    with st.container(width=620):
        chosen = st.selectbox("Submission", list(by_id), key="submission", bind="query-params")
    return by_id[chosen]


def _actions(data_dir: Path, chosen: Submitted, labels: Mapping[str, str], me: Actor) -> None:
    run_id, name = chosen.run_id, review.name(chosen)
    last = chosen.history[-1] if chosen.history else None
    with st.container(horizontal=True):
        if chosen.state == "published" and run_id in labels:
            page.link("run", "Open the run", {"run": labels[run_id]})
        if chosen.state == "draft":
            _button(
                "Send for review",
                f"send-{run_id}",
                ":material/send:",
                lambda me: store.send(data_dir, run_id, me, limits=identity.limits()),
                f"{name} waits for review now.",
                uploading=True,
            )
        if chosen.state in ("draft", "pending", "published", "rejected"):
            st.button("Correct", icon=":material/edit:", key=f"correct-{run_id}", on_click=_correct, args=(run_id,))
        if chosen.state in ("draft", "pending"):
            _button(
                "Take back",
                f"retract-{run_id}",
                ":material/undo:",
                lambda me: store.retract(data_dir, run_id, me),
                f"{name} is taken back. Nobody else sees it.",
            )
        # What a reviewer withdrew, only a reviewer brings back.
        if chosen.state == "withdrawn" and last is not None and last.event == "withdraw" and last.by == me.id:
            _button(
                "Publish again",
                f"restore-{run_id}",
                ":material/restore:",
                lambda me: store.restore_as(data_dir, run_id, me),
                f"{name} is published again.",
            )
    if chosen.state == "published":
        withdrawal(data_dir, run_id, name, PAGE)


def withdrawal(data_dir: Path, run_id: str, name: str, page: str) -> None:
    """Take a published run off the pages, with a reason that every reader of the withdrawn runs is told."""
    key = f"withdraw-why-{run_id}"

    def take_off() -> None:
        why = str(st.session_state.get(key, ""))
        account.act(
            page,
            identity.actor,
            lambda me: store.withdraw_as(data_dir, run_id, me, why),
            f"{name} is withdrawn. Its file is kept, and it can be published again.",
        )

    with st.expander("Withdraw it", icon=":material/undo:"):
        st.text_area(
            "Reason", key=key, max_chars=LONGEST_WHY, height=80, help="What a reader of the withdrawn runs is told"
        )
        st.button("Withdraw", key=f"withdraw-{run_id}", on_click=take_off)


def _button(
    label: str, key: str, icon: str, change: Callable[[Actor], object], words: str, *, uploading: bool = False
) -> None:
    def do() -> None:
        account.act(PAGE, identity.uploader if uploading else identity.actor, change, words)

    st.button(label, icon=icon, key=key, on_click=do)


def _correct(run_id: str) -> None:
    draft = drafts.current()
    draft.start_again()
    draft.corrects = draft.stored = run_id
    st.session_state["section"] = "Upload"
