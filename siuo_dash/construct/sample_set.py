"""A sample set's folder. It is a data directory, and never changes again.

    samples.csv                  the catalogue, with the columns of data/samples.csv; split 'assisted'
    benchmark/siuo_gen.json      in the benchmark's format, as are
    benchmark/siuo_mcqa.json
    benchmark/images/            the pictures, named by question_id
    sources.csv                  source and licence of each picture
    datasheet.md                 what the set holds, where from, made and checked how
    set.json                     id, name, version, fingerprint, samples

Ids follow the benchmark's rule, domain block × 1000 + number, and are counted from 1 in each set: 1001 of one set is
another sample than 1001 of another. A sample is named by its set and its id. A set's id is 'NAME-vVERSION'.
"""

from __future__ import annotations

from typing import Final

from siuo_dash.errors import ConstructionError
from siuo_dash.store import sample_sets
from siuo_dash.store.sample_sets import DATASHEET, RECORD, SampleSet

__all__ = ["DATASHEET", "RECORD", "SPLIT", "SampleSet", "set_id"]

SPLIT: Final = "assisted"
"""The split of samples that were made with a model's assistance, as the paper's 102 others were."""


def set_id(name: str, version: int) -> str:
    """'Fresh samples', 1 → 'fresh-samples-v1'; ConstructionError for a name that cannot be one."""
    try:
        return sample_sets.set_id(name, version)
    except ValueError as error:
        hint = "a name of at most 60 letters and digits, and a version from 1 on"
        raise ConstructionError(str(error), where="--name", hint=hint) from error
