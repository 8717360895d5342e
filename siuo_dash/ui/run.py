"""The run page: scores, metadata, health, domains, and the samples that the run fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import leaderboard, queries, runs
from siuo_dash.analysis.domains import profiled_runs
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.gains import gains
from siuo_dash.analysis.sample_filters import FAILING
from siuo_dash.analysis.texts import records
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.benchmark.text import slug
from siuo_dash.charts.intervals import run_profile
from siuo_dash.report import runs as report
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.leaderboard import gain_sentence
from siuo_dash.report.samples import flag_words, link_params
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import attempts
from siuo_dash.store.runs.run_file import run_parquet
from siuo_dash.ui import address, background, browser, controls, display, page, withdrawal
from siuo_dash.ui.display import plain

_MOST_OPTIONS: Final = 500


def arrive(labels: Mapping[str, str]) -> None:
    """Called before any widget: `run` may be a label or a run_id; without it the first chosen run is opened."""
    if not address.chosen("run") and (selected := controls.runs_chosen(labels)):
        address.choose("run", selected[:1])


def choose(store: Store, labels: dict[str, str]) -> Shown | None:
    """The run and the metric chooser; None where there is no run. labels: {run_id: what people read} of all runs."""
    if not labels:
        page.no_run_yet()
        return None
    run = queries.find_run(store, _choose_run(labels))
    label, board = labels[run["run_id"]], str(run["board"])
    metric = controls.choose_metric(store, queries.find_board(store, board))
    return Shown(store, run, label, controls.board_labels(store)[board], metric)


def _choose_run(labels: Mapping[str, str]) -> str:
    """The run chooser: the first run where none is asked for. Key and URL name: run, a label in the URL."""
    options = list(labels)
    if len(options) > _MOST_OPTIONS:
        part = st.text_input("Part of its name", key="run_name", bind="query-params", max_chars=100, width=240).lower()
        options = [each for each in options if part in labels[each].lower()][:_MOST_OPTIONS]
        options += [each for each in controls.runs_chosen(labels, "run") if each not in options]
    offered = {run_id: labels[run_id] for run_id in options}
    aliases = {text: run_id for run_id, text in labels.items()}
    return controls.choose_from("Run", offered, key="run", width=380, aliases=aliases, label_visibility="collapsed")


@dataclass(frozen=True)
class Shown:
    """The chosen run: its row, what people read for it and for its board, and the metric that it is looked at by."""

    store: Store
    row: pd.Series[Any]
    label: str
    board: str
    metric: Metric

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.store.version, self.board, f"the run {self.label}")

    def table(self, name: str, title: str, data: pd.DataFrame) -> Table:
        """An export of figures by the metric."""
        return plain_table(name, f"{title}, {self.metric.label}", data.assign(metric=self.metric.id), self.provenance)

    def samples(self, **wanted: Any) -> dict[str, str | list[str]]:
        """The query of a link to its samples."""
        return link_params([self.row["run_id"]], board=self.row["board"], **wanted)


def show(shown: Shown) -> None:
    """What became of the last click, and the chosen run."""
    withdrawal.news(shown.store)
    page.tab(f"{shown.row['model']}")
    store, run, metric = shown.store, shown.row, shown.metric
    places = _places(store, run)
    left = runs.without_flagged(store, run)
    st.subheader(plain(str(run["model"])), anchor=False)
    display.key_figures(report.score_figures(run, places))
    per_sample = run["evidence"] == "per_sample"
    rivals = [str(run["run_id"])]
    for gain in gains(store, of_runs([run["run_id"]]), metric).to_dict("records"):
        rivals.append(gain["base_run_id"])
        base = leaderboard.run_labels(store)[rivals[1]]
        st.markdown(plain(gain_sentence(gain | {"base_label": base}, metric)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if per_sample:
            page.link("samples", "Its samples", shown.samples())
            page.link("domains", "Domains", {"runs": run["run_id"], "board": run["board"]})
        compare = "Compare with its base" if len(rivals) > 1 else "Compare"
        page.link("compare", compare, {"runs": rivals, "board": run["board"]})
        display.exports(report.scores_export(run, places, left, shown.provenance), key="scores")
        _downloads(store, run, metric)
    about, health = st.columns(2, gap="large")
    with about:
        _about(store, run, shown.board)
    with health:
        _health(shown, left)
    if not per_sample:
        by_domain = run["evidence"] == "domain_totals"
        st.info(report.DOMAIN_TOTALS_WORDS if by_domain else report.TOTALS_WORDS, icon=":material/info:")
        if by_domain and not profiled_runs(store, of_runs([run["run_id"]]), metric).empty:
            _domains(shown)
    elif metric.id not in places:
        st.info(f"{metric.label} is not judged for this run. Choose another metric above.", icon=":material/info:")
    else:
        _domains(shown)
        _failures(shown)


def _places(store: Store, run: pd.Series[Any]) -> dict[str, report.Place]:
    """{metric id: the run's rank by it}, with rank ranges once they are there: a bootstrap each, in the background."""
    places = {known.id: report.Place(*runs.place(store, run, known)) for known in runs.metrics_of(run)}
    waited = False
    for name in [name for name, place in places.items() if place.rank is not None]:
        metric, board = METRICS[name], runs.board_of(run, METRICS[name])
        # The key is the leaderboard's, too: what one page had computed, the other has.
        work = background.later(
            lambda metric=metric, board=board: leaderboard.rank_ranges(store, board, metric),
            *("ranges", store.version, board, name, False),
        )
        if work.done() or not waited:
            ranges = background.when_ready(work, "Computing the rank ranges …")
            waited = waited or ranges is None
            places[name] = report.with_range(places[name], ranges, str(run["run_id"]))
    return places


def _downloads(store: Store, run: pd.Series[Any], metric: Metric) -> None:
    """The run as Parquet, and its failures as JSONL; both are made when they are asked for."""
    run_id, name = str(run["run_id"]), slug(str(run["run_id"]))

    def failures() -> bytes:
        failed = runs.failures(store, run, metric)["question_id"].tolist()
        return display.json_lines(records(store, [run_id], failed, task=metric.task))

    with st.popover("Download", icon=":material/download:"):
        st.caption("The run as it was published, every response included. It can be uploaded elsewhere.")
        parquet, options = lambda: run_parquet(store, run_id), {"icon": None, "width": "stretch"}
        display.download("The run (Parquet)", parquet, f"{name}.parquet", key="download-run", **options)
        if run["evidence"] == "per_sample" and int(run[f"{metric.id}_n"]):
            st.caption(
                f"The samples it fails by {metric.label}, with responses and judge's words, one JSON object a line."
            )
            file = f"{name}-failures-{metric.id.replace('_', '-')}.jsonl"
            display.download("Failures only (JSONL)", failures, file, key="download-failures", **options)


def _about(store: Store, run: pd.Series[Any], board: str) -> None:
    """The run's metadata, its source, and the way to withdraw it. What its submitter wrote is shown as plain text."""
    st.subheader("About this run", anchor=False)
    for name, value in report.facts(run, board):
        with st.container(horizontal=True, gap="small", wrap=False):
            with st.container(width=130):
                st.caption(name)
            st.text(value, width="stretch")
    if str(run["file"]) != "results.parquet":
        attempt = report.attempt_words(attempts(store.data_dir).get(str(run["run_id"])))
        if attempt:
            st.caption(f"Of the same person for this model: {attempt}.")
    if link := source_link(run["source"]):
        st.link_button("Open the source", link, icon=":material/open_in_new:")
    withdrawal.offer(store, run)


def _health(shown: Shown, left: Mapping[str, Tally]) -> None:
    """The run's flags by kind, each with a way to its samples, and the scores without them (left)."""
    run = shown.row
    st.subheader("Health", anchor=False)
    if run["evidence"] != "per_sample":
        st.markdown("Not examined: the responses were not published.")
        return
    counts = runs.flag_counts(shown.store, run)
    if not counts:
        st.markdown("No flag: nothing is wrong with its responses and verdicts as far as the checks can see.")
        return
    table = report.health_table(counts, max(int(run["generation_samples"]), int(run["mcqa_samples"])))
    for row in table.itertuples(index=False):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{row.Flag}**: {row.Samples} samples ({row.Share})", help=row[4])
            page.link("samples", "Show them", shown.samples(flags=[row.flag]))
    display.table(
        report.unflagged_table(run, left),
        key="unflagged",
        alt="The scores, and the scores without the flagged responses",
    )


def _domains(shown: Shown) -> None:
    """The rate in each domain, which leads to its samples, and how the responses to one sample agree."""
    store, run, label, metric = shown.store, shown.row, shown.label, shown.metric
    st.subheader(f"{metric.label} by domain", anchor=False)
    profile = runs.domain_profile(store, run, metric)
    overall = int(run[f"{metric.id}_k"]) / int(run[f"{metric.id}_n"])
    per_sample = run["evidence"] == "per_sample"
    picked = display.chart(
        run_profile(profile, overall, metric, browser.theme(), narrow=browser.narrow()),
        key="profile",
        alt=f"{metric.label} of {label} in {len(profile)} domains with 95% intervals"
        + ("; a domain leads to its samples" if per_sample else ""),
        data=shown.table("domains", f"{label} by domain", profile),
        select="rerun" if per_sample else None,
    )
    if per_sample and picked.selection.points:
        domain = picked.selection.points[0]["customdata"][0]
        page.go("samples", shown.samples(domains=[domain]))
    if metric.task == "generation" and (mixes := runs.response_mixes(store, run)):
        st.subheader("How its responses agree", anchor=False)
        st.markdown("Samples by how many of their responses pass. A sample's verdict is that of most of its responses.")
        alt = "Samples by how many of their responses pass"
        display.table(report.mix_table(mixes), key="mix", alt=alt)


def _failures(shown: Shown) -> None:
    """The samples that the run fails; choosing one opens it on the samples page, where next leads on in this order."""
    run, label, metric = shown.row, shown.label, shown.metric
    st.subheader(f"Samples it fails by {metric.label}", anchor=False)
    failed = runs.failures(shown.store, run, metric)
    if failed.empty:
        st.info("No failed samples.", icon=":material/check:")
        return
    st.markdown(report.own_failures_words(failed))
    params = shown.samples(outcomes={run["run_id"]: FAILING[metric.id]}, order="easiest")
    frame = report.failure_table(failed)
    ids = frame["Sample"].tolist()
    with st.container(horizontal=True):
        page.link("samples", f"Open the first: sample {ids[0]}", {**params, "sample": str(ids[0])})
        page.link("samples", "All of them as a list", params)
    share_help = "Share of the board's other runs that pass this sample"
    others_help = "Other runs that pass it, of those with a verdict"
    state = display.table(
        frame,
        key=f"failures-{display.row_key(*ids)}-{st.session_state.get('opened', 0)}",
        alt=f"{len(frame)} failing samples, those first that most other runs pass; choosing a row opens the sample",
        most_pixels=470,
        select="rerun",
        mode="single-row",
        columns=sample_columns(report.OTHERS_LABEL, share_help)
        | {"Others": st.column_config.TextColumn(help=others_help, width=70)},
        placeholder="–",
    )
    if state.selection.rows:
        st.session_state["opened"] = st.session_state.get("opened", 0) + 1
        page.go("samples", {**params, "sample": str(ids[state.selection.rows[0]])})
    data = failed.assign(flags=failed["flags"].map(flag_words))
    display.exports(shown.table("failures", f"Samples that {label} fails", data), key="failures")


def sample_columns(share: str, help: str) -> dict[str, Any]:
    """How lists of samples are drawn: the number pinned, the share as a bar, room for our summaries."""
    return {
        "Sample": st.column_config.NumberColumn(format="%d", pinned=True, width=70),
        share: st.column_config.ProgressColumn(help=help, min_value=0, max_value=100, format="%.0f", width=110),
        "Scene": st.column_config.TextColumn(help="Our own summary of the picture", width=260),
        "Request": st.column_config.TextColumn(help="Our own summary of the question", width=300),
    }
