"""Domains: where each run is safe and where it is not, from the board down to the samples."""

from siuo_dash.ui import controls, domains, frame, page

store = page.open_store()
with frame.head("Domains"):
    view = controls.choose_view(store, samples=True)
    chosen = domains.choose_runs(view) if view else []
if view:
    domains.show(view, chosen)
page.footer(store)
