"""Two runs compared as statisticians would, or one baseline against many."""

import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.baseline import runs_on_offer
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.ui import controls, page
from siuo_dash.ui.compare_parts.many import show_many
from siuo_dash.ui.compare_parts.scope import Scope, compare_two
from siuo_dash.ui.compare_parts.two import show_two
from siuo_dash.ui.display import plain

MODES = {"two": "Two runs", "many": "One baseline against many"}

store = page.open_store()
page.header(
    "Compare",
    "Is one run really better than another, by how much, and on which samples? Runs with a verdict for each sample "
    "are compared sample by sample. Where a run is known by its totals only, the rates are compared, and it says so.",
)
labels = run_labels(store)
with st.container(horizontal=True, vertical_alignment="bottom"):
    mode = st.segmented_control(
        "Compare", list(MODES), default="two", required=True, format_func=MODES.__getitem__, key="mode", bind="query-params"
    )  # fmt: skip
    metric = controls.choose_metric("Metric")
    board = controls.choose_board(store, all_runs=True, need_per_sample=True)
offered = runs_on_offer(store, board.id if board else None, controls.MOST_RUN_OPTIONS)
chosen = controls.choose_runs(
    offered,
    labels,
    actions=False,
    label="Runs: the first is A, the second B" if mode == "two" else "Chosen runs",
    help="The runs of the chosen board are offered. To compare across boards, choose another board, or all runs: "
    "what was chosen before stays.",
)
if len(offered) >= controls.MOST_RUN_OPTIONS:
    st.caption(
        f"The first {len(offered)} runs by name are offered; any run can be found and ticked on the leaderboard."
    )

scope = Scope(store, metric, chosen, offered["run_id"].tolist(), labels)
if mode == "many":
    show_many(scope)
elif len(chosen) >= 2:
    show_two(scope)
else:
    st.info(
        "Choose two runs above by name, or tick them on the leaderboard."
        if not chosen
        else "Choose a second run: the first one is A, the second B.",
        icon=":material/compare_arrows:",
    )
    if board is not None:
        where = Filters(board=board.id).where()
        ranked = queries.LEADERBOARD.run(store, metric=metric, where=where, board=board.id, rank_partial=True)
        best = [labels[run] for run in ranked.loc[ranked["rank"].notna(), "run_id"] if run not in chosen]
        pair = [*(labels[run] for run in chosen), *best][:2]
        if len(pair) == 2:
            st.button(
                f"Compare {plain(pair[0])} and {plain(pair[1])}", on_click=compare_two, args=(pair,),
                help="The best of the chosen board",
            )  # fmt: skip
page.footer(store)
