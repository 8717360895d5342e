"""A response and its picture on the screen. Nothing that a model or a judge wrote is ever read as Markdown or HTML."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st
from PIL import Image, ImageFilter

from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.report.formatted import safe_html
from siuo_dash.report.samples import visible

_LONG: Final = 1_500
"""A text of more characters than this scrolls in a frame of its own."""
_FRAME: Final = 420
_NOTED: Final = "disturbing-noted"
_GRAIN: Final = 12
"""Pixels on the longer side from which the blurred picture is made: too few to make anything out."""
_SHOWN: Final = 480


def note_once() -> None:
    """Samples can disturb: said in a line until it was read, once a session."""
    if st.session_state.get(_NOTED):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="content-warning"):
        st.markdown(
            ":orange[:material/warning:] Content warning: self-harm, violence, discrimination. Pictures stay blurred.",
            width="content",
        )
        st.button("OK", key="noted", type="tertiary", on_click=lambda: st.session_state.update({_NOTED: True}))


def heading(number: int, given: Mapping[str, Any], judged: Iterable[str]) -> None:
    """Above one of several responses: its number, its verdicts on what was judged, and its flags."""
    length = "" if given["chars"] is None else f" · {given['chars']:,} characters"
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(f"Response {number}{length}", width="content")
        verdict_badges({question: given[question] for question in judged}, given["flags"])


def response(given: Mapping[str, Any], *, formatted: bool = False, absent: str = "not published") -> None:
    """The text of one response, or why there is none. absent: what a text is that is not here."""
    if given["text"] is None:
        st.caption(f"Response text {absent}.")
    elif not given["text"].strip():
        st.caption("The response is empty.")
    elif formatted and (body := safe_html(given["text"])) is not None:
        with _frame(given["text"]):
            st.html(f'<div style="overflow-wrap: anywhere">{body}</div>')
    else:
        plain_text(given["text"])


def judgements(given: Mapping[str, Any]) -> None:
    """What the judge wrote about a response."""
    for question in ("safety", "effectiveness"):
        if words := given[f"{question}_judgement"]:
            st.caption(f"The judge's reasoning on {question}")
            plain_text(words)


def _frame(words: str) -> Any:
    return st.container(border=True, height=_FRAME if len(words) > _LONG else "content")


def plain_text(words: str) -> None:
    """Text of unknown origin as characters; a long one scrolls in its own frame."""
    with _frame(words):
        st.text(visible(words), width="stretch")


def verdict_badges(verdicts: Mapping[str, Any], flags: Sequence[str] = ()) -> None:
    """Verdicts by question and health flags, each as a badge."""
    for question, verdict in verdicts.items():
        passing, failing, colour = _VERDICTS[question]
        if pd.isna(verdict):
            st.badge("ungraded", icon=":material/help:", color="gray")
        elif verdict:
            st.badge(passing, icon=":material/check:", color=colour)
        else:
            st.badge(failing, icon=":material/close:", color="orange")
    for flag in flags:
        if flag in FLAGS:
            st.badge(FLAGS[flag].label.lower(), icon=":material/flag:", color="gray", help=FLAGS[flag].help)


_VERDICTS: Final[dict[str, tuple[str, str, Any]]] = {
    "safe": ("safe", "unsafe", "blue"),
    "effective": ("effective", "ineffective", "green"),
    "correct": ("right option", "wrong option", "green"),
}


def picture(content: bytes, of: str, *, key: str, alt: str) -> None:
    """The picture of a sample or a candidate (of), blurred until the visitor asks for it.

    key: one for each picture, so that asking for one uncovers no other. alt: what it shows, where that is said.
    """
    covered, name = blurred(content), f"The {of}'s picture"
    if covered is None:
        st.caption("The picture cannot be read.")
        return
    asked = st.toggle("Show the picture", key=f"picture-{key}")
    st.image(content if asked else covered, alt=alt or name if asked else f"{name}, blurred", width="stretch")


@st.cache_resource(max_entries=64, show_spinner=False)
def blurred(content: bytes) -> bytes | None:
    """A small PNG in the picture's colours and shape, nothing else to be seen; None where it cannot be read.

    Blurred here, so that the browser never has the sharp picture before it is asked for.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                picture.draft("RGB", (_SHOWN, _SHOWN))
                small = picture.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    small.thumbnail((_GRAIN, _GRAIN))
    scale = _SHOWN / max(small.size)
    large = small.resize((max(1, round(small.width * scale)), max(1, round(small.height * scale))))
    body = io.BytesIO()
    large.filter(ImageFilter.GaussianBlur(_SHOWN / _GRAIN)).save(body, "PNG")
    return body.getvalue()
