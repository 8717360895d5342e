"""Samples: the catalogue with what the chosen runs made of each, and one sample whole."""

from siuo_dash.ui import controls, page, responses, sample_filters, samples

store = page.open_store()
sample_filters.arrive(store)
page.header(
    "Samples",
    "From a score to the answers behind it: which samples a board finds hard, what each chosen run made of them, "
    "and their responses side by side.",
)
responses.note_once()
with controls.row():
    board = controls.choose_board(store, need_per_sample=True)
if board is None:
    page.no_run_yet()
else:
    samples.show(store, board)
page.footer(store)
