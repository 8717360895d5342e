"""Published figures in words and tables."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa

from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.benchmark.schema import DOMAIN_LABELS, METRICS
from siuo_dash.benchmark.totals import COUNTS
from siuo_dash.errors import Finding
from siuo_dash.ingest.published_figure import PublishedFigure
from siuo_dash.text import as_sentence, fraction, interval, percent, rate_and_count

WHAT: Final = (
    "For a result that a paper or page prints without its verdicts. Type what is printed: a count, or a rate, of which "
    "the count is computed. Where you have the verdicts, upload them instead: they say more."
)
BY_DOMAIN: Final = (
    "Counts or rates of as many domains as are printed; change the number of samples where the paper has another. "
    "They are shown in the radar and the heatmap."
)
_NOTHING: Final = "no figure is given"


def is_begun(figure: PublishedFigure) -> bool:
    """Whether anything was typed in: an empty form is no mistake."""
    return any(finding.message != _NOTHING for finding in figure.findings)


def finding_words(finding: Finding) -> str:
    """What is wrong and what to do, as a sentence."""
    return as_sentence(f"{finding.message}; {finding.hint}" if finding.hint else finding.message)


def scores(figure: PublishedFigure) -> pd.DataFrame:
    """Each published score with its interval and count."""
    rows = [
        (
            METRICS[name].label,
            percent(tally.rate, 2),
            interval(*limits(tally.k, tally.n), 2),
            fraction(tally.k, tally.n),
        )
        for name, tally in figure.scores.items()
    ]
    return pd.DataFrame(rows, columns=["Score", "Rate", "95% interval", "Count"])


def domains(figure: PublishedFigure) -> pd.DataFrame:
    """The published scores by domain; '' where a domain's is not printed."""
    rows = [
        (DOMAIN_LABELS[domain], *("" if k is None else rate_and_count(k, n) for k in counts))
        for domain, (n, counts) in figure.domains.items()
    ]
    return pd.DataFrame(rows, columns=["Domain", *(METRICS[name].label for name in COUNTS)])


def stated(table: pa.Table | None) -> RunMetadata:
    """What was said of a run, of its rows; nothing without them."""
    if table is None:
        return RunMetadata("", source_status="preprint")
    row = table.slice(0, 1).to_pylist()[0]
    return RunMetadata(**{name: row[name] for name in FACTS})
