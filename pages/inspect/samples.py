"""Samples: the catalogue with what the chosen runs made of each, and one sample whole."""

import streamlit as st

from siuo_dash.analysis import leaderboard, queries, samples
from siuo_dash.analysis.filters import Filters
from siuo_dash.view import controls, shell
from siuo_dash.view import samples as view
from siuo_dash.view.sample_card.filters import choose_filters

store = shell.open_store()
shell.header(
    "Samples",
    "From a score to the answers behind it: which samples a board finds hard, what each chosen run made of them, "
    "and the responses side by side.",
)
labels = leaderboard.run_labels(store)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store, need_per_sample=True)
offered = queries.RUNS.run(store, where=Filters(board=board.id, evidence=("per_sample",)).where())
chosen = controls.choose_runs(offered, labels)
runs = {run_id: labels[run_id] for run_id in chosen}
filters, order = choose_filters(store, runs)
found = samples.sample_list(store, filters, board.id, order)
st.markdown(f"**{shell.plain(filters.sentence())}** {len(found)} of {len(store.catalogue)} samples.")
verdicts = samples.verdicts_of_runs(store, chosen)
shown = view.list_table(found, verdicts, runs, "Safe")
shell.table(shown, key="samples", alt="Samples", placeholder="–")
shell.footer(store)
