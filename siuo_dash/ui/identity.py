"""Who is at the page: what the sign-in provider says of a person, as the store's Actor.

An Actor is made again at each action: from what Streamlit's signed cookie said when the page connected, and from
whether that sign-in has ended since. Nothing that a browser can set takes part in it: no session state, no address,
no widget. What a provider says is checked, and never shown unescaped.
"""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st

from siuo_dash.errors import NotAllowed, SiuoError, StoreError
from siuo_dash.settings import Settings
from siuo_dash.settings.paths import data_dir
from siuo_dash.settings.values import address_of
from siuo_dash.store.registry import Actor, Limits, sign_outs, tokens
from siuo_dash.text import is_hidden
from siuo_dash.ui import start_check, streamlit_private

log = logging.getLogger("siuo_dash")
settings: Final = start_check.settings
LONGEST_NAME: Final = 60
_CLOCKS_DIFFER: Final = 300
"""Seconds by which the provider's clock may be ahead of ours."""


@dataclass(frozen=True)
class Visitor:
    """A person at the page.

    actor: None for who has not signed in, or cannot be known, in which case `why` says why.
    """

    actor: Actor | None = None
    why: str = ""

    @property
    def is_reviewer(self) -> bool:
        """Whether this person may decide about submissions."""
        return self.actor is not None and self.actor.reviewer


def visitor() -> Visitor:
    """Who is at the page now."""
    return visitor_with(st.user.to_dict() if settings().hosted else {})


def visitor_with(claims: Mapping[str, Any]) -> Visitor:
    """Who these claims make the visitor now; nobody when that sign-in has ended, in any tab or copy of a cookie."""
    found = visitor_of(claims, settings(), time.time())
    try:
        if found.actor is not None and found.actor.id is not None and sign_outs.has_ended(data_dir(), claims):
            return Visitor()
    except StoreError as error:  # nobody acts as long as it is not known; what everybody may see is shown
        return Visitor(why=f"the list of ended sign-ins cannot be read ({error.what}); try again in a minute")
    return found


def site() -> str:
    """The dashboard's own address, as its visitors open it; "" locally, where nobody else does."""
    found = settings().sign_in
    address = "" if found is None else found.redirect_uri.removesuffix("/oauth2callback")
    return address.replace("{port}", str(st.get_option("server.port")))  # as Streamlit has it there


def sign_out(claims: Mapping[str, Any]) -> None:
    """End the sign-in with these claims everywhere; where that cannot be written down, only the cookie ends."""
    issued = claims.get("iat")
    then = issued if isinstance(issued, int | float) else time.time()  # it ends also while our clock is wrong
    if visitor_of(claims, settings(), then).actor is None:
        return
    try:
        sign_outs.end(data_dir(), claims)
    except SiuoError as error:
        log.warning("a sign-out could not be written down: %s", error)


def actor() -> Actor:
    """Who acts now. NotAllowed when nobody is signed in who could."""
    found = visitor()
    if found.actor is None:
        raise NotAllowed(found.why or "nobody is signed in", hint="sign in, then try again")
    return found.actor


def uploader() -> Actor:
    """Who uploads now. NotAllowed when this person may not."""
    found = actor()
    must_let_upload(found)
    return found


def holder_of(token: str) -> Actor:
    """Whose token this is. A token signs nobody in and reviews nothing. Raises as `tokens.owner_of` does."""
    address = tokens.owner_of(data_dir(), token, tokens.SUBMIT)
    return Actor(address, salt=streamlit_private.salt_of(address))


def must_let_upload(found: Actor) -> None:
    """Raise NotAllowed when this person may not upload, whoever acts for them."""
    reviews = found.id in settings().reviewers
    if why := why_no_upload(Visitor(replace(found, reviewer=reviews)), settings()):
        raise NotAllowed(why, hint="contact the administrators")


def visitor_of(claims: Mapping[str, Any], found: Settings, now: float) -> Visitor:
    """Who these claims make the visitor. now: seconds since 1970."""
    if not found.hosted:
        return Visitor(Actor(None, reviewer=True))
    if claims.get("is_logged_in") is not True or found.sign_in is None:
        return Visitor()
    if _without_slash(claims.get("iss")) != _without_slash(found.sign_in.issuer):
        return Visitor(why="this sign-in comes from a provider that this site does not accept")
    audience = claims.get("aud")
    if found.sign_in.client_id not in (audience if isinstance(audience, list) else [audience]):
        return Visitor(why="this sign-in was issued for a different application")
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not issued <= now + _CLOCKS_DIFFER:
        return Visitor(why="the provider does not say when this sign-in was made, or its clock is wrong")
    if now - issued > found.sign_in_hours * 3600:
        return Visitor(why=f"this sign-in is older than {found.sign_in_hours} hours")
    if claims.get("email_verified") is not True:
        return Visitor(why="the provider does not confirm that the e-mail address is this person's own")
    address = address_of(claims.get("email"))
    if address is None:
        return Visitor(why="the provider states no e-mail address, or one with other characters than plain ones")
    name, salt = shown_name(claims.get("name")), streamlit_private.salt_of(address)
    return Visitor(Actor(address, reviewer=address in found.reviewers, name=name, salt=salt))


def why_no_upload(who: Visitor, found: Settings) -> str:
    """Why this visitor may not upload, in words; '' when they may."""
    if not found.hosted:
        return ""
    if found.uploads == "nobody":
        return "nothing can be uploaded here at the moment"
    if who.actor is None:
        return who.why or "uploading needs a sign-in"
    return "" if found.uploads == "signed-in" or who.actor.reviewer else "only reviewers upload here"


def limits() -> Limits:
    """How much a person may send."""
    found = settings()
    if not found.hosted:
        return Limits()
    megabyte = 1024**2
    return Limits(found.quota_per_day, found.quota_open, found.quota_mb_per_day * megabyte, found.quota_mb * megabyte)


def shown_name(claim: object) -> str | None:
    """A name as it can be shown in a line: nothing invisible, no towers of accents, not longer than LONGEST_NAME."""
    if not isinstance(claim, str):
        return None
    kept, accents = [], 0
    for char in unicodedata.normalize("NFC", claim[:1_000]):
        accents = accents + 1 if unicodedata.combining(char) else 0
        if char.isspace():
            kept.append(" ")
        elif not is_hidden(char) and accents <= 2:
            kept.append(char)
    line = " ".join("".join(kept).split())
    return (line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…") or None


def _without_slash(issuer: object) -> str | None:
    """Some providers end their own name with a slash."""
    return issuer.rstrip("/") if isinstance(issuer, str) else None
