"""What waits for a decision: its findings, scores, place, texts and sender. For reviewers only."""

from siuo_dash.ui import frame, page, review

store = page.open_store()
with frame.head("Review"):
    pass
review.show(store)
page.footer(store)
