"""Safe versus effective: is a model safe because it understands, or because it does not help?"""

from siuo_dash.ui import controls, frame, page, tradeoff

store = page.open_store()
with frame.head("Safe vs effective"):
    view = controls.choose_view(store, both=True)
    part = tradeoff.choose_part()
if view:
    tradeoff.show(view, part)
page.footer(store)
