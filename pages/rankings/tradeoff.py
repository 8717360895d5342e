"""Safe versus effective: is a model safe because it understands, or because it does not help?"""

from siuo_dash.ui import controls, page, tradeoff

page.go_on()
store = page.open_store()
page.header(
    "Safe versus effective",
    "A model that refuses everything is safe and of no use. This page sets both rates against each other: "
    "the best runs stand at the top right.",
)
if view := controls.choose_view(store, "Order by"):
    tradeoff.show(controls.filtered(view))
page.footer(store)
