"""Keeps the browser's history right when a link with state is followed, so that back shows the page as it was."""

from typing import Final

# Streamlit writes the query of such a link under the old page's address first and moves to the new page after, so the
# entry that back leads to would hold the old page with the new page's state. Before the move, the address is put back.
HISTORY_JS: Final = """
export default function () {
  if (window.siuoHistory) return;
  window.siuoHistory = true;
  const push = history.pushState.bind(history);
  let before = null;
  history.pushState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    const moves = to.pathname !== location.pathname;
    if (moves && before && before.search === to.search) history.replaceState(before.state, "", before.href);
    before = moves ? null : { href: location.href, state: history.state, search: to.search };
    push(state, title, url);
  };
}
"""
