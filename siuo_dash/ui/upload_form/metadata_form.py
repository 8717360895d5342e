"""What a person says about the run: filled in where the file tells, names that look alike pointed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import streamlit as st

from siuo_dash.benchmark.facts import Choice, Fact, Number, Text, YesNo
from siuo_dash.benchmark.names import similar
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.errors import Finding
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_form.draft import Draft


def describe(
    draft: Draft, submission: Submission, names: Mapping[str, Sequence[str]]
) -> tuple[RunMetadata, list[Finding]]:
    """The form; what it says so far, and what is wrong with it.

    names: the models, judges and organizations in use.
    """
    known = suggested(submission.reading.known)
    columns = st.columns(3)
    stated: dict[str, Any] = {}
    for name, fact in FACTS.items():
        if name == "judge" and "generation" not in submission.tasks:
            continue
        with st.container() if isinstance(fact, Text) and fact.lines else columns[fact.form_column]:
            stated[name] = _ask(draft, fact, getattr(known, name), names.get(name, ()))
    metadata = RunMetadata(**stated, submitted_at=datetime.now(UTC))
    return metadata, submission.check_metadata(metadata)


def problems(findings: Sequence[Finding]) -> str:
    """What is still to be filled in or corrected, as plain text."""
    return " ".join(f"{FACTS[each.field].question}: {each.message}; {each.hint}." for each in findings)


def _ask(draft: Draft, fact: Fact, known: Any, names: Sequence[str]) -> Any:
    """The widget for one fact, and what it says; known: what the files say of it. names: those in use."""
    key, label = draft.key(fact.name), f"{fact.question}{' *' if fact.required else ''}"
    match fact:
        case Text(lines=True):
            return st.text_area(label, known or "", key=key, max_chars=fact.longest, height=80, help=fact.help) or None
        case Text():
            said = st.text_input(label, known or "", key=key, max_chars=fact.longest, help=fact.help)
            _offer_names(key, said, names)
            return said if fact.required else said or None
        case Number():
            size = st.number_input(
                label, 0.0, value=known, key=key, step=1.0, placeholder="not published", help=fact.help
            )
            return size or None
        case YesNo():
            options = {fact.yes.capitalize(): True, fact.no.capitalize(): False}
            default = None if known is None else fact.words(known).capitalize()
            chosen = st.segmented_control(label, list(options), default=default, key=key, help=fact.help)
            return options.get(chosen or "")
        case Choice():
            return st.selectbox(label, fact.offered, format_func=fact.offered.__getitem__, key=key, help=fact.help)
        case _:
            return st.date_input(label, known, key=key, format="YYYY-MM-DD", help=fact.help)


def _offer_names(key: str, said: str, names: Sequence[str]) -> None:
    """The names in use that differ from this one in spelling only."""
    alike = _alike(said, tuple(names)) if said.strip() else ()
    if not alike:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Did you mean")
        for name in alike:
            st.button(
                plain(name),
                key=f"{key}-{name}",
                on_click=_use,
                args=(key, name),
                type="tertiary",
                help="Use this name: runs of one model stand together only under one name",
            )


@lru_cache(maxsize=256)
def _alike(said: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The form runs at each keystroke's end; among 10,000 names this would take a third of a second each time."""
    return tuple(similar(said, known))


def _use(key: str, name: str) -> None:
    st.session_state[key] = name
