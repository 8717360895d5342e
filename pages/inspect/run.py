"""One run: scores, protocol, health, domains, and the samples it fails."""

from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.ui import frame, page, run

store = page.open_store()
labels = run_labels(store)
run.arrive(labels)
with frame.head("Run"):
    chosen = run.choose(store, labels)
if chosen:
    run.show(chosen)
page.footer(store)
