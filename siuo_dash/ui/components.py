"""What only the visitor's browser can do or knows: pictures of charts, the width of the window, the history."""

from __future__ import annotations

from typing import Final

import streamlit as st

from siuo_dash.ui.address import HISTORY_JS

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
button:hover, button:focus-visible { border-color: var(--st-primary-color); outline: 2px solid var(--st-primary-color); }
"""
image_buttons = st.components.v2.component("siuo_image_buttons", html=_IMAGE_HTML, css=_IMAGE_CSS, js=_IMAGE_JS)

# Where labels fit depends on the width of the window, which only the browser knows (style.Screen).
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
history = st.components.v2.component("siuo_history", html="<span></span>", js=HISTORY_JS)
