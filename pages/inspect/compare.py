"""Two runs compared as statisticians would, or one baseline against many."""

from siuo_dash.ui import compare, controls, page

store = page.open_store()
page.header(
    "Compare",
    "Is one run really better than another, by how much, and on which samples? Runs with a verdict for each sample "
    "are compared sample by sample. Where a run is known by its totals only, the rates are compared, and it says so.",
)
with controls.row():
    mode = controls.choose("Compare", compare.MODES, key="mode")
    metric = controls.choose_metric("Metric")
    board = controls.choose_board(store, all_runs=True, need_per_sample=True)
compare.show(store, board, metric, mode)
page.footer(store)
