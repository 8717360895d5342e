"""Sign-ins that have ended: at every instance over the data directory, in all tabs, and for a copied cookie."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select

from siuo_dash.store.registry.opening import changing, rows
from siuo_dash.store.registry.tables import sign_outs

_KEPT: Final = 400 * 86_400
"""Seconds. A signed cookie is worth nothing after 31 days; a clock that is a year ahead for an hour forgets none."""


def end(data_dir: Path, claims: Mapping[str, Any]) -> None:
    """Remember that the sign-in with these claims has ended, durably. Raises StoreError when the disk refuses."""
    key, now = _keys(claims)[0], time.time()
    with changing(data_dir) as change:
        old = (sign_outs.c.at < now - _KEPT) | (sign_outs.c.key == key)
        change.connection.execute(delete(sign_outs).where(old))
        change.connection.execute(insert(sign_outs).values(key=key, at=now))


def has_ended(data_dir: Path, claims: Mapping[str, Any]) -> bool:
    """Whether it has."""
    return data_dir.is_dir() and bool(rows(data_dir, select(sign_outs.c.key).where(sign_outs.c.key.in_(_keys(claims)))))


def _keys(claims: Mapping[str, Any]) -> list[str]:
    """One sign-in of one person, as it is kept and as earlier versions kept it. Says nothing of the person.

    `iat` counts seconds: who signs out and in again within one has two sign-ins that only the nonce tells one from
    the other.
    """
    earlier = [claims.get(name) for name in ("iss", "sub", "email", "iat")]
    kept = ([*earlier, claims["nonce"]], earlier) if "nonce" in claims else (earlier,)
    return [hashlib.sha256(json.dumps(named, default=str).encode()).hexdigest() for named in kept]
