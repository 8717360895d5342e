"""Whose labels are used, in words, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import LABEL_COLUMNS, MUST_DIFFER, Labels
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.errors import Finding
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.file_findings import findings_frame

SESSION_KEY: Final = "other-labels"
"""Where a visitor's own labels are kept: in the session, nowhere else."""

OWN: Final = (
    "Subcategories, dimensions and needs are the project's own labels, given by two readers from the samples' texts "
    "without the images, nine subcategories revised after a third reading; the paper's own labels are not public, and "
    f"at least {MUST_DIFFER} of ours must differ from them."
)


def sentence(labels: Labels, catalogue: Catalogue) -> str:
    """Whose labels these are, as plain text."""
    if labels.is_own and labels.sample_set == BENCHMARK:
        return OWN
    if labels.is_own:
        return f"Labels of the sample set {labels.sample_set}, given when its samples were made and reviewed."
    return (
        f"Labels of {labels.origin}, loaded by you and used in this session only: "
        f"{len(labels.by_id)} of {len(catalogue)} samples are labelled."
    )


def template(labels: Labels, catalogue: Catalogue) -> pd.DataFrame:
    """The labels as a table with the columns that a label file has."""
    rows = []
    for sample in catalogue.samples:
        if (label := labels.by_id.get(sample.question_id)) is not None:
            needs = (int(label.needs_knowledge), int(label.needs_reasoning))
            rows.append((sample.question_id, sample.domain, label.subcategory, label.primary_dimension, *needs))
    return pd.DataFrame(rows, columns=list(LABEL_COLUMNS))


def template_export(labels: Labels, catalogue: Catalogue, provenance: Provenance) -> Table:
    """The labels in use as a download, to be changed and loaded."""
    return plain_table("labels", "Labels of the samples", template(labels, catalogue), provenance)


def findings_export(findings: Sequence[Finding], provenance: Provenance) -> Table:
    """The findings in a label file as a download."""
    return plain_table("label-findings", "Findings in a label file", findings_frame(findings, kinds=True), provenance)
