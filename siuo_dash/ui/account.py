"""Signing in and out, and acting as the person who is signed in at that moment."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

import streamlit as st

from siuo_dash.errors import SiuoError
from siuo_dash.store.registry import Actor
from siuo_dash.ui import identity, page
from siuo_dash.ui.display import plain

_SHOWN: Final = 30.0
"""Seconds for which a page says what was done."""


# The provider sends everybody back to the home page. The tab remembers which page the sign-in was asked for on; only a
# page of this program, written as one, is ever gone to.
_WAY_BACK_JS: Final = """
export default function ({ data }) {
  const key = "siuo-way-back", here = location.pathname + location.search;
  if (!data.signedIn) return sessionStorage.setItem(key, here);
  const page = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (page && page !== here && location.pathname === "/" && /^\\/[a-z]*($|[?])/.test(page)) location.replace(page);
}
"""
_way_back = st.components.v2.component("siuo_way_back", html="<span></span>", js=_WAY_BACK_JS)


def control() -> None:
    """In the corner of each page where people sign in: sign in, or who is signed in and a way out."""
    if identity.settings().sign_in is None:
        return
    who = identity.visitor()
    _way_back(key="way-back", data={"signedIn": who.actor is not None or bool(who.why)})
    with st.container(horizontal=True, horizontal_alignment="right", key="account", gap="small"):
        if who.actor is None and not who.why:
            st.button("Sign in", icon=":material/login:", type="tertiary", on_click=st.login, key="sign-in")
            return
        address = (who.actor.id if who.actor else None) or "Not accepted"
        with st.popover(plain(address), icon=":material/person:", type="tertiary"):
            if who.why:
                st.markdown(plain(f"You are signed in, but {who.why}."))
            elif who.is_reviewer:
                st.markdown("You are a reviewer.")
                page.link("review", "Review submissions")
            page.link("upload", "My submissions", {"section": "My submissions"})
            st.button("Sign out", icon=":material/logout:", on_click=st.logout, key="sign-out")


def ask_to_sign_in(words: str) -> None:
    """Why a sign-in is needed here, and the button; or that this dashboard is only for reading."""
    if identity.settings().sign_in is None:
        st.info("This dashboard is for reading: nothing can be uploaded.", icon=":material/visibility:")
        return
    who = identity.visitor()
    if who.why:
        st.warning(plain(f"You are signed in, but {who.why}."), icon=":material/person_alert:")
        st.button("Sign out and try again", icon=":material/logout:", on_click=st.logout, key="sign-out-here")
        return
    st.info(words, icon=":material/login:")
    st.button("Sign in", icon=":material/login:", on_click=st.login, key="sign-in-here")


def for_reviewers_only() -> None:
    """Say to a visitor who is no reviewer that this page is for them, and what to do instead."""
    if identity.visitor().actor is None:
        ask_to_sign_in("This page is for reviewers. Sign in if you are one.")
        return
    st.info("This page is for reviewers, and your address is not on their list.", icon=":material/lock:")
    page.link("upload", "Status of your submissions", {"section": "My submissions"})


def act(url: str, who: Callable[[], Actor], change: Callable[[Actor], object], words: str) -> bool:
    """Do something as whoever is signed in now, for a callback; `outcome` on the page of this url says what came of it.

    who: identity.actor, or a function that asks for more than that. words: what was done; '' = nothing is said.
    Returns whether it was done.
    """
    try:
        change(who())
    except SiuoError as error:
        refuse(url, str(error))
        return False
    done(url, words)
    return True


def done(url: str, words: str) -> None:
    """Say on the page of this url what was done."""
    st.session_state[_key(url)] = ("done", words, monotonic())


def refuse(url: str, words: str) -> None:
    """Say on the page of this url that nothing was done, and why."""
    st.session_state[_key(url)] = ("error", words, monotonic())


def outcome(url: str) -> None:
    """What the last action on this page came to; it stays a while, for the page may run again by itself."""
    kind, words, since = st.session_state.get(_key(url), ("", "", 0.0))
    if words and monotonic() - since < _SHOWN:
        if kind == "done":
            st.success(plain(words), icon=":material/check_circle:")
        else:
            st.error(plain(words), icon=":material/error:")


def _key(url: str) -> str:
    return f"{page.OF_ONE_PAGE}{url}-outcome"
