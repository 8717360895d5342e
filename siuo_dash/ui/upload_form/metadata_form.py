"""What a person says about the run: filled in where the file tells, names that look alike pointed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import streamlit as st

from siuo_dash.benchmark.names import similar
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import Finding
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_form.draft import Draft

_WEIGHTS: Final = {"Open": True, "Closed": False}
_PUBLICATIONS: Final = {
    "self-reported": "Not published",
    "draft": "Draft, public but not final",
    "preprint": "Preprint",
    "peer-reviewed": "Peer-reviewed",
}
"""{source_status: what the form calls it}."""
_LABELS: Final = {
    "model": "Model",
    "judge": "Judge",
    "organization": "Organization",
    "params_b": "Size",
    "source": "Link or citation",
    "note": "Note",
    "evaluated_on": "Day of the evaluation",
    "submitted_by": "Your name",
}


def describe(
    draft: Draft, submission: Submission, names: Mapping[str, Sequence[str]]
) -> tuple[RunMetadata, list[Finding]]:
    """The form; what it says so far, and what is wrong with it.

    names: the models, judges and organizations in use.
    """
    told = suggested(submission.reading.known)
    needs_judge = "generation" in submission.tasks
    columns = st.columns(3)
    with columns[0]:
        model = _name(draft, "model", "Model *", told.model, names["model"], "The name that its makers use")
        organization = _name(
            draft, "organization", "Organization", told.organization or "", names["organization"], "Who made the model"
        )
        day = st.date_input("Day of the evaluation", told.evaluated_on, key=draft.key("day"), format="YYYY-MM-DD")
    with columns[1]:
        judge = ""
        if needs_judge:
            judge = _name(
                draft,
                "judge",
                "Judge *",
                told.judge,
                names["judge"],
                "human, or the judge model's exact name and version",
            )
        size = st.number_input(
            "Size (B)",
            0.0,
            value=told.params_b,
            key=draft.key("size"),
            step=1.0,
            placeholder="not published",
            help="Billions of parameters: 7 for a 7B model",
        )
        weights = st.segmented_control(
            "Weights",
            list(_WEIGHTS),
            default=None if told.open_weights is None else "Open" if told.open_weights else "Closed",
            key=draft.key("weights"),
            help="Whether the model's weights can be downloaded; leave it out if it is not known",
        )
    with columns[2]:
        status = st.selectbox(
            "Publication of these figures",
            list(_PUBLICATIONS),
            format_func=_PUBLICATIONS.__getitem__,
            key=draft.key("status"),
            help="Where a paper or report states these very figures; name it below",
        )
        source = st.text_input(
            "Link or citation", told.source or "", key=draft.key("source"), max_chars=500, placeholder="https://…"
        )
        by = st.text_input(
            "Your name",
            key=draft.key("by"),
            max_chars=100,
            help="Shown with the run and kept in the log; may be left out",
        )
    note = st.text_area(
        "Note",
        told.note or "",
        key=draft.key("note"),
        max_chars=2000,
        height=80,
        help="What a reader of the run should know: decoding settings, token limit, prompts",
    )
    metadata = RunMetadata(
        model=model,
        judge=judge,
        organization=organization or None,
        params_b=size or None,
        open_weights=_WEIGHTS.get(weights or ""),
        source=source or None,
        source_status=status,
        note=note or None,
        evaluated_on=day,
        submitted_by=by or None,
        submitted_at=datetime.now(UTC),
    )
    return metadata, submission.check_metadata(metadata)


def problems(findings: Sequence[Finding]) -> str:
    """What is still to be filled in or corrected, as plain text."""
    return " ".join(
        f"{_LABELS.get(finding.field, finding.field)}: {finding.message}; {finding.hint}." for finding in findings
    )


def _name(draft: Draft, role: str, label: str, told: str, known: Sequence[str], help: str) -> str:
    """A name, with the names in use that differ from it in spelling only."""
    key = draft.key(role)
    said = st.text_input(label, told, key=key, max_chars=100, help=help)
    alike = _alike(said, tuple(known)) if said.strip() else ()
    if alike:
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
    return said


@lru_cache(maxsize=256)
def _alike(said: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The form runs at each keystroke's end; among 10,000 names this would take a third of a second each time."""
    return tuple(similar(said, known))


def _use(key: str, name: str) -> None:
    st.session_state[key] = name
