"""Samples: the catalogue with the selected runs' verdicts, and one sample with their responses."""

from siuo_dash.ui import controls, frame, page, sample_filters, samples

store = page.open_store()
sample_filters.arrive(store)
with frame.head("Samples"):
    board = controls.choose_board(store, samples=True, width=240)
    asked = sample_filters.choose(store, board) if board else None
if asked is None:
    page.no_run_yet()
else:
    samples.show(store, asked)
page.footer(store)
