"""Domains: where each run is safe and where it is not, from the board down to the samples."""

from siuo_dash.ui import controls, domains, page

store = page.open_store()
page.header(
    "Domains",
    "Nine safety domains, each with 16 to 21 samples: where a run notices the danger, and where it does not. "
    "So few samples make wide intervals, so every rate stands with its interval and count.",
)
if view := controls.choose_view(store, need_per_sample=True):
    domains.show(controls.filtered(view))
page.footer(store)
