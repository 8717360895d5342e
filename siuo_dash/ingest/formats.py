"""The registry of formats. To read another one, write a module that declares its Format and list that here."""

from __future__ import annotations

from typing import Final

from siuo_dash.ingest import helm, inspect_log, lm_eval, official, opencompass, own, promptfoo, totals, vlmevalkit
from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.records import Format

FORMATS: Final[tuple[Format, ...]] = (
    vlmevalkit.SCORES,
    official.MULTIPLE_CHOICE,
    vlmevalkit.JOINT,
    vlmevalkit.MULTIPLE_CHOICE,
    vlmevalkit.GENERATION,
    official.GENERATION,
    own.EXPORT,
    inspect_log.INSPECT,
    lm_eval.SAMPLES,
    opencompass.DETAILS,
    promptfoo.ROWS,
    promptfoo.CSV,
    helm.STATE,
    helm.STATS,
    helm.PREDICTIONS,
    totals.TOTALS,
)
"""In the order in which they are tried: the first one that fits a file reads it."""
TABLE: Final = "table"
"""The label of a file that no format fits: it is read by a mapping of its fields."""
UNKNOWN: Final = "not recognised"
"""The label where no file could be read."""
TABLE_ABOUT: Final = """\
**Any table** (CSV, TSV, JSON, JSONL, Parquet, Arrow, XLSX), also responses in one file and verdicts in another: the
fields are recognised where their names and values are plain, and asked for where they are not."""
TABLE_ADVICE: Final = "drop the file with the verdicts beside it, or map the field that holds them"


def format_of(table: Table) -> Format | None:
    """The format that a table's content shows, whatever the file is called; None = read it by a mapping."""
    return next((known for known in FORMATS if known.fits(table)), None)


def understood() -> list[str]:
    """What can be uploaded, a line of Markdown each."""
    return [*dict.fromkeys(known.about for known in FORMATS), TABLE_ABOUT]
