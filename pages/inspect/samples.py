"""Samples: the catalogue with what the chosen runs made of each, and one sample whole."""

import streamlit as st

from siuo_dash.analysis import leaderboard, queries, samples
from siuo_dash.analysis.filters import Filters
from siuo_dash.report import samples as view
from siuo_dash.report.export import Provenance
from siuo_dash.ui import controls, display, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.sample_card import card, filters, listing

MOST_VERDICTS = 300

store = page.open_store()
labels = leaderboard.run_labels(store)
filters.arrive(store, labels)
page.header(
    "Samples",
    "From a score to the answers behind it: which samples a board finds hard, what each chosen run made of them, "
    "and their responses side by side.",
)
card.note_once()
with st.container(horizontal=True, vertical_alignment="bottom"):
    board = controls.choose_board(store, need_per_sample=True)
if board is None:
    st.info("There is no run yet. Upload one, or build the carried figures with `python -m siuo_dash build`.")
    st.stop()
offered = queries.RUNS.run(store, where=Filters(board=board.id, evidence=("per_sample",)).where())
chosen = controls.choose_runs(offered, labels, actions=False)
if len(chosen) > view.MOST_RUNS:
    st.caption(f"The first {view.MOST_RUNS} of {len(chosen)} chosen runs are shown.")
runs = {run_id: labels[run_id] for run_id in chosen[: view.MOST_RUNS]}
if totals := samples.totals_among(store, list(runs)):
    names = ", ".join(labels[run_id] for run_id in runs if run_id in totals)
    st.caption(plain(f"Known by totals only, so nothing is known sample by sample: {names}."))
text = filters.benchmark_text(store)
wanted, order, hits = filters.choose_filters(store, runs, text)
metric = samples.difficulty_metric(board.id)
found = samples.sample_list(store, wanted, board.id, order)
st.markdown(f"**{plain(wanted.sentence())}** {len(found)} of {len(store.catalogue)} samples.")
if words := view.hits_words(hits, runs):
    st.caption(plain(words))
opened = listing.choose_sample(list(store.catalogue.by_id), found["question_id"].tolist())
boards = {known.id: known.label for known in queries.boards(store)}

if opened is None:
    if found.empty:
        st.info("No sample passes these filters. Reset them, or take one away.", icon=":material/filter_alt_off:")
    else:
        verdicts = samples.verdicts_of_runs(store, list(runs))
        listing.sample_table(view.list_table(found, verdicts, runs, metric.label), metric.label)
        provenance = Provenance(store.version, board.label, wanted.sentence())
        with st.container(horizontal=True):
            display.exports(view.list_export(found, verdicts, runs, provenance), key="samples")
            listing.download_responses(store, runs, found["question_id"].tolist(), board.id)
else:
    sample = store.catalogue.by_id[opened]
    verdicts = samples.verdicts_of_sample(store, opened, first=board.id, most=MOST_VERDICTS)
    card.describe(sample, text)
    if runs:
        card.responses(store, sample, runs, samples.verdicts_of_runs(store, list(runs), opened))
    else:
        st.info("Choose runs above, or tick them below, to see their responses side by side.", icon=":material/rule:")
    st.subheader("Every run's verdict", anchor=False)
    counts = samples.boards_of_sample(store, opened)
    display.table(view.board_table(counts, boards), key="boards", alt="How many runs of each board pass this sample")
    if len(verdicts) == MOST_VERDICTS:
        st.caption(
            f"The first {MOST_VERDICTS} verdicts, those of {plain(board.label)} on top; the counts are of all runs."
        )
    every = view.verdict_table(verdicts, boards, board.id)
    controls.selectable_table(
        every,
        every.index.tolist(),
        labels,
        chosen,
        key="verdicts",
        alt="Every run's verdict on this sample; ticked runs are shown side by side",
        columns={
            "Board": st.column_config.TextColumn(width=290),
            "Model": st.column_config.TextColumn(width=250),
            "Verdict": st.column_config.TextColumn(width=200),
            "Flags": st.column_config.TextColumn(width=260),
        },
    )
page.footer(store)
