"""The form for a published figure: counts or printed rates, what they come to, and the run that they make."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import streamlit as st

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import DOMAINS, METRICS
from siuo_dash.benchmark.totals import COUNTS
from siuo_dash.ingest.published_figure import MAX_RESPONSES, Printed, PublishedFigure, printed_of, read_printed
from siuo_dash.report import published_figure as report
from siuo_dash.ui import display
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft

_AS_PRINTED = "A count, 89, or a rate in percent as it is printed, 53.29%; empty where it is not published"


def ask(draft: Draft, catalogue: Catalogue, corrected: pa.Table | None) -> PublishedFigure:
    """The form, and the counts that it gives so far.

    corrected: the rows of the run that this one corrects, with which the form begins.
    """
    known = Printed(len(catalogue)) if corrected is None else printed_of(corrected)
    st.markdown(report.WHAT)
    n, responses, *places = st.columns(5, vertical_alignment="bottom")
    with n:
        samples = st.number_input(
            "Samples *", 1, len(catalogue), known.n, key=draft.key("n"), help="How many the figures are over"
        )
    with responses:
        help = "The protocol's number of responses to each sample; leave it out where it is not stated"
        count = st.number_input(
            "Responses a sample", 1, MAX_RESPONSES, known.responses, key=draft.key("k"), help=help, placeholder="?"
        )
    safe, effective, both = (
        place.text_input(METRICS[name].label, text, key=draft.key(name), help=_AS_PRINTED, max_chars=20)
        for place, name, text in zip(places, COUNTS, (known.safe, known.effective, known.both), strict=True)
    )
    with st.expander(
        "By domain, as far as it is printed", icon=":material/donut_small:", expanded=bool(known.by_domain)
    ):
        st.caption(report.BY_DOMAIN)
        rows = _by_domain(draft, catalogue, known)
    figure = read_printed(Printed(int(samples), safe, effective, both, count, rows), catalogue)
    show(figure, key=draft.key("figure"))
    return figure


def show(figure: PublishedFigure, *, key: str) -> None:
    """How each rate was read, what is wrong, and the scores with their intervals."""
    for finding in figure.findings if report.is_begun(figure) else ():
        box, icon = (st.error, "error") if finding.severity == "error" else (st.warning, "warning")
        box(plain(report.finding_words(finding)), icon=f":material/{icon}:")
    if figure.read:
        st.markdown("\n".join(f"- {plain(line)}" for line in figure.read))
    if not figure.ok:
        return
    display.table(report.scores(figure), key=f"{key}-scores", alt="The figures as counts, with their intervals")
    if figure.domains:
        display.table(report.domains(figure), key=f"{key}-domains", alt="The figures by domain")


def _by_domain(draft: Draft, catalogue: Catalogue, known: Printed) -> list[dict[str, str]]:
    """The figures by domain that are typed into a table."""
    sizes = pd.Series([sample.domain for sample in catalogue.samples]).value_counts()
    given = {row["domain"]: row for row in known.by_domain}
    rows = [
        {"domain": domain.id, "Domain": domain.label, "n": str(sizes.get(domain.id, 0))}
        | {name: "" for name in COUNTS}
        | dict(given.get(domain.id, {}))
        for domain in DOMAINS
    ]
    text = st.column_config.TextColumn
    edited = st.data_editor(
        pd.DataFrame(rows),
        key=draft.key("by-domain"),
        hide_index=True,
        disabled=["Domain"],
        column_config={"domain": None, "Domain": text(width=230), "n": text("Samples", width=80)}
        | {name: text(METRICS[name].label, help=_AS_PRINTED) for name in COUNTS},
    )
    cells = edited.drop(columns="Domain").fillna("").astype(str)
    found: list[dict[str, str]] = cells.to_dict("records")
    return found
