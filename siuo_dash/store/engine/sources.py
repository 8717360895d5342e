"""What fills the database: the shipped results and the files of the published runs, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from siuo_dash.errors import SchemaError, SiuoError, StoreError
from siuo_dash.settings import paths
from siuo_dash.store import blobs
from siuo_dash.store.blobs import Folder
from siuo_dash.store.files import RESULTS, FileState, state_of
from siuo_dash.store.runs.verdict_rows import Part, read_part

_MANY: Final = 8
"""From how many files of a bucket on several are read at once."""
_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Source:
    """A file that is read, and what is laid over it; equal as long as the same is read from it.

    file: inside the data directory. state: of a file that can change, which a run's cannot.
    """

    file: str
    run_id: str | None = None
    source_status: str | None = None
    state: FileState | None = None


@dataclass(frozen=True)
class Loaded:
    """What became of a source: its runs and the hash of its bytes; or why it was left out, and how it looked then."""

    source: Source
    run_ids: tuple[str, ...] = ()
    digest: str = ""
    broken: str = ""
    state: FileState | None = None
    away: bool = False
    """Whether nothing is wrong with it but that the bucket does not answer."""


def look_at(data_dir: Path, file: str) -> FileState | None:
    """What tells whether a file that could not be read is worth another try."""
    return state_of(data_dir / file) if file == RESULTS else blobs.of(data_dir).state(file)


def read_all(
    data_dir: Path, sources: Mapping[str, Source], looks: Mapping[str, FileState | None]
) -> Iterator[tuple[str, Part | Exception]]:
    """What each source holds, or why it cannot be read. When a bucket does not answer, no more is asked of it."""
    away: StoreError | None = None

    def read(name: str) -> Part | Exception:
        nonlocal away
        source, look = sources[name], looks[name]
        try:
            if look is not None and look.problem:
                raise SchemaError(look.problem)
            if source.file == RESULTS:
                return read_part(Folder(data_dir).read(RESULTS))
            if away is not None:
                return away
            body = blobs.of(data_dir).read(source.file)
            return read_part(body, source.run_id, source.source_status)
        except StoreError as error:
            away = error
            return error
        except (SiuoError, OSError, pa.ArrowException) as error:
            return error

    if len(sources) < _MANY or not paths.blobs_url():
        yield from ((name, read(name)) for name in sources)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from zip(sources, pool.map(read, sources), strict=True)


def mend(source: Source) -> str:
    """The next step where nothing better is known."""
    return "restore it from a backup or " + ("remove it" if source.run_id is None else "withdraw the run")
