"""Candidates for new samples: review, what became of them, reviewers' agreement, and freezing them as a set."""

from siuo_dash.ui import candidates, frame, page

store = page.open_store()
chosen = None
with frame.head("Candidates"):
    allowed = candidates.may_review()
    if allowed:
        chosen = candidates.choose(store)
if chosen is not None:
    candidates.show(store, *chosen)
page.footer(store)
