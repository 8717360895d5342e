"""How far the figures can be trusted: health of runs, samples, repeated responses, judges."""

from siuo_dash.ui import controls, frame, page, reliability

store = page.open_store()
with frame.head("Reliability"):
    section = reliability.choose_section(store)
    view = controls.choose_view(store, samples=True, filters=False)
if view:
    reliability.show(view, section)
page.footer(store)
