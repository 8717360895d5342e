"""Outputs as text that is the same on every machine, and the digests of it.

Every output has a `#whole`, and most a `#data` with its figures alone, so that a change of words hides no change of a
figure.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

Texts = dict[str, str]

_DATA: Final = {"x", "y", "z", "r", "theta", "values", "base", "customdata", "size", "array", "arrayminus", "width"}
"""Keys of a trace, at any depth, that hold what is drawn."""
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_LONG: Final = re.compile(r"-?\d+\.\d{11,}(?:e[-+]?\d+)?|-?\d\.\d{9,}e[-+]?\d+")
_VERSION: Final = re.compile(r"data version ([0-9a-f]{12})\b", re.IGNORECASE)


class Output(NamedTuple):
    """The whole of an output, and its figures where they are not the numbers that stand in the text.

    header: the first line of the text holds names.
    """

    text: str
    figures: str | None = None
    header: bool = False


def chart(spec: str, config: str) -> Output:
    """A Plotly figure: all of it, and what its traces draw."""
    figure = _decoded(json.loads(spec))
    whole = {"figure": figure, "config": json.loads(config) if config else None}
    return Output(_json(whole), _json([_numbers_of(trace) for trace in figure["data"]]))


def table(frame: pd.DataFrame) -> Output:
    """A table as it is shown: its rows as CSV."""
    return Output(frame.to_csv(lineterminator="\n"), header=True)


def file(name: str, content: bytes) -> Output:
    """A downloaded file by the ending of its name."""
    if name.endswith(".parquet"):
        return _parquet(content)
    return Output(content.decode(), header=name.endswith(".csv"))


def normal(outputs: Mapping[str, Output], paths: Mapping[Path, str]) -> Texts:
    """Each output as `#whole` and `#data`, without what differs between checkouts: the data's version, and paths."""
    versions = {found for output in outputs.values() for found in _VERSION.findall(output.text)}
    words = {version: "DATA-VERSION" for version in versions} | {str(path): word for path, word in paths.items()}
    longest_first = sorted(words.items(), key=lambda pair: -len(pair[0]))
    found: Texts = {}
    for name, output in outputs.items():
        text = output.text
        for known, word in longest_first:
            text = text.replace(known, word)
        figures = output.figures
        if figures is None:
            figures = "\n".join(_NUMBER.findall(text.partition("\n")[2] if output.header else text))
        found[f"{name}#whole"] = text
        if figures:
            found[f"{name}#data"] = figures
    return found


def rounded(text: str) -> str:
    """Without the last bits of floats, which differ between processors."""
    return _LONG.sub(lambda found: f"{float(found[0]):.11g}", text)


def digest(text: str) -> str:
    """16 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _decoded(value: Any) -> Any:
    """Plotly's binary arrays as lists."""
    if isinstance(value, dict):
        if value.keys() >= {"bdata", "dtype"}:
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
            shape = [int(size) for size in str(value.get("shape", len(array))).split(",")]
            return array.reshape(shape).tolist()
        return {key: _decoded(item) for key, item in value.items()}
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _numbers_of(trace: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{path: numbers} of everything that a trace draws."""
    return {path: numbers for path, values in _arrays(trace, "") if (numbers := list(_leaves(values)))}


def _arrays(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, item in sorted(value.items()):
        if key in _DATA:
            yield f"{path}/{key}", item
        elif isinstance(item, dict):
            yield from _arrays(item, f"{path}/{key}")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield value


def _parquet(content: bytes) -> Output:
    """The rows one by one; of the schema the names and types, of the metadata what the program wrote."""
    found = pq.read_table(io.BytesIO(content))
    written = {key.decode(): value.decode() for key, value in (found.schema.metadata or {}).items()}
    about = {key: value for key, value in sorted(written.items()) if key not in ("pandas", "ARROW:schema")}
    types = {field.name: str(field.type) for field in found.schema}
    rows = [json.dumps(row, default=str, ensure_ascii=False) for row in found.to_pylist()]
    return Output("\n".join([json.dumps([about, types], ensure_ascii=False), *rows]), header=True)


def _json(value: Any) -> str:
    return json.dumps(_whole_as_integers(value), sort_keys=True, ensure_ascii=False, indent=1)


def _whole_as_integers(value: Any) -> Any:
    """367.0 and 367 are the same figure, and are drawn the same."""
    if isinstance(value, dict):
        return {key: _whole_as_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_as_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
