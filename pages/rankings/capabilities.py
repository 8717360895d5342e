"""Capabilities: rates by what the samples ask of a model, and the paper's reading checked on the loaded runs."""

from siuo_dash.ui import capabilities, controls, frame, page

store = page.open_store()
with frame.head("Capabilities"):
    view = controls.choose_view(store, samples=True)
    if view:
        grouping, chosen = capabilities.choose_grouping(), capabilities.choose_runs(view)
if view:
    capabilities.show(view, chosen, grouping)
page.footer(store)
