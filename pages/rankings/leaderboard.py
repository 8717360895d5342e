"""The home page: one board's runs, ranked with what is known about each rank."""

import streamlit as st

from siuo_dash.ui import controls, frame, leaderboard, page

store = page.open_store()
with frame.head("Leaderboard"):
    board = controls.choose_board(store, all_runs=True)
    metric = controls.choose_metric(store, board)
    filters, rank_partial = controls.choose_filters(store, board)
if asked := st.query_params.get(controls.NO_PAGE):
    frame.note(f"There is no page “{asked}”. This is the leaderboard.")
leaderboard.show(store, board, metric, filters, rank_partial=rank_partial)
page.footer(store)
