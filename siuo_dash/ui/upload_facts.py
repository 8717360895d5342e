"""The upload page's facts about a run: a field for each, names in use that are alike, a judge that is new."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import streamlit as st

from siuo_dash.benchmark.fact_kinds import Choice, Fact, Number, Text, YesNo
from siuo_dash.benchmark.names import similar
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.errors import Finding
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import upload
from siuo_dash.text import listed
from siuo_dash.ui import display
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft

_FIRST: Final = ("model", "judge", "source_status", "source")
"""The facts that are asked for in sight."""


def describe(
    draft: Draft, submission: Submission, names: MappingOf[str, Sequence[str]]
) -> tuple[RunMetadata, list[Finding]]:
    """The form; what it says so far, and what is wrong with it.

    names: the models, judges and organizations in use.
    """
    without = () if "generation" in submission.tasks else ("judge",)
    metadata = facts(draft, suggested(submission.reading.known), names, without)
    return metadata, submission.check_metadata(metadata)


def facts(
    draft: Draft, known: RunMetadata, names: MappingOf[str, Sequence[str]], without: Sequence[str] = ()
) -> RunMetadata:
    """A field for each fact about a run, and what they say: those that most runs need, the rest folded.

    known: what they begin with.
    """
    stated: dict[str, Any] = {}

    def ask(place: Any, name: str) -> None:
        if name not in without:
            with place:
                stated[name] = _fact(draft, FACTS[name], getattr(known, name), names.get(name, ()))

    for name in ("model", "judge"):
        ask(st.container(), name)
    for place, name in zip(st.columns(2), ("source_status", "source"), strict=True):
        ask(place, name)
    with st.expander("More (optional): organization, size, weights, method, date, note"):
        columns = st.columns(2)
        short = [name for name, fact in FACTS.items() if not (isinstance(fact, Text) and fact.lines)]
        for position, name in enumerate(name for name in short if name not in _FIRST):
            ask(columns[position % 2], name)
        for name in [name for name in FACTS if name not in short]:
            ask(st.container(), name)
    return RunMetadata(**stated, submitted_at=datetime.now(UTC))


def ask_judge(draft: Draft, said: Sequence[str], judges: MappingOf[str, int]) -> bool:
    """Ask about each judge that no run has, for a typing error opens a new board; whether all are answered.

    said: the judges of the runs that are described. judges: {name in use: number of runs}.
    """
    new = [name for name in map(str.strip, said) if name and name not in judges and name not in draft.new_judges]
    for name in new:
        alike = {each: judges[each] for each in _alike(name, tuple(judges))}
        with st.container(border=True, key=f"new-judge-{display.row_key(name)}", gap="small"):
            st.markdown(f":orange[:material/help:] {plain(upload.judge_words(name, alike))}")
            with st.container(horizontal=True, gap="small"):
                for each in alike if len(said) == 1 else ():
                    key = draft.key("judge")
                    st.button(f"Use {plain(each)}", key=f"{key}-{each}", on_click=_set, args=(key, each))
                st.button("Open a new board", key=f"{draft.key('new')}-{name}", on_click=_confirm, args=(draft, name))
    return not new


def _confirm(draft: Draft, judge: str) -> None:
    draft.new_judges |= {judge}


def _set(key: str, value: str) -> None:
    st.session_state[key] = value


def problems(findings: Sequence[Finding]) -> str:
    """What is still to be filled in or corrected, as plain text."""
    missing = [FACTS[each.field].question for each in findings if each.message.endswith("is missing")]
    said = [f"Still to fill in: {listed(missing)}."] if missing else []
    wrong = (each for each in findings if not each.message.endswith("is missing"))
    return " ".join([*said, *(f"{FACTS[each.field].question}: {each.message}; {each.hint}." for each in wrong)])


def _fact(draft: Draft, fact: Fact, known: Any, names: Sequence[str]) -> Any:
    """The widget for one fact, and what it says; known: what the files say of it. names: those in use."""
    key, label = draft.key(fact.name), f"{fact.question}{' *' if fact.required else ''}"
    match fact:
        case Text(lines=True):
            return st.text_area(label, known or "", key=key, max_chars=fact.longest, height=80, help=fact.help) or None
        case Text(name="judge"):
            judges = list(dict.fromkeys([*names, *([known] if known else [])]))
            place = judges.index(known) if known else None
            hint = "Choose, or type a name"
            more: dict[str, Any] = {"placeholder": hint, "accept_new_options": True, "help": fact.help}
            return st.selectbox(label, judges, place, key=key, **more) or ""
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
            offered = list(fact.offered)
            start = offered.index(known) if known in offered else 0
            named = fact.offered.__getitem__
            return st.selectbox(label, offered, start, format_func=named, key=key, help=fact.help)
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
                on_click=_set,
                args=(key, name),
                type="tertiary",
                help="Use this name: runs of one model are grouped only under one name",
            )


@lru_cache(maxsize=256)
def _alike(said: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The form runs at each keystroke's end; among 10,000 names this would take a third of a second each time."""
    return tuple(similar(said, known))
