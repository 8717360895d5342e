"""The address and its history: a followed link brings its whole state, and back shows the page as it was."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_SHOWN: Final = "address"
"""Where the session says which page's address was taken over last."""


def keep_address(url: str) -> None:
    """Give a page the whole query of the address that led to it; to be called before the page runs.

    Streamlit drops from that query what a widget of the page before was bound to, also where the new page has the
    same widget: a link could not choose other runs, a link from a page just opened lost them, and so did back.
    """
    if st.session_state.get(_SHOWN) == url:
        return
    st.session_state[_SHOWN] = url
    context = get_script_run_ctx()
    asked = parse_qs(context.query_string if context else "", keep_blank_values=True)
    dropped = {name: values for name, values in asked.items() if name not in st.query_params}
    if context is not None and dropped:
        st.query_params.update(dropped)
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


# Streamlit writes the query of such a link under the old page's address first and moves to the new page after, so the
# entry that back leads to would hold the old page with the new page's state. Before the move, the address is put back.
# What it corrects in the address of a page that somebody has just come to, before they do anything there, is no step
# of theirs: it replaces the entry, else back would lead to the same page again.
HISTORY_JS: Final = """
export default function () {
  if (window.siuoHistory) return;
  window.siuoHistory = true;
  const push = history.pushState.bind(history);
  let before = null, link = false, arrived = true;
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => { arrived = false; }, true);
  addEventListener("popstate", () => { arrived = true; }, true);
  addEventListener("click", (event) => { link = Boolean(event.target.closest?.("a")); before = null; }, true);
  history.pushState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    const here = { href: location.href, state: history.state, search: to.search };
    if (to.pathname !== location.pathname) {
      if (before && (link || before.search === to.search)) history.replaceState(before.state, "", before.href);
      before = null;
      link = false;
      arrived = true;
      push(state, title, url);
    } else if (link || arrived) {
      before ??= here;
      history.replaceState(state, title, url);
    } else {
      before = here;
      push(state, title, url);
    }
  };
}
"""
