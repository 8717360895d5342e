"""What the figures say: short statements, computed from the data that is loaded now."""

from siuo_dash.ui import controls, findings, page

page.go_on()
store = page.open_store()
page.header(
    "Findings",
    "What the figures say, computed now from the data that is loaded: with other data the sentences change. "
    "Where the data cannot carry a statement, it says so.",
)
if view := controls.choose_view(store, "Seen by"):
    findings.show(view)
page.footer(store)
