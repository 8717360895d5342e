"""How much one address may ask: a bucket that fills at an even pace, of which each request takes some."""

from __future__ import annotations

from math import ceil
from time import monotonic
from typing import Final

from starlette.types import Scope

from siuo_dash.server.api.problems import Refused
from siuo_dash.server.gate import neighbourhood
from siuo_dash.ui import identity

_MOST_KNOWN: Final = 20_000
_left: Final[dict[str, tuple[float, float]]] = {}
"""{address: (what was left in its bucket, when)}; a full bucket need not be kept. One event loop asks, no lock."""


def must_have_room(scope: Scope, cost: int) -> None:
    """Take `cost` requests from the address's bucket. Refused, with when to come again, where it has not so many.

    The bucket holds the requests of a minute (SIUO_API_PER_MINUTE). Locally there is no limit.
    """
    if not identity.settings().hosted:
        return
    most = identity.settings().api_per_minute
    address, now = neighbourhood(scope), monotonic()
    left, since = _left.get(address, (float(most), now))
    left = min(float(most), left + (now - since) * most / 60)
    cost = min(cost, most)
    if left < cost:
        _left[address] = left, now
        seconds = ceil((cost - left) * 60 / most)
        raise Refused(
            429,
            f"more than {most} requests a minute come from this address",
            hint=f"wait {seconds} s; an ETag in If-None-Match, or results.parquet, may spare many requests",
            headers={"Retry-After": str(seconds)},
        )
    if len(_left) >= _MOST_KNOWN:
        full = [each for each, (had, at) in _left.items() if had + (now - at) * most / 60 >= most]
        for each in full or list(_left)[: _MOST_KNOWN // 10]:
            del _left[each]
    _left[address] = left - cost, now
