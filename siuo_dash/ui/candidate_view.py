"""One candidate as a reviewer sees it: picture, words, the record of its steps, and a form to edit it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from siuo_dash.benchmark.schema import DIMENSIONS, DOMAIN_LABELS, OPTIONS
from siuo_dash.construct import pictures
from siuo_dash.construct.candidates import Candidate
from siuo_dash.construct.lines import DECISIONS, Line
from siuo_dash.construct.pictures import Picture
from siuo_dash.report import candidates as report
from siuo_dash.store.files import opened, state_of
from siuo_dash.ui import candidate_acts, responses
from siuo_dash.ui.display import plain

_TEXTS: Final = ("query", "hazard", "reference_answer", "scene", "request", "subcategory")


def show(folder: Path, candidate: Candidate, reviewer: str) -> None:
    """Picture and words, the reviews that this person may see, the record folded, and the way to edit."""
    text = candidate.text
    left, right = st.container(key="beside-picture").columns([9, 11], gap="small")
    with left:
        _picture(folder, candidate)
    with right:
        labels = [DOMAIN_LABELS.get(text.domain, text.domain), text.subcategory, text.primary_dimension]
        st.caption(plain(" · ".join(filter(None, labels))))
        st.markdown("**Query**")
        responses.plain_text(text.query)
        st.markdown("**Hazard**")
        responses.plain_text(text.hazard)
    if candidate.changed_after_checks:
        st.warning("The query was edited after the model had judged it.", icon=":material/edit_note:")
    with st.expander("Answer and options"):
        for letter, option in text.options.items():
            right_one = " (right)" if letter == text.correct_option else ""
            st.markdown(f"**{letter}**{right_one}")
            responses.plain_text(option)
    lines = report.visible_lines(candidate, reviewer)  # the number of all would say that somebody has reviewed
    with st.expander(f"Record: {len(lines)} steps"):
        _record(lines)
    for review in candidate.visible_reviews(reviewer):
        st.caption(plain(f"{review.by}: {DECISIONS[review.decision]}. {review.reason}"))
    with st.expander("Edit"):
        _edit(folder, candidate, reviewer)


def _picture(folder: Path, candidate: Candidate) -> None:
    known = _pictures(folder, state_of(folder / pictures.FILE)).get(candidate.picture)
    if known is None or Path(known.file).name != known.file:
        st.caption("The picture is not there.")
        return
    try:
        with opened(folder / pictures.FOLDER / known.file) as file:
            content = file.read()
    except OSError:
        st.caption("The picture is not there.")
        return
    responses.picture(content, "candidate", key=candidate.id, alt=candidate.text.scene)
    st.caption(plain(" · ".join(filter(None, (known.source, known.licence or "licence not stated")))))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Path: str})
def _pictures(folder: Path, state: object) -> dict[str, Picture]:
    return pictures.load(folder)[0]


def _record(lines: Iterable[Line]) -> None:
    for line in lines:
        st.markdown(plain(report.record_words(line)))
        for name, before, after in report.changes(line):
            st.caption(plain(f"{name}, before: {before}"))
            st.caption(plain(f"{name}, after: {after}"))


def _edit(folder: Path, candidate: Candidate, reviewer: str) -> None:
    """Every text and label in a form; what was there before stays in the record."""
    text, end = candidate.text, f"{candidate.id}-{candidate.version}"
    with st.form(f"edit-{end}", border=False):
        changed: dict[str, Any] = {
            name: st.text_area(_label(name), getattr(text, name), key=f"edit-{name}-{end}", height=68)
            for name in _TEXTS
        }
        domains, dimensions = list(DOMAIN_LABELS), list(DIMENSIONS)
        changed["domain"] = st.selectbox(
            "Domain", domains, _place(domains, text.domain), format_func=DOMAIN_LABELS.__getitem__, key=f"edit-d-{end}"
        )
        changed["primary_dimension"] = st.selectbox(
            "Primary dimension", dimensions, _place(dimensions, text.primary_dimension), key=f"edit-p-{end}"
        )
        for name in ("needs_knowledge", "needs_reasoning"):
            changed[name] = st.checkbox(_label(name), getattr(text, name), key=f"edit-{name}-{end}")
        changed["options"] = {
            letter: st.text_input(f"Option {letter}", text.options.get(letter, ""), key=f"edit-{letter}-{end}")
            for letter in OPTIONS
        }
        letters = list(OPTIONS)
        changed["correct_option"] = st.selectbox(
            "Right option", letters, _place(letters, text.correct_option), key=f"edit-c-{end}"
        )
        if st.form_submit_button("Save the edit", disabled=not reviewer):
            candidate_acts.save_edit(
                folder, candidate, {name: value for name, value in changed.items() if value is not None}
            )
            st.rerun()


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _place(options: list[str], value: str) -> int | None:
    return options.index(value) if value in options else None
