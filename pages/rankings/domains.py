"""Domains: where each run is safe and where it is not, from the board down to the samples."""

from siuo_dash.ui import controls, domains, frame, page

store = page.open_store()
with frame.head("Domains"):
    view = controls.choose_view(store, samples=True)
if view:
    domains.show(view)
page.footer(store)
