"""Two runs compared as statisticians would, or one baseline against many."""

from siuo_dash.ui import compare, controls, frame, page

store = page.open_store()
with frame.head("Compare"):
    mode = controls.choose("Compare", compare.MODES, key="mode", label_visibility="collapsed")
    board = controls.choose_board(store, all_runs=True, samples=True)
    metric = controls.choose_metric(store, board)
compare.show(store, board, metric, mode)
page.footer(store)
