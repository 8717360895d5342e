"""The findings page: short statements, each with what it rests on and the way to the view that shows it."""

from __future__ import annotations

import streamlit as st

from siuo_dash.analysis.findings import findings
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.findings.statement import Link, Statement
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import intervals
from siuo_dash.report import findings as report
from siuo_dash.ui import background, browser, display, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain


def show(view: View) -> None:
    """The statements by theme."""
    themes = background.computed(
        lambda: findings(view.store, view.board, view.metric),
        "The findings are being computed and will appear here.",
        *("findings", view.store.version, view.board.id, view.metric.id),
        patience=1.0,
    )
    if themes is None:
        return
    screen = browser.screen()
    for theme in themes:
        st.subheader(theme.title, anchor=False)
        columns = st.columns(2) if screen == "wide" and len(theme.statements) > 1 else [st.container()]
        for place, statement in enumerate(theme.statements):
            with columns[place % len(columns)]:
                _show(view, statement)
        if theme.id == "judges":
            _several_boards(view, narrow=screen == "narrow")
    display.exports(report.export_table(themes, view.provenance(f"seen by {view.metric.label}")), key="findings")


def _show(view: View, statement: Statement) -> None:
    """One statement: sentence, what it rests on, figures, caveat, and the way to the view that shows it."""
    with st.container(border=True, gap="xsmall"):
        if statement.said:
            st.markdown(f"**{_words(statement.sentence)}**")
        else:
            st.markdown(f":material/help: **Cannot be said.** {_words(statement.sentence)}")
        digits = report.DIGITS.get(statement.id, 1)
        lines = [f"{figure.label}: {figure.words(digits)}" for figure in statement.figures]
        _figures(lines[: report.SHOWN_FIGURES])
        if len(lines) > report.SHOWN_FIGURES:
            with st.expander(f"{len(lines) - report.SHOWN_FIGURES} more figures"):
                _figures(lines[report.SHOWN_FIGURES :])
        rests = f"{'Rests on' if statement.said else 'Available:'} {statement.n}. " if statement.n else ""
        st.caption(_words(rests + statement.caveat))
        if statement.link is not None:
            _lead_on(view, statement.link)


def _words(text: str) -> str:
    """Text as it is, with figures kept on one line with their unit."""
    return plain(text).replace(" %", "\u00a0%").replace(" points", "\u00a0points")


def _figures(lines: list[str]) -> None:
    if lines:
        st.markdown("\n".join(f"- {_words(line)}" for line in lines))


def _lead_on(view: View, link: Link) -> None:
    """A link to the view that shows it."""
    page.link(link.url, link.label, {"board": view.board.id, "metric": view.metric.id, **link.params})


def _several_boards(view: View, *, narrow: bool) -> None:
    """The models that are on several boards, with their rates on each."""
    judged = METRICS["safe"] if view.metric.task == "mcqa" else view.metric
    several = several_boards(view.store, judged)
    if several.empty:
        return
    models = several["name"].nunique()
    if models > intervals.MOST_MODELS:
        st.caption(f"The {intervals.MOST_MODELS} models with the widest gaps, of {models}.")
    display.chart(
        intervals.several_boards(several, judged, browser.theme(), narrow=narrow),
        key="boards",
        alt=f"{judged.label} of {models} models on several boards, with 95 % intervals",
        data=report.boards_table(several, view.provenance(f"seen by {view.metric.label}")),
    )
