"""Everything that is checked before a start, the same for the server and for `check-settings`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Final

from siuo_dash.errors import SettingsError
from siuo_dash.settings import EXIT_CODE, Serving, Settings, check_serving, provider
from siuo_dash.settings.auth import SignIn

EXIT_UNAVAILABLE: Final = 69
"""Ends a start whose sign-in provider cannot be reached: sysexits' EX_UNAVAILABLE; trying again may help."""


def check(found: Settings, serving: Serving, ask: Callable[[SignIn], None] = provider.check) -> None:
    """Refuse what cannot be served. SettingsError with every fault, one a line; see `exit_code`."""
    faults: list[SettingsError] = []
    for look in (partial(check_serving, found, serving), partial(_check_sign_in, found, ask)):
        try:
            look()
        except SettingsError as error:
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise SettingsError("\n".join(map(str, faults)))


def exit_code(error: SettingsError) -> int:
    """What the process ends with."""
    return EXIT_UNAVAILABLE if isinstance(error, provider.Unavailable) else EXIT_CODE


def _check_sign_in(found: Settings, ask: Callable[[SignIn], None]) -> None:
    if found.sign_in is None:
        return
    try:
        importlib.import_module("authlib.integrations.starlette_client")  # Streamlit does so at the first sign-in only
    except ImportError as error:
        raise SettingsError(
            f"hosted, but nobody can sign in, since a library is missing ({error}): install requirements.txt"
        ) from None
    ask(found.sign_in)
