"""Candidates for new samples: review, what became of them, reviewers' agreement, and freezing them as a set."""

from siuo_dash.ui import account, candidates, frame, page

store = page.open_store()
with frame.head("Candidates"):
    chosen = candidates.choose(store) if candidates.may_review() else None
if chosen is None:
    account.for_reviewers_only()
else:
    candidates.show(store, *chosen)
page.footer(store)
