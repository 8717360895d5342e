"""How far the figures can be trusted: health of runs, samples, repeated responses, judges."""

import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.report import reliability
from siuo_dash.ui import controls, page
from siuo_dash.ui.reliability_parts.health import show_health
from siuo_dash.ui.reliability_parts.judges import show_judges
from siuo_dash.ui.reliability_parts.responses import show_responses
from siuo_dash.ui.reliability_parts.samples import show_samples
from siuo_dash.ui.reliability_parts.scope import Scope

PARTS = {"health": show_health, "samples": show_samples, "responses": show_responses, "judges": show_judges}

store = page.open_store()
page.header(
    "Reliability",
    "How far can the figures be trusted? Faults in runs, samples that separate runs or do not, responses that "
    "contradict each other, and judges who disagree.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    section = st.segmented_control(
        "Show", list(reliability.SECTIONS), default="health", required=True,
        format_func=reliability.SECTIONS.__getitem__, key="section", bind="query-params",
    )  # fmt: skip
    metric = controls.choose_metric("Metric")
    board = controls.choose_board(store, need_per_sample=True)
if board is None:
    st.info("There is no run yet. Upload one, and its reliability is shown here.", icon=":material/rule:")
    page.footer(store)
    st.stop()
boards = {each.id: each.label for each in queries.boards(store)}
PARTS[section or "health"](Scope(store, board, metric, run_labels(store), boards))
page.footer(store)
