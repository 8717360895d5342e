"""Capabilities: rates by what the samples ask of a model, and the paper's reading checked on the loaded runs."""

from siuo_dash.ui import capabilities, controls, page

store = page.open_store()
page.header(
    "Capabilities",
    "What a sample asks of a model: to integrate picture and text, to know something about the world, or to reason.",
)
if view := controls.choose_view(store, need_per_sample=True):
    capabilities.show(controls.filtered(view))
page.footer(store)
