"""What only the visitor's browser can do or knows: its address and history, pictures of charts, theme and width."""

from __future__ import annotations

from typing import Final

import streamlit as st

from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import Screen

# Streamlit writes the query of a link to another page under the old page's address first and moves to the new page
# after, so the entry that back leads to would hold the old page with the new page's state. Before the move, the
# address is put back.
# What it corrects in the address of a page that was just opened, before the visitor does anything there, is no step
# of theirs: it replaces the entry, else back would lead to the same page again. So does all else that follows without
# a press: on a busy machine what the next page writes comes before the move to it.
# A link of the sentence above a result to the same page is a choice: Streamlit would open it in another tab.
# A popover is drawn at the end of the page. By Tab it comes after its button, and after it what is beside the button.
_HISTORY_JS: Final = """
export default function ({ setTriggerValue }) {
  window.siuoChoose = (query) => setTriggerValue("link", query);
  if (window.siuoHistory) return;
  window.siuoHistory = true;
  const push = history.pushState.bind(history);
  let before = null, link = false, arrived = true, acted = false;
  for (const gesture of ["pointerdown", "keydown"]) {
    addEventListener(gesture, () => { arrived = false; acted = true; }, true);
  }
  addEventListener("popstate", () => { arrived = true; }, true);
  addEventListener("click", (event) => {
    const to = event.target.closest?.("a");
    const chooses = to?.matches(".st-key-answer a[href^='/?']")
      && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    link = Boolean(to) && !chooses;
    before = null;
    if (!chooses) return;
    event.preventDefault();
    event.stopPropagation();
    window.siuoChoose(to.search);
  }, true);
  addEventListener("keydown", (event) => {
    const button = document.querySelector('[data-testid="stPopover"] button[aria-expanded="true"]');
    const body = document.querySelector('[data-testid="stPopoverBody"]');
    if (event.key !== "Tab" || !button || !body) return;
    const inside = [...body.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")]
      .filter((each) => (each.dataset.tabindex ?? each.tabIndex) >= 0 && !each.disabled && each.checkVisibility());
    const here = document.activeElement, into = here === button && !event.shiftKey;
    if (inside.length && (into || (here === inside[0] && event.shiftKey))) {
      event.preventDefault();
      (into ? inside[0] : button).focus();
    } else if (here === inside.at(-1) && !event.shiftKey) button.focus();
  }, true);
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
    } else if (before && !acted) {
      before.search = to.search;
      history.replaceState(state, title, url);
    } else {
      before = here;
      acted = false;
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
  const link = parentElement.querySelector(".link");
  link.onclick = async () => {
    const to = new URL(location.href), words = "Copy chart link";
    to.searchParams.set("chart", data.chart);
    try {
      await navigator.clipboard.writeText(to.href);
      link.textContent = "Link copied";
      setTimeout(() => { link.textContent = words; }, 2500);
    } catch { prompt(words, to.href); }
  };
  for (const button of parentElement.querySelectorAll("[data-format]")) {
    button.onclick = () => {
      const chart = document.querySelector(".st-key-chart-" + data.chart + " .js-plotly-plot");
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
<button type="button" class="link" title="A link to this chart alone">Copy chart link</button>
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


# A digit presses the next answer of a group as the mouse would, so that the browser alone holds what is chosen: of two
# keys that are quicker than the page, the server would see one, or an answer from before them. It listens once for all:
# one that each run of the page takes away and sets up again would miss a key in between.
_DIGITS_JS: Final = """
export default function ({ data }) {
  if (window.siuoDigits) return;
  window.siuoDigits = true;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.("input:not([type=radio]), textarea, select, [contenteditable]")) return;
    const group = document.querySelectorAll("." + data.within + " [role=radiogroup]")[Number(event.key) - 1];
    if (!group) return;
    const answers = [...group.querySelectorAll("[role=radio]")];
    answers[(answers.findIndex((each) => each.ariaChecked === "true") + 1) % answers.length].click();
  });
}
"""
digits = st.components.v2.component("siuo_digits", html="<span></span>", js=_DIGITS_JS)

# The address is made whole by the browser alone: behind a proxy the server does not know its own name.
_COPY_JS: Final = """
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("span");
  button.onclick = async () => {
    const link = new URL(data?.path ?? "", location.href).href;
    let copied = true;
    try { await navigator.clipboard.writeText(link); } catch { copied = false; }
    said.textContent = copied ? "Link copied" : link;
    if (copied) setTimeout(() => { said.textContent = ""; }, 2500);
  };
}
"""
_COPY_HTML: Final = """
<button type="button" aria-label="Copy link" title="Copy link">
<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"
 stroke-linecap="round">
<path d="M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"/>
</svg></button><span role="status"></span>
"""
_COPY_CSS: Final = """
:host { position: relative; }
button { color: var(--st-text-color); background: none; border: 1px solid var(--st-border-color); border-radius: 6px;
  width: 40px; height: 38px; display: inline-flex; align-items: center; justify-content: center; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color);
  outline: 2px solid var(--st-primary-color); }
span { position: absolute; right: 0; top: 42px; z-index: 10; background: var(--st-text-color); border-radius: 4px;
  color: var(--st-background-color); font-size: 13px; padding: 2px 8px; white-space: nowrap; }
span:empty { display: none; }
"""
copy_link = st.components.v2.component("siuo_copy_link", html=_COPY_HTML, css=_COPY_CSS, js=_COPY_JS)


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
