"""Key results: short statements, computed from the data that is loaded now."""

from siuo_dash.ui import controls, findings, frame, page

store = page.open_store()
with frame.head("Findings"):
    view = controls.choose_view(store, filters=False)
if view:
    findings.show(view)
page.footer(store)
