"""The responses of a submission, read one sample after another. Nothing in them is ever read as Markdown or HTML."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import streamlit as st

from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.report import review
from siuo_dash.report.samples import visible
from siuo_dash.store.engine.database import Store
from siuo_dash.ui.display import plain
from siuo_dash.ui.sample_card.card import note_once

_LONG: Final = 1_500
_FRAME: Final = 360


def show(store: Store, table: pa.Table, run_id: str) -> None:
    """A sample of the run, chosen by number: its responses, their verdicts and the judge's words."""
    st.subheader("Responses", anchor=False)
    note_once()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        flagged = st.toggle("Only samples with a health flag", key=f"review-flagged-{run_id}")
        samples = review.samples_to_read(table, flagged=flagged)
        if not samples:
            st.caption(
                "No sample carries a health flag." if flagged else "No response is at hand: only figures were sent."
            )
            return
        several = len({task for task, _ in samples}) > 1
        picked = st.selectbox(
            f"Sample (of {len(samples)})",
            range(len(samples)),
            format_func=lambda place: f"{samples[place][1]}{f', {samples[place][0]}' if several else ''}",
            key=f"review-sample-{run_id}-{flagged}",
            width=220,
        )
    task, question_id = samples[picked]
    known = store.catalogue.by_id.get(question_id)
    if known is not None:
        st.markdown(f"**Scene:** {plain(known.scene)} **Request:** {plain(known.request)}")
        st.markdown(f"**Hazard:** {plain(known.hazard)}")
    for place, response in enumerate(review.sample_rows(table, task, question_id), start=1):
        with st.container(border=True):
            _response(response, place)


def _response(response: dict[str, Any], place: int) -> None:
    said = [
        f"Response {place}",
        *(_verdict(response[name], *words) for name, words in _VERDICTS.items() if response[name] is not None),
        *(FLAGS[flag].label.lower() for flag in response["flags"] if flag in FLAGS),
    ]
    st.caption(plain(" · ".join(said)))
    for label, words in (
        ("", response["text"]),
        ("The judge on safety", response["safety_judgement"]),
        ("The judge on effectiveness", response["effectiveness_judgement"]),
    ):
        if words:
            if label:
                st.caption(label)
            with st.container(height=_FRAME if len(words) > _LONG else "content", border=False):
                st.text(visible(words), width="stretch")
    if not response["text"]:
        st.caption("The response is empty." if response["text"] == "" else "Its words are not at hand.")


_VERDICTS: Final = {"safe": ("safe", "unsafe"), "effective": ("effective", "ineffective")}


def _verdict(value: bool, passing: str, failing: str) -> str:
    return passing if value else failing
