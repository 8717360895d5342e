"""One run whole."""

import streamlit as st

from siuo_dash.analysis import leaderboard, queries, runs
from siuo_dash.view import controls, shell
from siuo_dash.view.samples import link_params

store = shell.open_store()
shell.header("Run", "One run whole: scores, protocol, health, domains, and the samples it fails.")
labels = leaderboard.run_labels(store)
asked = st.query_params.get("run")
if asked in labels and "run" not in st.session_state:
    st.session_state["run"] = asked
run_id = st.selectbox("Run", list(labels), format_func=labels.__getitem__, key="run", bind="query-params")
metric = controls.choose_metric("By")
run = queries.find_run(store, run_id)
failed = runs.failures(store, run, metric)
shell.link("samples", "Failing samples", link_params([labels[run_id]], outcomes={labels[run_id]: "unsafe"}))
shell.table(failed, key="failures", alt="Failing samples")
shell.footer(store)
