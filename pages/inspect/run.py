"""One run: its score, its weakest domain and what it fails; facts, health and agreement below."""

from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.ui import frame, page, run
from siuo_dash.ui.display import plain

store = page.open_store()
labels = run_labels(store)
row = run.arrive(store, labels)
with frame.head("Run" if row is None else plain(str(row["model"]))):
    chosen = None if row is None else run.choose(store, labels, row)
if chosen is None:
    page.no_run_yet()
else:
    run.show(chosen)
page.footer(store)
