"""What a setting's value may be; ValueError, in words for people, for what it may not."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BeforeValidator

from siuo_dash.settings.auth import is_web

_OPEN_TO_ALL: Final = ("all", "everybody", "everyone", "anyone", "public", "open", "anonymous")
_ADDRESS: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def address_of(text: object) -> str | None:
    """An e-mail address in the one form in which addresses are compared; None for what is none.

    ASCII only, so that no letter that merely looks like another, or folds to it, makes two people one.
    """
    if not isinstance(text, str) or not text.isascii() or len(text) > 254:
        return None
    folded = text.casefold()
    return folded if _ADDRESS.fullmatch(folded) and ".." not in folded else None


def one_of(*allowed: str) -> BeforeValidator:
    """One of these words, in any case."""

    def checked(raw: object) -> str:
        word = raw.strip().casefold() if isinstance(raw, str) else ""
        if word in allowed:
            return word
        if word in _OPEN_TO_ALL and "signed-in" in allowed:
            raise ValueError(
                "uploads open to all are not served, since nobody could be asked about a submission; "
                "let people sign in (signed-in), or only reviewers upload (reviewers)"
            )
        raise ValueError(f"{raw!r} is not one of {', '.join(allowed)}")

    return BeforeValidator(checked)


def within(low: int, high: int) -> BeforeValidator:
    """A whole number in this range, both ends included; as text, too."""

    def checked(raw: object) -> int:
        if isinstance(raw, str) and raw.strip().isdecimal():
            raw = int(raw)
        if type(raw) is int and low <= raw <= high:  # not True, and not 2.0: in a file, both are slips
            return raw
        raise ValueError(f"{raw!r} is no whole number from {low:,} to {high:,}")

    return BeforeValidator(checked)


def addresses(raw: object) -> tuple[str | None, ...]:
    """E-mail addresses, as a list or as text with commas, semicolons or spaces between."""
    listed = re.split(r"[\s,;]+", raw.strip(" ,;\n")) if isinstance(raw, str) else raw
    if not isinstance(listed, list | tuple):
        raise ValueError("write the addresses as a list")
    if wrong := [each for each in listed if address_of(each) is None]:
        raise ValueError(f"{wrong[0]!r} is no e-mail address")
    return tuple(dict.fromkeys(map(address_of, listed)))


def web_address(raw: object) -> str:
    """The web address of who vouches for people."""
    try:
        if isinstance(raw, str) and is_web(raw.strip()):
            return raw.strip()
    except ValueError:
        pass
    raise ValueError("the issuer is no web address; it begins with https://")
