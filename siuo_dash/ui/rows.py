"""A list whose rows are links: a press opens one without leaving the session, and a new tab works as on any link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from siuo_dash.report.rows import Row

# Every text goes into the page by textContent. A list that did not change is not built again; only the mark moves.
_JS: Final = """
const made = (name, text, parent) => {
  const node = document.createElement(name === "below" ? "small" : "span");
  node.className = name;
  node.textContent = text;
  parent.append(node);
  return node;
};
const track = (rate, parent) => {
  const line = made("track", "", parent);
  line.setAttribute("aria-hidden", "true");
  const bar = made("bar", "", line), dot = made("dot", "", line);
  bar.style.left = rate[1] + "%";
  bar.style.width = (rate[2] - rate[1]) + "%";
  dot.style.left = rate[0] + "%";
};
const row = (data) => (each) => {
  const item = document.createElement("li"), link = document.createElement("a");
  if (data.address) link.href = data.address + encodeURIComponent(each.id);
  link.dataset.id = each.id;
  if (each.title) link.title = each.title;
  const line = made("line", "", link);
  made("name", each.name, line);
  if (each.rate) track(each.rate, line);
  if (each.beside) made("beside", each.beside, line);
  if (each.mark) made("mark " + (each.tone ?? ""), each.mark, line);
  if (each.end) made("end", each.end, line);
  if (each.below) made("below", each.below, link);
  item.append(link);
  return item;
};
export default function ({ parentElement, data, setTriggerValue }) {
  const list = parentElement.querySelector("ol");
  list.setAttribute("aria-label", data.label);
  list.style.setProperty("--mark", data.colour ?? "currentColor");
  list.className = data.tall ? "tall" : "";
  const written = JSON.stringify([data.address, data.rows]);
  if (list.written !== written) {
    list.written = written;
    list.opened = undefined;
    list.replaceChildren(...data.rows.map(row(data)));
    list.scrollTop = 0;
  }
  const links = [...list.querySelectorAll("a")];
  const mark = (id) => {
    const open = links.find((link) => link.dataset.id === id) ?? null;
    for (const link of links) {
      link.tabIndex = link === (open ?? links[0]) ? 0 : -1;
      if (link === open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (!open) return;
    const above = open.offsetTop - list.offsetTop;
    if (above < list.scrollTop) list.scrollTop = above;
    const below = above + open.offsetHeight - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  };
  if (list.opened !== data.open) {
    if (list.opened && data.pane) document.querySelector("." + data.pane)?.scrollTo(0, 0);
    list.opened = data.open;
    mark(data.open);
  }
  list.onclick = (event) => {
    const link = event.target.closest("a");
    if (!link?.href || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (data.pane) mark(link.dataset.id);
    setTriggerValue("open", link.dataset.id);
  };
  list.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step && links[links.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    for (const link of links) link.tabIndex = link === next ? 0 : -1;
    next.focus();
  };
}
"""
_CSS: Final = """
ol { list-style: none; margin: 0; padding: 0; overflow-y: auto; position: relative; font-size: 14px; line-height: 1.3;
  font-family: var(--st-font); color: var(--st-text-color); font-variant-numeric: tabular-nums; max-height: 280px;
  border: 1px solid var(--st-border-color); border-radius: 8px; scrollbar-width: thin; }
@media (min-width: 761px) {
  ol { max-height: 460px; }
  ol.tall { max-height: max(300px, calc(100vh - 176px)); }
}
a { display: block; padding: 5px 10px 5px 8px; color: inherit; text-decoration: none;
  border-left: 3px solid transparent; border-bottom: 1px solid var(--st-border-color); }
li:last-child a { border-bottom: 0; }
a[href]:hover { background: var(--st-secondary-background-color); }
a:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
a[aria-current] { background: var(--st-secondary-background-color); border-left-color: var(--st-primary-color); }
.line { display: flex; gap: 8px; align-items: center; white-space: nowrap; }
.name { font-weight: 600; }
.beside, .below { color: color-mix(in srgb, var(--st-text-color) 78%, transparent); overflow: hidden;
  text-overflow: ellipsis; }
.beside { flex: 1; min-width: 0; white-space: normal; }
.below { display: block; font-size: 12.5px; white-space: nowrap; }
.mark { font-size: 12.5px; font-weight: 600; }
.fail::before { content: "✕ "; } .pass::before { content: "✓ "; }
.end { margin-left: auto; min-width: 2.6em; text-align: right; }
.track { flex: 1; min-width: 40px; height: 14px; position: relative; border-radius: 7px;
  background: linear-gradient(var(--st-border-color), var(--st-border-color)) center / 100% 1px no-repeat; }
.track span { position: absolute; top: 50%; background: var(--mark); }
.bar { height: 4px; margin-top: -2px; opacity: 0.45; border-radius: 2px; }
.dot { width: 10px; height: 10px; margin: -5px 0 0 -5px; border-radius: 50%; }
.track + .beside { flex: 0 0 auto; } .line:has(.track) .name { flex: 0 0 min(190px, 54%); overflow: hidden;
  text-overflow: ellipsis; font-weight: 400; }
"""
_list = st.components.v2.component("siuo_rows", html="<ol></ol>", css=_CSS, js=_JS)


def show(
    rows: Sequence[Row],
    open_row: Callable[[str], None],
    *,
    key: str,
    label: str,
    page: str,
    query: Mapping[str, str | Sequence[str]],
    name: str,
    opened: str = "",
    pane: str = "",
    colour: str = "",
    tall: bool = False,
) -> None:
    """The list. open_row: what a press or Enter on a row does, given its id, before the page runs again.

    page, query, name: the address of a row is that of the page with the query, and with its id under the name; without
    a page its rows lead nowhere.
    opened: the row that is marked. pane: the class of what shows it beside the list, which begins at its top again.
    label: for screen readers. tall: as high as the window allows.
    """

    def pressed() -> None:
        if picked := st.session_state[key].get("open"):
            open_row(str(picked))

    others = {key: value for key, value in query.items() if key != name}
    address = f"{page}?{urlencode(others, doseq=True)}{'&' if others else ''}{name}=" if page else ""
    data: dict[str, Any] = {"rows": list(rows), "address": address, "label": label, "open": opened, "pane": pane}
    data["tall"] = tall
    _list(key=key, data=data | ({"colour": colour} if colour else {}), on_open_change=pressed)
