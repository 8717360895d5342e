"""One run whole: scores, protocol, health, domains, and the samples it fails."""

from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.ui import page, run

store = page.open_store()
labels = run_labels(store)
run.arrive(labels)
page.header("Run", "One run: metadata, scores with intervals, data-quality flags and failed samples.")
run.show(store, labels)
page.footer(store)
