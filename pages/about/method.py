"""How the figures come about: what is measured, scored, tested and flagged, and where everything is from."""

from siuo_dash.ui import frame, method, page

store = page.open_store()
with frame.head("Method"):
    pass
method.show(store)
page.footer(store)
