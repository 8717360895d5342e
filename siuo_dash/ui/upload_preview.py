"""What was found: findings, scores, health, and where the run would stand. Nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import preview, twins
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.intervals import ranking
from siuo_dash.errors import Finding
from siuo_dash.ingest.read import Reading
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import file_findings, review
from siuo_dash.report import upload as report
from siuo_dash.report.export import Provenance, plain_table
from siuo_dash.store.engine.database import Store
from siuo_dash.text import as_sentence
from siuo_dash.ui import background, browser, controls, display, page
from siuo_dash.ui.display import plain

LISTED: Final = 8
"""Kinds of findings that are read one by one; all stand in a table."""


def roles(reading: Reading) -> None:
    """What was read as what, a line a role."""
    if reading.roles:
        lines = (str(role).split(": ", 1) for role in reading.roles)
        st.markdown("\n".join(f"- **{plain(label)}**: {plain(rest)}" for label, rest in lines))


def findings(submission: Submission) -> None:
    """Errors and warnings, apart; the questions that are asked above are not repeated."""
    asked = {need.question for need in submission.reading.needs}
    errors = [finding for finding in submission.errors if finding.message not in asked]
    _listed("To be corrected", errors, ":red[:material/error:]")
    _listed("To know", submission.warnings, ":orange[:material/warning:]")
    _listed("Notes", submission.notes, ":gray[:material/info:]")
    if submission.findings:
        display.download(
            "Download the findings (CSV)",
            lambda: file_findings.findings_csv(submission.findings),
            "siuo-findings.csv",
            key="upload-findings-csv",
        )


def scores(submission: Submission) -> None:
    """Each score with its interval, what the released scripts print, and the score without flagged responses."""
    st.subheader("Scores", anchor=False)
    display.key_figures(report.score_figures(submission))
    st.markdown(plain(report.released_words(submission)))
    by_category = report.released_by_category(submission)
    if not by_category.empty:
        with st.expander("What gen_score.py prints, by category", icon=":material/print:"):
            _table(by_category, "Means by category in percent, as gen_score.py prints them")
    health = report.health_frame(submission)
    st.subheader("Health", anchor=False)
    if health.empty:
        st.markdown("No response and no verdict carries a health flag.")
        return
    st.markdown("Faults of responses and verdicts, and what each score would be without the flagged responses.")
    _table(health, "Health flags, and scores without the flagged responses")


def place(
    store: Store, submission: Submission, model: str, judge: str, replaces: str | None = None, *, key: str
) -> None:
    """The run among the others of its board, by domain, and beside earlier runs of the model.

    replaces: the published run that it corrects. key: of the choice of a metric.
    """
    st.subheader("Where it would stand", anchor=False)
    if "generation" in submission.tasks and not judge:
        st.info("Name the judge: runs are ranked only with runs of the same judge and number of responses.")
        return
    new = report.candidate(submission, judge, replaces)
    labels = controls.board_labels(store)
    metrics = [METRICS[name] for name in submission.scores]
    options = {metric.id: metric.label for metric in metrics}
    metric = METRICS[controls.choose("By", options, key=key, in_url=False)] if len(metrics) > 1 else metrics[0]
    board = labels.get(new.board_for(metric)) or report.board_protocol(submission, judge).label
    found = preview.standing(store, new, metric, model or "This upload")
    if found is None:
        st.info(f"{metric.label}: no verdict could be read, so there is no rate.")
        return
    range_ = None
    if found.others:
        range_ = background.computed(
            lambda: preview.rank_range(store, new, metric),
            "Computing the rank range …",
            *("preview", store.version, submission.content_hash, new.board, metric.id, replaces or ""),
        )
    st.markdown(f"**{plain(report.standing_words(found, range_, board))}**")
    st.caption(review.change_words(found))
    provenance = Provenance(store.version, board, "preview of an upload that is not published")
    if found.others:
        near = report.around(found)
        if len(near) < len(found.board):
            st.caption(f"The {len(near)} runs around it, of {len(found.board)}.")
        display.chart(
            ranking(near, metric, browser.theme(), name="name"),
            key="upload-place",
            alt=f"{metric.label} of this upload among the runs of its board, with 95% intervals",
            data=plain_table("preview", "Place of an upload", near.drop(columns="name"), provenance),
        )
    st.subheader("By domain", anchor=False)
    domains = report.domain_frame(submission, metric)
    display.chart(
        ranking(domains, metric, browser.theme(), name="label"),
        key="upload-domains",
        alt=f"{metric.label} of this upload by domain, with 95% intervals",
        data=plain_table(
            "preview-domains", "An upload by domain", domains.drop(columns=["run_id", "evidence"]), provenance
        ),
    )
    _twins(store, submission)
    models = preview.known_names(store)["model"]
    _earlier(store, preview.earlier_runs(store, new, model, models, metrics), submission, labels)


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
        page.link("run", f"Open {plain(name)}", {"run": name})


def _earlier(
    store: Store, earlier: Sequence[preview.Earlier], submission: Submission, labels: Mapping[str, str]
) -> None:
    if not earlier:
        return
    st.subheader("Earlier runs of this model", anchor=False)
    metrics = [METRICS[name] for name in submission.scores]
    run_ids = [each.run["run_id"] for each in earlier]
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
        st.caption("Where all responses are the same, this is an evaluation that was judged again.")
    if not all(each.same_board for each in earlier):
        st.caption(
            "On another board the judge or the number of responses was another: a difference may come from that."
        )


def _listed(title: str, found: Sequence[Finding], icon: str) -> None:
    if not found:
        return
    st.subheader(f"{title}: {len(found)}", anchor=False)
    kinds = file_findings.by_kind(found)
    for first, count in kinds[:LISTED]:
        words = f"{icon} **{plain(as_sentence(first.message))}**"
        if first.hint:
            words += f" {plain(as_sentence(first.hint))}"
        more = f", and {count - 1} more of this kind" if count > 1 else ""
        if where := file_findings.place_words(first):
            words += f" :gray[{plain(where + more)}]"
        st.markdown(words)
    if len(found) > min(len(kinds), LISTED):
        with st.expander(f"All {len(found)} in a table"):
            display.table(
                file_findings.findings_frame(found), key=f"upload-findings-{title}", alt=f"{title}: all findings"
            )


def _table(frame: pd.DataFrame, alt: str) -> None:
    display.table(frame, key=f"upload-{alt}", alt=alt)
