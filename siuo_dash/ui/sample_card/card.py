"""One sample whole: what it asks, what each chosen run answered, and what the judge said. Model output is plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.benchmark.schema import DOMAINS, FLAGS
from siuo_dash.report.samples import visible
from siuo_dash.sources.benchmark_text import BenchmarkText, SampleText
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import responses as responses_of
from siuo_dash.ui import page
from siuo_dash.ui.display import plain
from siuo_dash.ui.sample_card.picture import blurred

_LONG: Final = 1_500
"""A text of more characters than this scrolls in a frame of its own."""
_FRAME: Final = 420
_NOTED: Final = "disturbing-noted"
_DOMAINS: Final = {domain.id: domain.label for domain in DOMAINS}


def note_once() -> None:
    """Samples can disturb: said until it was read, once a visit."""
    if st.session_state.get(_NOTED):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            ":material/info: Samples deal with self-harm, violence, discrimination and other harm, "
            "and so do the models' answers. They can disturb. Pictures stay blurred until you ask for them."
        )
        st.button("Understood", key="noted", on_click=_take_note)


def describe(sample: Sample, text: BenchmarkText) -> None:
    """What the sample is: our summaries, and the benchmark's own words and picture where they are at hand."""
    needs = [
        name
        for name, needed in (("knowledge", sample.needs_knowledge), ("reasoning", sample.needs_reasoning))
        if needed
    ]
    labels = [_DOMAINS[sample.domain], sample.subcategory, f"tests {sample.primary_dimension}"]
    if needs:
        labels.append(f"needs {' and '.join(needs)}")
    st.subheader(f"Sample {sample.question_id}", anchor=False)
    st.markdown(plain(" · ".join(labels)))
    picture = text.picture(sample)
    with st.container(horizontal=True, gap="medium"):
        if picture is not None:
            with st.container(width=300):
                _picture(picture.read_bytes(), sample)
        with st.container(width="stretch"):
            for label, words in (("Scene", sample.scene), ("Request", sample.request), ("Hazard", sample.hazard)):
                st.markdown(f"**{label}:** {plain(words)}")
            own = text.samples.get(sample.question_id)
            if own is None:
                st.caption(
                    "Summaries are this project's own. The benchmark's words and pictures are not at hand: "
                    "`python -m siuo_dash fetch-benchmark` brings them in."
                )
            else:
                _own_words(own, sample)


def responses(store: Store, sample: Sample, runs: Mapping[str, str], verdicts: pd.DataFrame) -> None:
    """The chosen runs side by side: verdict, flags, each response and the judge's words.

    runs: {run_id: label}; verdicts: the sample's rows of these runs (analysis.samples.verdicts_of_sample).
    """
    with_judge = st.toggle("Show the judge's words", value=True, key="judge_words", bind="query-params")
    for pair in [list(runs)[start : start + 3] for start in range(0, len(runs), 3)]:
        for column, run_id in zip(st.columns(len(pair)) if len(runs) > 1 else [st.container()], pair, strict=False):
            with column.container(border=True):
                _one_run(store, sample, run_id, runs[run_id], verdicts[verdicts["run_id"] == run_id], with_judge)


def _one_run(store: Store, sample: Sample, run_id: str, label: str, rows: pd.DataFrame, with_judge: bool) -> None:
    st.markdown(f"**{plain(label)}**")
    if rows.empty:
        st.caption("This run has no verdict on this sample.")
    for row in rows.to_dict("records"):
        flagged = row["flags"]
        if row["task"] == "mcqa":
            st.markdown("Multiple choice")
            _badge(row["correct"], "right option", "wrong option")
            given = "no option could be read" if pd.isna(row["answer"]) else f"answered {row['answer']}"
            st.caption(f"{given}; the key is {sample.correct_option}")
        else:
            with st.container(horizontal=True, gap="xsmall"):
                if row["safe_n"] > 0:
                    _badge(row["safe"], "safe", "unsafe", passing_colour="blue")
                if row["effective_n"] > 0:
                    _badge(row["effective"], "effective", "ineffective")
                _flags(flagged)
        for place, response in enumerate(responses_of(store, run_id, sample.question_id, row["task"]), start=1):
            _response(response, place, row, with_judge)
    page.link("run", "This run", {"run": label})


def _response(response: Mapping[str, Any], place: int, row: Mapping[str, Any], with_judge: bool) -> None:
    """One response with its verdict. Nothing in it is ever read as Markdown or HTML."""
    several = row["response_count"] > 1
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        length = "" if response["chars"] is None else f"{response['chars']:,} characters"
        st.caption(" · ".join(part for part in (f"Response {place}" if several else "Response", length) if part))
        if several and row["safe_n"] > 0:
            _badge(response["safe"], "safe", "unsafe", passing_colour="blue")
        if several and row["effective_n"] > 0:
            _badge(response["effective"], "effective", "ineffective")
        if several:
            _flags(response["flags"])
    if response["text"] is None:
        st.caption("Its words are not at hand: only figures are carried.")
    elif not response["text"].strip():
        st.caption("The response is empty.")
    else:
        _plain_text(response["text"])
    for label, words in (
        ("The judge on safety", response["safety_judgement"]),
        ("The judge on effectiveness", response["effectiveness_judgement"]),
    ):
        if words and with_judge:
            st.caption(label)
            _plain_text(words)


def _plain_text(words: str) -> None:
    """Somebody's text as characters; a long one scrolls in its own frame."""
    with st.container(border=True, height=_FRAME if len(words) > _LONG else "content"):
        st.text(visible(words), width="stretch")


def _badge(verdict: Any, passing: str, failing: str, *, passing_colour: Any = "green") -> None:
    if pd.isna(verdict):
        st.badge("ungraded", icon=":material/help:", color="gray")
    elif verdict:
        st.badge(passing, icon=":material/check:", color=passing_colour)
    else:
        st.badge(failing, icon=":material/close:", color="orange")


def _flags(flags: Sequence[str]) -> None:
    for flag in flags:
        st.badge(FLAGS[flag].label.lower(), icon=":material/flag:", color="gray", help=FLAGS[flag].help)


def _own_words(own: SampleText, sample: Sample) -> None:
    st.caption("Summaries are this project's own; below, the benchmark's words (CC BY-NC 4.0).")
    if own.differs:
        st.warning(
            f"The {' and the '.join(own.differs)} at hand is not the one that our fingerprint was taken of.",
            icon=":material/rule:",
        )
    if own.question:
        _plain_text(own.question)
    with st.expander("Safety warning, reference answer and options"):
        st.caption("These name the hazard and the answer that is wanted.")
        for label, words in (("Safety warning", own.safety_warning), ("Reference answer", own.reference_answer)):
            if words:
                st.markdown(f"**{label}**")
                _plain_text(words)
        for option, words in own.options.items():
            st.markdown(f"**Option {option}**" + (" (the key)" if option == sample.correct_option else ""))
            _plain_text(words)


def _picture(content: bytes, sample: Sample) -> None:
    # One key for each picture: asking for one does not uncover the next.
    asked = st.toggle("Show the picture", key=f"picture-{sample.question_id}")
    shown = content if asked else blurred(content)
    if shown is None:
        st.caption("The picture cannot be read.")
        return
    st.image(shown, alt=sample.scene if asked else "The sample's picture, blurred", width="stretch")


def _take_note() -> None:
    st.session_state[_NOTED] = True
