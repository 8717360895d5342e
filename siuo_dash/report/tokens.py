"""Tokens in words: what they are for, the list of one's own, and how a job uses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.store.registry.tokens import Token

ABOUT: Final = (
    "A job sends runs with a token: the same checks, limits and review as here. A token can send and follow your "
    "submissions, and nothing else. Signing out does not end it; revoke one that is lost or no longer used."
)
_WHEN: Final = "%Y-%m-%d %H:%M"


def tokens_frame(tokens: Sequence[Token], now: pd.Timestamp) -> pd.DataFrame:
    """One row a token: its name, what it may do, until when, when it was made and last used (UTC)."""
    rows = [
        (
            each.name,
            each.scope,
            f"expired {each.expires:%Y-%m-%d}" if each.expires <= now else f"{each.expires:%Y-%m-%d}",
            each.made.strftime(_WHEN),
            each.used.strftime(_WHEN) if each.used else "never",
        )
        for each in tokens
    ]
    return pd.DataFrame(rows, columns=["Name", "May", "Valid until", "Made", "Last used"])


def command(site: str) -> str:
    """How a job sends a file. site: the dashboard's own address, as its visitors open it."""
    return f"siuo-dash submit results.json --model Example-7B --judge human --server {site}"
