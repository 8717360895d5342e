"""Reads the catalogue of samples from samples.csv, and what is known about judges from judges.csv."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue, sample_from_row
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.errors import CatalogueError
from siuo_dash.settings.paths import SHIPPED
from siuo_dash.store.files import opened

JUDGES: Final = "judges.csv"
_JUDGE_COLUMNS: Final = ("judge", "name", "sees", "sees_picture", "caveat")


def read_catalogue(path: Path, sample_set: str = BENCHMARK) -> Catalogue:
    """The catalogue from samples.csv; CatalogueError names the line that is wrong."""
    try:
        with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            return Catalogue((sample_from_row(row, reader.line_num) for row in reader), sample_set)
    except OSError as error:
        raise CatalogueError(
            f"the catalogue of samples cannot be read ({error.strerror})",
            where=str(path),
            hint="point SIUO_DATA to a folder that has samples.csv",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"the catalogue is not a UTF-8 table ({error})", where=str(path)) from error


def read_judges(data_dir: Path) -> list[dict[str, str]]:
    """The known judges, a row each: judge, name, sees, sees_picture, caveat; the shipped ones where none are here.

    CatalogueError for a table of another shape.
    """
    path = data_dir / JUDGES if (data_dir / JUDGES).is_file() else SHIPPED / JUDGES
    try:
        with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            if tuple(reader.fieldnames or ()) != _JUDGE_COLUMNS:
                raise CatalogueError(f"its columns are not {', '.join(_JUDGE_COLUMNS)}", where=str(path))
            return [{name: row[name] for name in _JUDGE_COLUMNS} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"the table of judges cannot be read ({error})", where=str(path)) from error
