"""Reads the catalogue of samples from samples.csv."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from siuo_dash.benchmark.catalogue import Catalogue, sample_from_row
from siuo_dash.errors import CatalogueError
from siuo_dash.store.files import opened


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue from samples.csv; CatalogueError names the line that is wrong."""
    try:
        with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            return Catalogue(sample_from_row(row, reader.line_num) for row in reader)
    except OSError as error:
        raise CatalogueError(
            f"the catalogue of samples cannot be read ({error.strerror})",
            where=str(path),
            hint="point SIUO_DATA to a folder that has samples.csv",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"the catalogue is not a UTF-8 table ({error})", where=str(path)) from error
