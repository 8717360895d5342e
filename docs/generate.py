"""Writes the pages of docs/ that come from code: docs/data.md from the schema, docs/queries.md from the named queries.

Usage: python docs/generate.py [--check]. With --check nothing is written; exit code 1 when a page is not current.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import siuo_dash.analysis  # noqa: E402
from siuo_dash.benchmark.catalogue import SAMPLE_COLUMNS  # noqa: E402
from siuo_dash.benchmark.schema import DOMAINS, FLAGS, METRICS, RESPONSE_COLUMNS, RESULT_COLUMNS, Column  # noqa: E402
from siuo_dash.store.engine import tables  # noqa: E402
from siuo_dash.store.engine.query import Query  # noqa: E402
from siuo_dash.store.runs import run_file  # noqa: E402


def data_page() -> str:
    """docs/data.md: every column, metric, domain and flag."""
    parts = [
        "# The data",
        "_Made by docs/generate.py from siuo_dash/benchmark/schema.py; change it there._",
        "`data/results.parquet` (shipped) and `data/runs/<sha256>.parquet` (one file an upload, named by its bytes; "
        "`registry.db` says which are published) have one schema, "
        "one row a run × task × sample. Any program can open them:",
        "```sql\nSELECT model, avg(safe::int) FROM 'data/results.parquet' WHERE task = 'generation' GROUP BY ALL\n```",
        "A publication's totals are rows without a `question_id`: the outcome is known, the sample is not.",
        "## Columns",
        _columns(RESULT_COLUMNS),
        "## Fields of a response",
        _columns(RESPONSE_COLUMNS),
        "## Metrics",
        _rows(
            ("id", "label", "task", "column", "meaning"),
            [(f"`{m.id}`", m.label, m.task, f"`{m.column}`", m.help) for m in METRICS.values()],
        ),
        "## Health flags",
        _rows(("flag", "label", "of a", "raised when"), [(f"`{f.id}`", f.label, f.of, f.help) for f in FLAGS.values()]),
        "## Domains",
        _rows(("domain", "ids"), [(f"`{d.id}`", f"{d.block + 1}–{d.block + 999}") for d in DOMAINS]),
        "## The catalogue",
        f"`data/samples.csv` has a line a sample: {', '.join(f'`{name}`' for name in SAMPLE_COLUMNS)}. "
        "A fingerprint is the first 16 hex digits of the SHA-256 of the text after NFKC, lower-casing and "
        "folding all white "
        "space to single spaces. Scene, request and hazard are this project's own words.",
    ]
    return "\n\n".join(parts) + "\n"


def queries_page() -> str:
    """docs/queries.md: the tables that queries see, and every named query."""
    parts = [
        "# The queries",
        "_Made by docs/generate.py from siuo_dash/store/engine/tables.py and siuo_dash/analysis/; change it there._",
        "Every number on a page comes from one of these, over an in-memory DuckDB with the tables below. "
        "`{metric}`, `{column}` "
        "and `{task}` stand for the parts of a metric, `{where}` for the condition of the filters; "
        "`$names` are bound values.",
        f"## Tables\n\n```sql\n{tables.CREATE.strip()}\n```",
    ]
    for query in named_queries():
        parts.append(f"## {query.name}\n\n{query.sentence}\n\n```sql\n{textwrap.dedent(query.sql).strip()}\n```")
    return "\n\n".join(parts) + "\n"


def named_queries() -> list[Query]:
    """Every Query that a module of the analysis wing declares, or the reading of run files, by name."""
    found: dict[str, Query] = {}
    analysis = pkgutil.walk_packages(siuo_dash.analysis.__path__, "siuo_dash.analysis.")
    for module in (run_file, *(importlib.import_module(each.name) for each in analysis)):
        for value in vars(module).values():
            if isinstance(value, Query) and found.setdefault(value.name, value) is not value:
                raise SystemExit(f"two queries are named {value.name!r}")
    return [found[name] for name in sorted(found)]


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [(f"`{c.name}`", f"`{_type(c)}`", "yes" if c.nullable else "", c.help) for c in columns]
    return _rows(("column", "type", "may be null", "meaning"), rows)


def _type(column: Column) -> str:
    return (
        "list<response>"
        if column.name == "responses"
        else str(column.type).replace("element: ", "").replace(" not null", "")
    )


def _rows(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines: list[tuple[str, ...]] = [names, tuple("---" for _ in names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> int:
    """Write the pages, or with --check compare them."""
    stale = 0
    for name, text in (("data.md", data_page()), ("queries.md", queries_page())):
        path = ROOT / "docs" / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"docs/{name} is not current: run `make build`\n")
            stale = 1
    return stale


if __name__ == "__main__":
    raise SystemExit(main())
