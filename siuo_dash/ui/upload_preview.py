"""What was found: findings, scores, health, and the rank that the run would have. Nothing of it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, bounded, preview, twins
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.intervals import ranking
from siuo_dash.errors import Finding
from siuo_dash.ingest.read import Reading
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import file_findings
from siuo_dash.report import upload as report
from siuo_dash.report.export import Provenance, plain_table
from siuo_dash.store.engine.database import Store
from siuo_dash.text import as_sentence, counted
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

LISTED: Final = 8
"""Kinds of findings that are listed one by one; a table shows all."""


def roles(reading: Reading) -> None:
    """What was read as what, a line a role."""
    if reading.roles:
        lines = (str(role).split(": ", 1) for role in reading.roles)
        words = "\n".join(f"- **{plain(label)}**: {plain(rest)}" for label, rest in lines)
        st.markdown(f"**Read as**\n{words}")


def findings(submission: Submission) -> None:
    """Errors and warnings, apart; the questions that are asked above are not repeated."""
    asked = {need.question for need in submission.reading.needs}
    errors = [finding for finding in submission.errors if finding.message not in asked]
    _listed("error", errors, ":red[:material/error:]")
    _listed("warning", submission.warnings, ":orange[:material/warning:]")
    _listed("note", submission.notes, ":gray[:material/info:]")
    if submission.findings:
        display.download(
            "Download all as CSV",
            lambda: file_findings.findings_csv(submission.findings),
            "siuo-findings.csv",
            key="upload-findings-csv",
            type="tertiary",
        )


def scores(submission: Submission) -> None:
    """Each score with its interval, without flagged responses, and what the released scripts print."""
    frame = report.scores_frame(submission)
    lines = [list(frame), ["---"] * len(frame.columns), *frame.map(plain).to_numpy().tolist()]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
    unflagged = "" if submission.health else " No response has a health flag."
    st.caption(plain(report.released_words(submission)) + unflagged)


def details(submission: Submission) -> None:
    """Behind the scores: health flags, and what gen_score.py prints by category."""
    health = report.health_frame(submission)
    if not health.empty:
        with st.expander("Health flags, and scores excluding flagged responses", icon=":material/health_metrics:"):
            _table(health, "Health flags, and scores excluding flagged responses")
    by_category = report.released_by_category(submission)
    if not by_category.empty:
        with st.expander("What gen_score.py prints, by category", icon=":material/print:"):
            _table(by_category, "Means by category in percent, as gen_score.py prints them")


def place(
    store: Store, submission: Submission, model: str, judge: str, replaces: str | None, *, key: str, behind: Any
) -> preview.Standing | None:
    """The run's rank on its board in a line; returns what is shown.

    replaces: the published run that it corrects. key: of the choice of a metric. behind: the place for the board's
    chart, the domains and earlier runs of the model, each folded.
    """
    if "generation" in submission.tasks and not judge:
        st.markdown(":gray[:material/leaderboard: Choose the judge to see the rank.]")
        return None
    new = report.candidate(submission, judge, replaces)
    labels = controls.board_labels(store)
    metrics = [METRICS[name] for name in submission.scores]
    line = st.container(horizontal=True, vertical_alignment="center")
    chosen = metrics[0].id
    if len(metrics) > 1:
        options = {metric.id: metric.label for metric in metrics}
        how: Any = {"format_func": options.__getitem__, "required": True, "label_visibility": "collapsed"}
        with line:
            chosen = str(st.segmented_control("Metric", list(options), key=key, default=chosen, **how))
    metric = METRICS[chosen]
    board = labels.get(new.board_for(metric)) or report.new_board(submission, judge, board_list.boards(store))
    found = preview.standing(store, new, metric, model or "This upload")
    with line:
        if found is None:
            st.markdown(f"{metric.label}: no verdict could be read, so there is no rate.")
            return None
        range_ = None
        if found.others:
            range_ = background.computed(
                lambda: preview.rank_range(store, new, metric),
                "Computing the rank range …",
                *("preview", store.version, submission.content_hash, new.board, metric.id, replaces or ""),
            )
        words = report.standing_words(found, range_, board, bounded.most_runs(store, new.board))
        st.markdown(f"**{plain(words)}**", width="content")
    _twins(store, submission)
    with behind:
        _charts(store, submission, found, board)
        models = preview.known_names(store)["model"]
        _earlier(store, preview.earlier_runs(store, new, model, models, metrics), submission, labels)
    return found


def _charts(store: Store, submission: Submission, found: preview.Standing, board: str) -> None:
    """The run among its neighbours on the board, and by domain."""
    metric = found.metric
    provenance = Provenance(store.version, board, "preview of an upload that is not published", metric=metric.label)
    if found.others:
        with st.expander("Preview on the leaderboard", icon=":material/leaderboard:"):
            near = report.around(found)
            if len(near) < len(found.board):
                st.caption(f"The {len(near)} runs around it, of {len(found.board)}.")
            display.chart(
                ranking(near, metric, browser.theme(), name="name"),
                key="upload-place",
                alt=f"{metric.label} of this upload among the runs of its board, with 95% intervals",
                data=plain_table("preview", "Place of an upload", near.drop(columns="name"), provenance),
            )
    with st.expander("By domain", icon=":material/grid_on:"):
        domains = report.domain_frame(submission, metric)
        table = domains.drop(columns=["run_id", "evidence"])
        display.chart(
            ranking(domains, metric, browser.theme(), name="label"),
            key="upload-domains",
            alt=f"{metric.label} of this upload by domain, with 95% intervals",
            data=plain_table("preview-domains", "An upload by domain", table, provenance),
        )


def _twins(store: Store, submission: Submission) -> None:
    """Runs of any model that were made from the same responses."""
    found = (
        background.computed(
            lambda: twins.twins(store, submission.to_table(RunMetadata("preview", "preview"))),
            "Looking for runs with the same responses …",
            *("twins", store.version, submission.content_hash),
        )
        or []
    )
    names = run_labels(store) if found else {}
    for twin in found:
        name = names.get(twin.run_id, twin.run_id)
        st.warning(plain(as_sentence(twin.words(name))), icon=":material/content_copy:")
        page.link("run", f"Open {plain(name)}", {"run": twin.run_id})


def _earlier(
    store: Store, earlier: Sequence[preview.Earlier], submission: Submission, labels: Mapping[str, str]
) -> None:
    if not earlier:
        return
    metrics = [METRICS[name] for name in submission.scores]
    run_ids = [each.run["run_id"] for each in earlier]
    with st.expander(f"Earlier runs of this model: {len(earlier)}", icon=":material/history:"):
        same = (
            background.computed(
                lambda: preview.same_responses(store, run_ids, submission.to_table(RunMetadata("preview", "preview"))),
                "Comparing the responses with those of the earlier runs …",
                *("same responses", store.version, submission.content_hash, *run_ids),
            )
            or {}
        )
        _table(report.earlier_frame(earlier, metrics, labels, same), "Earlier runs of this model")
        if any(same.values()):
            st.caption("Where all responses are the same, only the judging differs.")
        if not all(each.same_board for each in earlier):
            st.caption("On another board, the judge or the number of responses differs; so may the scores.")


def _listed(kind: str, found: Sequence[Finding], icon: str) -> None:
    if not found:
        return
    title = counted(len(found), kind)
    st.markdown(f"**{title}**")
    kinds = file_findings.by_kind(found)
    for first, count in kinds[:LISTED]:
        words = f"{icon} {plain(as_sentence(first.message))}"
        if first.hint:
            words += f" {plain(as_sentence(first.hint))}"
        more = f", and {count - 1} more of this kind" if count > 1 else ""
        if where := file_findings.place_words(first):
            words += f" :gray[{plain(where + more)}]"
        st.markdown(words)
    if len(found) > min(len(kinds), LISTED):
        with st.expander(f"Show all {title} in a table"):
            display.table(file_findings.findings_frame(found), key=f"upload-findings-{kind}", alt=f"All {kind}s")


def _table(frame: pd.DataFrame, alt: str) -> None:
    display.table(frame, key=f"upload-{alt}", alt=alt)
