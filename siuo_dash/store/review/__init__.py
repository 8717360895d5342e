"""Review of submissions: who may do what, which state leads to which, and what is told to whom.

A submission is one file in one folder; each change is one move of the journal, under its lock and in the log. All
authorisation is decided here, from the Actor, so that no page can forget it.
"""

from __future__ import annotations

from siuo_dash.store.review.admission import AlreadySubmitted
from siuo_dash.store.review.attempts import Attempt, attempts
from siuo_dash.store.review.deciding import approve, reject, request_changes, restore_as, withdraw_as
from siuo_dash.store.review.people import EVENTS, STATES, Actor, Limits, Submitted
from siuo_dash.store.review.reading import earlier_of, one, own, table_of, waiting
from siuo_dash.store.review.sending import retract, save_draft, send, submit
from siuo_dash.store.review.turns import turn

__all__ = [
    "EVENTS", "STATES", "Actor", "AlreadySubmitted", "Attempt", "Limits", "Submitted", "approve", "attempts",
    "earlier_of", "one", "own", "reject", "request_changes", "restore_as", "retract", "save_draft", "send", "submit",
    "table_of", "turn", "waiting", "withdraw_as",
]  # fmt: skip
