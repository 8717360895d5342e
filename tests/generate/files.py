"""From rows to bytes: how a file is laid out, and in which format it is written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, Literal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.files import UploadedFile
from tests.generate.made import Made, Row
from tests.generate.recipe import FLAT, ONE_VALUE, Recipe

_DELIMITERS: Final = {"csv_semicolon": ";", "csv_pipe": "|", "csv_sep": ";", "tsv": "\t", "tsv_utf16": "\t"}
_ENCODINGS: Final = {"csv_bom": "utf-8-sig", "csv_utf16": "utf-16", "tsv_utf16": "utf-16", "csv_cp1252": "cp1252"}


def files_of(made: Made) -> list[UploadedFile]:
    """The files as they would be dropped."""
    r = made.recipe
    if r.rounds_as == "sheets" or r.format == "xlsx":
        return [UploadedFile(f"{next(iter(tables))}.xlsx", _xlsx(made, tables)) for tables in _books(made)]
    return [_file(made, name, rows) for name, rows in made.tables.items()]


def _books(made: Made) -> list[dict[str, list[Row]]]:
    if made.recipe.rounds_as == "files":
        return [{name: rows} for name, rows in made.tables.items()]
    return [made.tables]


def _file(made: Made, name: str, rows: list[Row]) -> UploadedFile:
    r = made.recipe
    if r.format in FLAT:
        return UploadedFile(f"{name}.csv", _delimited(r, _with_average(made, rows)))
    if r.format in ("parquet", "arrow_stream", "arrow_file"):
        return UploadedFile(f"{name}.{r.format}", _arrow(r.format, [_nested(made, row) for row in rows]))
    value = laid_out(made, rows)
    if r.format.startswith("jsonl"):
        spread = 1 if r.format == "jsonl_spread" else None
        lines = "".join(json.dumps(line, indent=spread) + "\n" for line in value)
        lines = lines.replace(" and the ", "\u2028 and the ") if r.format == "jsonl_u2028" else lines
        return UploadedFile(f"{name}.jsonl", lines.encode())
    if r.format == "json_comma":
        return UploadedFile(f"{name}.json", ("[" + "".join(f"{json.dumps(row)},\n" for row in value) + "]").encode())
    whole = json.dumps(value, indent=2 if r.format == "json_pretty" else None, ensure_ascii=r.seed % 2 == 0).encode()
    if r.format == "json_gz":
        return UploadedFile(f"{name}.json.gz", gzip.compress(whole, 1))
    if r.format == "json_zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"outputs/{name}.json", whole)
        return UploadedFile(f"{name}.zip", out.getvalue())
    assert r.format in ONE_VALUE
    return UploadedFile(f"{name}.json", whole)


def laid_out(made: Made, rows: list[Row]) -> Any:
    """The JSON value that holds these rows."""
    r = made.recipe
    meta = {"model": "example-vl", "judge": "gpt-4o", "date": "2025-04-01", "n": len(rows)}
    nested = [_nested(made, row) for row in rows]
    match r.layout:
        case "keyed" | "keyed_wrapped":
            keyed = {str(row[made.id_name]): {k: v for k, v in row.items() if k != made.id_name} for row in rows}
            if r.hand == "average":
                keyed["average"] = {name: _mean(rows, name) for name in made.verdict_names}
            return keyed if r.layout == "keyed" else {**meta, r.wrapper: keyed}
        case "lists_by_id":
            lists: dict[str, list[Row]] = defaultdict(list)
            for row in rows:
                lists[str(row[made.id_name])].append({k: v for k, v in row.items() if k != made.id_name})
            return lists
        case "by_domain":
            grouped: dict[str, list[Row]] = defaultdict(list)
            for row, domain in zip(rows, made.domains, strict=False):
                grouped[domain].append(row)
            return grouped
        case "wrapped":
            return {**meta, r.wrapper: _with_average(made, rows)}
        case "wrapped_deep":
            return {"config": meta, "run": {"id": 7, r.wrapper: rows}, "metrics": {"safe_rate": 0.42}}
        case "split":
            columns = list(rows[0])
            return {"columns": columns, "data": [[row[name] for name in columns] for row in rows]}
        case "columns":
            return {name: {str(n): row[name] for n, row in enumerate(rows)} for name in rows[0]}
        case "lists":
            return {name: [row[name] for row in rows] for name in rows[0]}
        case "meta_first":
            return [{"config": meta, "seed": 1}, *rows]
        case "summary_last":
            return [*rows, {"summary": {"safe_rate": 0.5, "n": len(rows)}}]
    return _with_average(made, nested)


def _mean(rows: list[Row], name: str) -> Any:
    values = [float(row[name]) for row in rows if isinstance(row.get(name), (bool, int, float))]
    return round(sum(values) / len(values), 4) if values else "42.5 %"


def _with_average(made: Made, rows: list[Row]) -> list[Row]:
    """The rows, and one of averages or totals below them where the recipe has one."""
    if made.recipe.hand != "average" or made.id_name not in rows[0]:
        return rows
    word = random.Random(made.recipe.seed).choice(("Average", "Total", "Mean", "Overall", "avg", "Sum", "ALL"))
    below = dict.fromkeys(rows[0], None) | {name: _mean(rows, name) for name in made.verdict_names if name in rows[0]}
    return [*rows, below | {made.id_name: word}]


def _nested(made: Made, row: Row) -> Row:
    """The row, some of its fields inside others: by seed, so that all rows are alike."""
    r = made.recipe
    if r.layout not in ("nested", "deep"):
        return row
    chance = random.Random(f"nest {r.seed}")
    homes: dict[str, tuple[str, ...]] = {}
    for name in row:
        around = (
            ("judge",),
            ("result",),
            ("meta",),
            ("output",),
            ("doc",),
            ("judgement", "gpt-4o"),
            ("scores", "siuo"),
        )
        home = chance.choice(around[: 5 if r.layout == "nested" else 7])
        homes[name] = home if chance.random() < 0.6 else ()
        alike = [first for first in homes if first.endswith(r.name) or isinstance(row[first], dict)]
        if r.several and name in alike:  # the verdicts of several runs are at the same place
            homes[name] = homes[alike[0]]
    out: Row = {}
    for name, value in row.items():
        place = out
        for part in homes[name]:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else place
        place[name] = value
    return out


def _cell(r: Recipe, value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    if isinstance(value, float) and r.format == "csv_semicolon":
        return f"{value}".replace(".", ",")
    return "" if value is None else value


def _delimited(r: Recipe, rows: Sequence[Row]) -> bytes:
    out = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if r.format == "csv_quoted" else csv.QUOTE_MINIMAL
    delimiter = _DELIMITERS.get(r.format, ",")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    writer.writerows({name: _cell(r, cell) for name, cell in row.items()} for row in rows)
    text = ("sep=;\r\n" if r.format == "csv_sep" else "") + out.getvalue()
    return text.encode(_ENCODINGS.get(r.format, "utf-8"), errors="replace")


def _arrow(form: str, rows: list[Row]) -> bytes:
    try:
        table = pa.Table.from_pylist(rows)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # cells of one column that are of several kinds
        table = pa.Table.from_pylist([{k: None if v is None else str(v) for k, v in row.items()} for row in rows])
    sink = pa.BufferOutputStream()
    if form == "parquet":
        pq.write_table(table, sink)
    else:
        new = pa.ipc.new_stream if form == "arrow_stream" else pa.ipc.new_file
        with new(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue())


def _xlsx(made: Made, tables: dict[str, list[Row]]) -> bytes:
    r = made.recipe
    book = openpyxl.Workbook()
    book.remove(book.active)
    if r.hand == "summary_sheet":
        sheet = book.create_sheet("Summary")
        for line in (["metric", "value"], ["safe", 0.42], ["n", 36]):
            sheet.append(line)
    if r.hand == "sheet_a_domain":
        (rows,) = tables.values() if len(tables) == 1 else (next(iter(tables.values())),)
        grouped: dict[str, list[Row]] = defaultdict(list)
        for row, domain in zip(rows, made.domains, strict=False):
            grouped[domain[:28]].append(row)
        tables = grouped
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        header = list(rows[0])
        if r.hand == "title":
            sheet.append(["Results of Example-VL, judged by hand"])
            sheet.append([])
        if r.hand == "two_headers":
            sheet.append(
                [random.Random(f"{r.seed}{n // 2}").choice(("Item", "Reply", "Judge")) for n in range(len(header))]
            )
        sheet.append(header)
        above: Any = None
        for row in _with_average(made, rows):
            cells = [_cell(r, value) if isinstance(value, (list, dict)) else value for value in row.values()]
            if r.hand == "merged":
                cells[0], above = (None if cells[0] == above else cells[0]), cells[0]
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
