"""How the figures come about: what is measured, scored, tested and flagged, and where everything is from."""

from siuo_dash.ui import method, page

store = page.open_store()
page.header("Method", "What SIUO measures, how a verdict becomes a score, and what each figure can and cannot carry.")
method.show(store)
page.footer(store)
