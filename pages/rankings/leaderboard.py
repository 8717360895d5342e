"""The home page: one board's runs, ranked with what is known about each rank."""

import streamlit as st

from siuo_dash.analysis import leaderboard as boards
from siuo_dash.analysis import queries
from siuo_dash.charts.ranking import MOST_ROWS, ranking
from siuo_dash.errors import SubmissionError
from siuo_dash.report import leaderboard
from siuo_dash.report.export import Provenance
from siuo_dash.store import review
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

store = page.open_store()
page.header("Leaderboard", leaderboard.SENTENCE)
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store, all_runs=True)
    metric = controls.choose_metric()
filters, rank_partial = controls.choose_filters(store, board)

frame = boards.leaderboard(store, filters, metric, rank_partial=rank_partial)
ranges = None
if board is not None:
    work = background.later(
        lambda: boards.rank_ranges(store, board.id, metric, rank_partial=rank_partial),
        "ranges", store.version, board.id, metric.id, rank_partial,
    )  # fmt: skip
    ranges = background.when_ready(work, "The rank ranges are being drawn and will appear in the table.")
try:
    attempts = review.attempts(store.data_dir)
except SubmissionError:  # the data directory has gone; what was read of it is shown without them
    attempts = {}
frame = leaderboard.with_attempts(leaderboard.with_ranges(frame, ranges), attempts)
labels = {known.id: known.label for known in queries.boards(store)}
run_labels = boards.run_labels(store)

words = filters.sentence() + (" Partial runs are ranked, too." if rank_partial else "")
st.markdown(f"**{plain(words)}**" + ("" if board else " " + leaderboard.WHY_NO_RANKS))
if board is not None and not frame.empty:
    display.key_figures(leaderboard.figures(boards.key_figures(store, frame, metric), metric))

provenance = Provenance(store.version, board.label if board else "all runs, not comparable", words)
title = f"SIUO, {board.label if board else 'all runs'}"
with st.container(horizontal=True):
    columns = controls.choose_columns(board is None)
    rows = leaderboard.ordered(frame, controls.choose_order(board is None))
    if not frame.empty:
        display.exports(leaderboard.export_table(rows, columns, labels, provenance, title), key="leaderboard")
table_area, chosen_area = st.container(), st.container()
with chosen_area:  # also where no run passes the filters: the choice is not lost
    chosen = controls.choose_runs(frame, run_labels)
    page.run_actions(controls.labels_of(chosen, run_labels))
with table_area:
    if frame.empty:
        st.info("No run passes these filters. Reset them, or choose another board.", icon=":material/filter_alt_off:")
    else:
        controls.selectable_table(
            leaderboard.screen_table(rows, columns, labels),
            rows["run_id"].tolist(),
            run_labels,
            chosen,
            key="leaderboard",
            alt=f"Leaderboard, {board.label if board else 'all runs'}",
            column_config=controls.leaderboard_columns(columns),
            placeholder="–",
            height=leaderboard.table_height(len(rows)),
        )

if board is not None and not frame.empty:
    st.subheader(f"{metric.label}: rate and 95 % interval", anchor=False)
    ranked = frame[frame["rank"].notna()]
    drawn = ranked.head(MOST_ROWS)
    if len(ranked) > len(drawn):
        st.caption(f"The first {MOST_ROWS} of {len(ranked)} ranked runs; filter to see others.")
    if drawn.empty:
        st.info(f"{metric.label} is not known for any run of this view. Choose another metric or board.")
    else:
        display.chart(
            ranking(drawn, metric, browser.theme()),
            key="ranking",
            alt=f"{metric.label} of {len(drawn)} runs with 95 % intervals, best first",
            data=leaderboard.export_table(drawn, ["rank", "model", metric.id], labels, provenance, title),
        )
page.footer(store)
