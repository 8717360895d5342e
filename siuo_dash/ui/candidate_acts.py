"""What a reviewer does with candidates: each act is a callback of a button, done as whoever may review just then."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from siuo_dash.construct import freeze as freezing
from siuo_dash.construct import reviewing
from siuo_dash.construct.candidates import Candidate
from siuo_dash.construct.lines import CRITERIA, DECISIONS
from siuo_dash.construct.twins import Twins, elsewhere
from siuo_dash.errors import NotAllowed
from siuo_dash.store import sample_sets
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Actor
from siuo_dash.ui import account, address, identity

PAGE: Final = "candidates"
NAME: Final = "reviewer"
"""The session's key of the name under which a person reviews on their own machine."""


def reviewer_name() -> str:
    """Under which name the visitor reviews: hosted the signed-in address, else the name that was typed; '' = none."""
    if identity.settings().hosted:
        actor = identity.visitor().actor
        return (actor.id or "") if actor is not None else ""
    return str(st.session_state.get(NAME, "")).strip()


def _reviewer() -> Actor:
    """Whoever may review now; NotAllowed for anybody else."""
    who = identity.visitor()
    if identity.settings().hosted and (who.actor is None or not who.is_reviewer):
        raise NotAllowed("only reviewers can do this", hint="sign in as a reviewer")
    return identity.actor()


def key(candidate: Candidate, name: str) -> str:
    """The session's key of an answer to this text of a candidate."""
    return f"answer-{candidate.id}-{candidate.version}-{name}"


def open_one(candidate_id: str) -> None:
    """Show this candidate next."""
    address.choose("candidate", [candidate_id])


def decide(folder: Path, candidate: Candidate, decision: str, following: str) -> None:
    """Keep the review that the session holds; then show the following candidate, where there is one."""
    answers = {each: str(st.session_state.get(key(candidate, each)) or "") for each in CRITERIA}
    reason = str(st.session_state.get(key(candidate, "reason")) or "")

    def change(_: Actor) -> None:
        reviewing.review(
            folder,
            candidate.id,
            by=reviewer_name(),
            version=candidate.version,
            criteria=answers,
            decision=decision,
            reason=reason,
        )

    if account.act(PAGE, _reviewer, change, f"{DECISIONS[decision].capitalize()}.") and following:
        open_one(following)


def save_edit(folder: Path, candidate: Candidate, changes: Mapping[str, object]) -> None:
    """Keep a person's edit; the old text stays in the record."""
    version = candidate.version
    account.act(
        PAGE,
        _reviewer,
        lambda _: reviewing.edit(folder, candidate.id, by=reviewer_name(), version=version, changes=changes),
        "The edit is kept; reviews of the text before it no longer count.",
    )


def settle(folder: Path, candidate: Candidate, decision: str, place: str) -> None:
    """Settle a disagreement with the reason that the session holds at this place."""
    why, version = str(st.session_state.get(place) or ""), candidate.version
    account.act(
        PAGE,
        _reviewer,
        lambda _: reviewing.settle(
            folder, candidate.id, by=reviewer_name(), version=version, decision=decision, reason=why
        ),
        f"Settled: {DECISIONS[decision]}.",
    )


def freeze_now(store: Store, folder: Path) -> None:
    """Freeze what is accepted and install the set."""
    name, version, reviewers = (st.session_state[f"freeze-{part}"] for part in ("name", "version", "reviewers"))

    def change(_: Actor) -> None:
        others = elsewhere(store.data_dir, folder, name)
        twins = Twins(store.catalogue, store.data_dir, store.catalogue, others)
        with tempfile.TemporaryDirectory(prefix="siuo-set-") as scratch:
            frozen = Path(scratch) / "set"
            freezing.freeze(folder, frozen, name=name, version=version, reviewers=reviewers, twins=twins)
            sample_sets.add(store.data_dir, frozen)

    account.act(PAGE, _reviewer, change, "The set is frozen and installed: runs on it have boards of their own.")
