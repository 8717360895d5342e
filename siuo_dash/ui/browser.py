"""What only the visitor's browser can do or knows: its address and history, pictures of charts, theme and width."""

from __future__ import annotations

from typing import Final

import streamlit as st

from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import Screen
from siuo_dash.ui import streamlit_private

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
    streamlit_private.restore_query()


# Streamlit writes the query of such a link under the old page's address first and moves to the new page after, so the
# entry that back leads to would hold the old page with the new page's state. Before the move, the address is put back.
# What it corrects in the address of a page that was just opened, before the visitor does anything there, is no step
# of theirs: it replaces the entry, else back would lead to the same page again.
_HISTORY_JS: Final = """
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
history = st.components.v2.component("siuo_history", html="<span></span>", js=_HISTORY_JS)

# plotly draws its own pictures in the browser, so no server needs a browser for it: these buttons
# set the format on the chart and press plotly's own (hidden) download button.
_IMAGE_JS: Final = """
export default function ({ parentElement, data }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const chart = document.querySelector("." + data.chart + " .js-plotly-plot");
      if (!chart) return;
      chart._context.toImageButtonOptions.format = button.dataset.format;
      const download = chart.querySelector('.modebar-btn[data-attr="toImage"], .modebar-btn[data-title^="Download"]');
      if (download) download.click();
    };
  }
}
"""
_IMAGE_HTML: Final = """
<button type="button" data-format="png">PNG</button>
<button type="button" data-format="svg">SVG</button>
"""
_IMAGE_CSS: Final = """
button { font: inherit; color: var(--st-text-color); background: none; border: 1px solid var(--st-border-color);
  border-radius: 4px; padding: 0.25rem 0.6rem; margin-right: 0.3rem; cursor: pointer; }
button:hover, button:focus-visible {
  border-color: var(--st-primary-color); outline: 2px solid var(--st-primary-color); }
"""
image_buttons = st.components.v2.component("siuo_image_buttons", html=_IMAGE_HTML, css=_IMAGE_CSS, js=_IMAGE_JS)

# Where labels fit depends on the width of the window, which only the browser knows (charts.figure.Screen).
_SCREEN_JS: Final = """
export default function ({ setStateValue }) {
  const queries = [window.matchMedia("(max-width: 760px)"), window.matchMedia("(max-width: 1160px)")];
  const width = () => (queries[0].matches ? "narrow" : queries[1].matches ? "medium" : "wide");
  const tell = () => setStateValue("width", width());
  for (const query of queries) query.addEventListener("change", tell);
  if (width() !== "wide") tell();
  return () => queries.forEach((query) => query.removeEventListener("change", tell));
}
"""
screen_width = st.components.v2.component("siuo_screen", html="<span></span>", js=_SCREEN_JS)


def theme() -> Theme:
    """Which theme the visitor sees."""
    return "dark" if st.context.theme.type == "dark" else "light"


def screen() -> Screen:
    """How wide the window is; the page runs again when that changes. To be asked once in a run of a page."""
    width = screen_width(key="screen", data=None, default={"width": "wide"}, on_width_change=lambda: None).width
    return width if width in ("narrow", "medium") else "wide"


def narrow() -> bool:
    """Whether the window is as narrow as a phone. To be asked once in a run of a page, as `screen`."""
    return screen() == "narrow"
