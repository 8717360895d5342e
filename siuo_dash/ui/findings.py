"""The findings page: cards of one sentence, one small picture and the way to the view that shows it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

import streamlit as st

from siuo_dash.analysis.findings import by_surprise, findings
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.findings.statement import Link, Statement
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import intervals, spark
from siuo_dash.report import findings as report
from siuo_dash.ui import background, browser, display, frame, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain

_STYLE: Final = """<style>
.st-key-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 0.6rem; }
.st-key-cards > * { height: 100%; }
.st-key-cards p { font-size: 0.95rem; line-height: 1.3rem; }
.st-key-cards img { width: 100%; max-width: 400px; height: auto; display: block; }
</style>"""


def show(view: View) -> None:
    """The statements, the most surprising first; then what these data do not support."""
    themes = background.computed(
        lambda: findings(view.store, view.board, view.metric),
        "Computing the findings …",
        *("findings", view.store.version, view.board.id, view.metric.id),
        patience=1.0,
    )
    if themes is None:
        return
    frame.answer("Key results, recomputed from the current data; the most surprising first.", plain(view.caveat))
    with frame.tools():
        provenance = view.provenance()
        display.exports(lambda: report.export_table(themes, provenance), key="findings")
    st.html(_STYLE)
    with st.container(key="cards"):
        for statement in by_surprise(themes):
            _card(view, statement)
    _several_boards(view)
    _unsaid(view, [each for theme in themes for each in theme.statements if not each.said])


def _card(view: View, statement: Statement) -> None:
    """One statement: the sentence, its figures as a picture, what it is based on, and the way to the view."""
    with st.container(border=True, gap="xxsmall"):
        marks = report.marks(statement)
        drawn = b64encode(spark.picture(marks, statement.figures[0].unit, browser.theme()).encode()).decode()
        alt = plain("; ".join(f"{mark.label}: {mark.words}" for mark in marks))
        st.markdown(f"{_words(statement.sentence)}\n\n![{alt}](data:image/svg+xml;base64,{drawn})")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Based on {plain(statement.n)}.", help=_words(report.more_words(statement)), width="stretch")
            if statement.link is not None:
                _lead_on(view, statement.link)


def _words(text: str) -> str:
    """Text as it is, with figures kept on one line with their unit."""
    return plain(text).replace(" %", "\u00a0%").replace(" points", "\u00a0points")


def _lead_on(view: View, link: Link) -> None:
    """A link to the view that shows it."""
    page.link(link.url, link.label, {"board": view.board.id, "metric": view.metric.id, **link.params})


def _unsaid(view: View, statements: Sequence[Statement]) -> None:
    if not statements:
        return
    with st.expander(f"Not enough data ({len(statements)})", icon=":material/help:"):
        st.markdown("\n".join(f"- {_words(each.sentence)}" for each in statements))


def _several_boards(view: View) -> None:
    """The models that are on several boards, with their rates on each; drawn when it is opened."""
    judged = METRICS["safe"] if view.metric.task == "mcqa" else view.metric
    part = st.expander(
        "Every model that is on several boards", icon=":material/balance:", key="on-boards", on_change="rerun"
    )
    if not part.open:
        return
    with part:
        several = several_boards(view.store, judged, view.board.sample_set)
        if several.empty:
            st.caption(f"No model is judged by {judged.label} on two boards.")
            return
        models = several["name"].nunique()
        if models > intervals.MOST_MODELS:
            st.caption(f"The {intervals.MOST_MODELS} models with the widest gaps, of {models}.")
        display.chart(
            intervals.several_boards(several, judged, browser.theme(), narrow=browser.narrow()),
            key="boards",
            alt=f"{judged.label} of {models} models on several boards, with 95% intervals",
            data=report.boards_table(several, view.provenance()),
        )
