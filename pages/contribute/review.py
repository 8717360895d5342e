"""What waits for a decision: its findings, scores, place, texts and sender. For reviewers only."""

from siuo_dash.ui import page, review

store = page.open_store()
page.header(
    "Review",
    "What was sent is published only when a reviewer approves it: its faults, its scores, where it would stand, and "
    "its words.",
)
review.show(store)
page.footer(store)
