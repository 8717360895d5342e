"""The upload form: questions that a file leaves open, the editor of its mapping, and the run's metadata."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from siuo_dash.ingest.mapping import NONE, ROLES, YES_MEANS, Mapping, Role
from siuo_dash.ingest.read import Reading
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import upload
from siuo_dash.text import as_sentence
from siuo_dash.ui import display
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft

_FEW: Final = 8
_ANSWERS: Final[MappingOf[str, MappingOf[str, str]]] = {
    **{role: {option: f"They mean {option}" for option in options} for role, options in YES_MEANS.items()},
    **{
        f"{question}_decided_by": {"text": "The judge's text decides", "number": "The number or label decides"}
        for question in ("safe", "effective")
    },
    "task": {"generation": "Responses with verdicts", "mcqa": "Multiple choice"},
    "correct_by": {"file": "The file's order and key", "benchmark": "The benchmark's order and key"},
}
_MEANINGS: Final = {"safe": ("safe", "unsafe", "ungraded"), "effective": ("effective", "ineffective", "ungraded")}


def answer(draft: Draft, reading: Reading) -> None:
    """Ask what the files do not tell; nothing is guessed, and all questions are answered together."""
    with st.form(draft.key("questions")):
        answers = [_ask(draft, reading, need) for need in reading.needs]
        if st.form_submit_button("Continue", icon=":material/arrow_forward:"):
            if None in answers:
                st.warning("Please answer every question: a wrong guess would turn the scores around.")
            else:
                mapping = reading.mapping or Mapping()
                for need, given in zip(reading.needs, answers, strict=True):
                    mapping = mapping.answered(need.role, str(given))
                draft.use(mapping)
                st.rerun()


def edit(draft: Draft, submission: Submission) -> None:
    """The mapping in use, what it makes of the first rows, and every part of it to be corrected."""
    reading = submission.reading
    mapping = reading.mapping or Mapping()
    with st.expander("How the fields were read", expanded=not submission.ok, icon=":material/table_edit:"):
        understood = upload.understood_frame(submission)
        if not understood.empty:
            st.caption("The first samples as they were understood:")
            display.table(understood, key=draft.key("understood"), alt="The first samples as they were understood")
        st.caption("The first rows of the files:")
        display.table(reading.preview, key=draft.key("rows"), alt="The first rows of the files", placeholder="")
        # A change of the mapping from outside (a loaded one, an answer) must show in widgets that keep their state.
        stamp = display.row_key(mapping.as_json())
        with st.form(f"{draft.key('mapping')}-{stamp}"):
            changed = _fields(f"{draft.key('role')}-{stamp}", reading, mapping)
            changed |= _values(f"{draft.key('value')}-{stamp}", submission, mapping)
            if st.form_submit_button("Read again with this mapping"):
                draft.use(mapping.having(**changed), loaded=draft.loaded)
                st.rerun()
        display.download(
            "Save this mapping", lambda: mapping.as_json().encode(), "siuo-mapping.json", key=draft.key("save")
        )


def _ask(draft: Draft, reading: Reading, need: Need) -> str | None:
    examples = {path: ", ".join(value[:40] for value in values) for path, values in reading.fields.items()}
    key = draft.key(f"need-{need.role}")
    colon = "" if need.question.endswith(("?", ".")) else ":"
    question = plain(f"{need.question}{colon} {as_sentence(need.hint)}" if need.hint else need.question)
    if need.details:
        st.markdown(f"**{question if need.options else plain(need.question)}**")
        st.text("\n".join(need.details))
    if not need.options:
        return _ask_number(need, key)
    options = (*need.options, *((NONE,) if need.can_be_none else ()))
    if len(options) > _FEW:
        return _pick(question, options, None, key, "Choose one")
    return st.radio(
        question,
        options,
        index=None,
        key=key,
        format_func=lambda option: plain(_ANSWERS.get(need.role, {}).get(option) or option),
        captions=[plain(examples.get(option, "")) for option in options],
        label_visibility="collapsed" if need.details else "visible",
    )


def _ask_number(need: Need, key: str) -> str | None:
    """A number, and whether it is the least or the most that is safe (or effective)."""
    what = need.role.split("_")[0]
    sides = (f"{what}_at_least", f"{what}_at_most", NONE)
    labels = {sides[0]: f"at least this number is {what}", sides[1]: f"at most this number is {what}"}
    labels[NONE] = "it is no verdict"
    side = st.radio(
        plain(need.question),
        sides,
        index=sides.index(need.role),
        key=f"{key}-side",
        format_func=labels.__getitem__,
        horizontal=True,
        label_visibility="collapsed",
    )
    number = st.number_input("Number", value=None, key=key, step=None, placeholder="such as 0.5 or 4", format="%g")
    return NONE if side == NONE else None if number is None else f"{side} {number}"


def _fields(key: str, reading: Reading, mapping: Mapping) -> dict[str, Any]:
    """A chooser for each role, two beside each other."""
    mapped = [path for role in ROLES for path in _paths(role, mapping)]
    options = list(dict.fromkeys([*reading.fields, *mapped]))
    changed: dict[str, Any] = {}
    for first in range(0, len(ROLES), 2):
        for place, role in zip(st.columns(2), ROLES[first : first + 2], strict=False):
            chosen, key_of_role = _paths(role, mapping), f"{key}-{role.name}"
            with place:
                if role.many:
                    picked = st.multiselect(
                        role.label, options, default=chosen, key=key_of_role, help=role.help, placeholder="–"
                    )
                    changed[role.name] = tuple(picked)
                else:
                    first_path = chosen[0] if chosen else None
                    changed[role.name] = _pick(role.label, options, first_path, key_of_role, "–", role.help)
    return changed


def _values(key: str, submission: Submission, mapping: Mapping) -> dict[str, Any]:
    """What 1, true and yes mean, and what each value means that is not understood by itself."""
    changed: dict[str, Any] = {}
    unread = upload.values_not_understood(submission.errors)
    for question, meanings in _MEANINGS.items():
        role = f"{question}_yes_means"
        given: dict[str, str] = dict(getattr(mapping, f"{question}_values"))
        if getattr(mapping, question):
            words = f"In the {'safety' if question == 'safe' else 'effectiveness'} verdict, 1, true and yes mean"
            placeholder = "as the field's name says"
            changed[role] = _pick(words, YES_MEANS[role], getattr(mapping, role), f"{key}-{role}", placeholder)
        asked = list(dict.fromkeys([*given, *unread.get(question, [])]))
        picked = {
            value: _pick(
                f"The value “{plain(value)}” means",
                meanings,
                given.get(value),
                f"{key}-{question}-{value}",
                "Choose its meaning",
            )
            for value in asked
        }
        changed[f"{question}_values"] = {value: meaning for value, meaning in picked.items() if meaning}
    return changed


def _pick(
    label: str, options: Sequence[str], chosen: str | None, key: str, placeholder: str, help: str | None = None
) -> str | None:
    """One of the options, or none; chosen: the one to begin with."""
    index = None if chosen is None else options.index(chosen)
    return st.selectbox(label, options, index=index, key=key, placeholder=placeholder, help=help)


def _paths(role: Role, mapping: Mapping) -> list[str]:
    return list(mapping.paths(role.name))
