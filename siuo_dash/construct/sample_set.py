"""A sample set's folder. It is a data directory, and never changes again.

    samples.csv                  the catalogue, with the columns of data/samples.csv; split 'assisted'
    benchmark/siuo_gen.json      in the benchmark's format, as are
    benchmark/siuo_mcqa.json
    benchmark/images/            the pictures, named by question_id
    datasheet.md                 what the set holds, where from, made and checked how
    set.json                     id, name, version, fingerprint, samples

Ids follow the benchmark's rule, domain block × 1000 + number, and are counted from 1 in each set: 1001 of one set is
another sample than 1001 of another. A sample is named by its set and its id. A set's id is 'NAME-vVERSION'.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siuo_dash.benchmark.text import slug
from siuo_dash.errors import ConstructionError
from siuo_dash.store import files

RECORD: Final = "set.json"
DATASHEET: Final = "datasheet.md"
SPLIT: Final = "assisted"
"""The split of samples that were made with a model's assistance, as the paper's 102 others were."""
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class SampleSet:
    """A frozen set. fingerprint: 16 hex digits of all its texts, labels and pictures."""

    id: str
    name: str
    version: int
    fingerprint: str
    samples: int


def set_id(name: str, version: int) -> str:
    """'Fresh samples', 1 → 'fresh-samples-v1'; ConstructionError for a name without letters."""
    words = slug(name)
    found = f"{words}-v{version}"
    if not words or len(words) > _LONGEST_NAME or version < 1:
        hint = f"a name of at most {_LONGEST_NAME} letters and digits, and a version from 1 on"
        raise ConstructionError(f"not a name for a set: {name!r}, version {version}", where="--name", hint=hint)
    return found


def read_set(folder: Path) -> SampleSet:
    """What set.json says of a set's folder; ConstructionError where it is none."""
    path = folder / RECORD
    try:
        with files.opened(path) as file:
            value = json.loads(file.read(100_000))
        texts = {key: value[key] for key in ("id", "name", "fingerprint")}
        found = SampleSet(**texts, version=int(value["version"]), samples=int(value["samples"]))
        if not all(isinstance(each, str) for each in texts.values()) or found.id != set_id(found.name, found.version):
            raise ValueError("its id is not made of its name and version")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        hint = "give a folder that `freeze` wrote"
        raise ConstructionError(f"this is no sample set ({error})", where=str(path), hint=hint) from error
    return found
