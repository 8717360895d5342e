"""The registry: which runs there are, in which state, whose, and the log of all that happened to them; in SQL.

A submission is a row; each change of it is one transaction that also writes the log. What anybody may do or see is
decided here, from the Actor, so that no page can forget it.
"""

from __future__ import annotations

from siuo_dash.store.registry.actors import LONGEST_WHY, Actor, Limits, Submitted, local
from siuo_dash.store.registry.log import Event
from siuo_dash.store.registry.publishing import AlreadyPublished, Published, publish
from siuo_dash.store.registry.reading import (
    Attempt,
    Withdrawal,
    attempts,
    earlier_of,
    one,
    own,
    table_of,
    waiting,
    withdrawn,
)
from siuo_dash.store.registry.review import (
    AlreadySubmitted,
    approve,
    reject,
    request_changes,
    restore,
    retract,
    save_draft,
    send,
    submit,
    withdraw,
)
from siuo_dash.store.registry.uploading import upload_lock
