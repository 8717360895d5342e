"""A person's tokens, with which their programs send runs: made, shown once, listed, revoked."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.errors import SiuoError
from siuo_dash.report.tokens import ABOUT, command, tokens_frame
from siuo_dash.store.registry import Actor
from siuo_dash.store.registry.tokens import DAYS, LONGEST_NAME, make, own, revoke
from siuo_dash.ui import account, display, identity, page
from siuo_dash.ui.display import plain

_PAGE: Final = "upload"
_SHOWN: Final = f"{page.OF_ONE_PAGE}{_PAGE}-token"
"""In this session alone, until the person has taken it or left the page; it is kept nowhere else."""
_LASTING: Final = {days: f"{days} days" if days < 365 else "1 year" for days in DAYS}


def show(data_dir: Path, me: Actor) -> None:
    """The token that was just made, if one was; a form for the next; those that there are."""
    account.outcome(_PAGE)
    made: str = st.session_state.get(_SHOWN, "")
    if made:
        _show_made(made)
    else:
        _offer(data_dir)
    kept = own(data_dir, me)
    if not kept:
        st.caption("You have no token.")
        return
    display.table(tokens_frame(kept, pd.Timestamp.now("UTC")), key="tokens", alt="Your tokens, the latest first")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {each.token_id: f"{each.name}, made {each.made:%Y-%m-%d %H:%M}" for each in kept}
        chosen = st.selectbox("Token to revoke", names, format_func=names.__getitem__, key="token-to-revoke", width=420)
        name = next(each.name for each in kept if each.token_id == chosen)
        st.button(
            "Revoke", icon=":material/key_off:", key="revoke-token", on_click=_revoke, args=(data_dir, chosen, name)
        )


def _show_made(token: str) -> None:
    with st.container(border=True, key="new-token"):
        st.markdown("**Copy the token now.** It is not kept here, and will not be shown again.")
        st.code(token, language=None)
        st.markdown("In your job, with the token in its secret `SIUO_TOKEN`:")
        st.code(command(identity.site()), language="sh", wrap_lines=True)
        st.button("Done", key="token-taken", on_click=partial(st.session_state.pop, _SHOWN, None))


def _offer(data_dir: Path) -> None:
    st.markdown(ABOUT)
    with st.form("new-token-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the job", key="token-name", max_chars=LONGEST_NAME, placeholder="nightly", width=260
        )
        days = st.selectbox("Valid for", DAYS, 1, format_func=_LASTING.__getitem__, key="token-days", width=130)
        wanted = st.form_submit_button("Make token", icon=":material/key:")
    if wanted:
        try:
            token, _ = make(data_dir, identity.uploader(), name, days)
        except SiuoError as error:
            st.error(plain(str(error)), icon=":material/error:")
        else:
            st.session_state[_SHOWN] = token
            st.rerun()


def _revoke(data_dir: Path, token_id: str, name: str) -> None:
    words = f"{name} is revoked: it is refused from now on."
    account.act(_PAGE, identity.actor, lambda me: revoke(data_dir, me, token_id), words)
