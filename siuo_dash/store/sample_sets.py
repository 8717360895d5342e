"""Sample sets: the benchmark's own, and reviewed sets of new samples that were added to a data directory.

A set's folder is itself a data directory (construct/sample_set.py lists what it holds); set.json says which set it is.
`add` copies it to <data>/sets/<id>/, whole or not at all. It is checked by its fingerprint then; it never changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.benchmark.text import fingerprint_of, slug
from siuo_dash.errors import NoSampleSet, SiuoError, StoreError
from siuo_dash.store import files
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import SAMPLES, FileState, state_of

FOLDER: Final = "sets"
RECORD: Final = "set.json"
DATASHEET: Final = "datasheet.md"
SOURCES: Final = "sources.csv"
"""Source and licence of each picture."""
TEXTS: Final = ("benchmark/siuo_gen.json", "benchmark/siuo_mcqa.json")
PICTURES: Final = "benchmark/images"
_FILE: Final = rf"[a-z]+\.(?:csv|json|md)|benchmark/siuo_[a-z]+\.json|{PICTURES}/(?!\.)[^/\\\x00-\x1f]+"
HELD: Final = rf"{FOLDER}/[a-z0-9-]+/(?:{_FILE})"
"""The names of their files, from the data directory on, as a regular expression."""
_LONGEST_NAME: Final = 60
_LARGEST: Final = 64 * 1024 * 1024
_RESERVED: Final = frozenset({BENCHMARK, "benchmark", "all"})


@dataclass(frozen=True)
class SampleSet:
    """A frozen set. fingerprint: 16 hex digits of all its texts, labels and pictures."""

    id: str
    name: str
    version: int
    fingerprint: str
    samples: int


def set_id(name: str, version: int) -> str:
    """'Fresh samples', 1 → 'fresh-samples-v1'; ValueError for a name without letters, or too long a one."""
    words = slug(name)
    found = f"{words}-v{version}"
    if not words or len(words) > _LONGEST_NAME or version < 1 or words in _RESERVED:
        raise ValueError(f"not a name for a set: {name!r}, version {version}")
    return found


def read_set(folder: Path) -> SampleSet:
    """What set.json says of a set's folder; StoreError where it is none."""
    path = folder / RECORD
    try:
        with files.opened(path) as file:
            value = json.loads(file.read(100_000))
        texts = {key: value[key] for key in ("id", "name", "fingerprint")}
        found = SampleSet(**texts, version=int(value["version"]), samples=int(value["samples"]))
        if not all(isinstance(each, str) for each in texts.values()) or found.id != set_id(found.name, found.version):
            raise ValueError("its id is not made of its name and version")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        hint = "give a folder that a sample set was frozen into"
        raise StoreError(f"this is no sample set ({error})", where=str(path), hint=hint) from error
    return found


def checked(folder: Path) -> SampleSet:
    """What set.json says, once all that it names was read and has its fingerprint; StoreError else."""
    about = read_set(folder)
    catalogue = read_catalogue(folder / SAMPLES, about.id)
    with files.explained(folder):
        images = [folder / PICTURES / sample.image for sample in catalogue.samples]
        if any(Path(sample.image).name != sample.image for sample in catalogue.samples):
            raise StoreError("a picture's name leads out of the folder", where=str(folder), hint="freeze the set again")
        pictures = [hashlib.sha256(_bytes(path)).hexdigest() for path in images]
        found = fingerprint_of(*(_bytes(folder / name) for name in (SAMPLES, *TEXTS)), *pictures)
    if (found, len(catalogue)) != (about.fingerprint, about.samples):
        what = f"its fingerprint is {found}, not {about.fingerprint}: a file was changed after the set was frozen"
        raise StoreError(what, where=str(folder), hint="take the folder as it was frozen, or freeze a new version")
    return about


def add(data_dir: Path, folder: Path) -> SampleSet:
    """Copy a set's folder into the data directory, whole or not at all; the set, also where it is there already.

    StoreError for what is no sound set, and for another set of the same id.
    """
    about = checked(folder)
    target = data_dir / FOLDER / about.id
    if target.exists():
        if read_set(target).fingerprint == about.fingerprint:
            return about
        what = f"another set {about.id} is there already"
        raise StoreError(what, where=str(target), hint="a set never changes: freeze it as a new version")
    files.must_be_owner(data_dir)
    with files.explained(data_dir):
        files.make_directory(target.parent)
        beside = target.parent / f".{about.id}.{os.getpid()}.siuo-tmp"
        catalogue = read_catalogue(folder / SAMPLES, about.id)
        (beside / PICTURES).mkdir(parents=True)
        try:
            for name in (SAMPLES, RECORD, *TEXTS, *(f"{PICTURES}/{sample.image}" for sample in catalogue.samples)):
                files.replace(beside / name, _bytes(folder / name))
            for name in (DATASHEET, SOURCES):
                with suppress(FileNotFoundError):
                    files.replace(beside / name, _bytes(folder / name))
            if checked(beside).fingerprint != about.fingerprint:
                raise StoreError("it changed while it was copied", where=str(folder), hint="add it again")
            files.move(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return about


def look(data_dir: Path) -> tuple[tuple[str, FileState], ...]:
    """What changes when a set is added or taken away: the name and set.json's state of each folder."""
    try:
        with os.scandir(data_dir / FOLDER) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple((name, state_of(data_dir / FOLDER / name / RECORD) or FileState()) for name in names)


def catalogues(data_dir: Path) -> tuple[dict[str, Catalogue], dict[str, SiuoError]]:
    """{id: catalogue} of the sets, the benchmark's first; and why others cannot be used, by their folder.

    CatalogueError when samples.csv, the benchmark's own, is missing or wrong.
    """
    found = {BENCHMARK: read_catalogue(data_dir / SAMPLES)}
    broken: dict[str, SiuoError] = {}
    for name, _ in look(data_dir):
        folder = data_dir / FOLDER / name
        try:
            about = read_set(folder)
            if about.id != name:
                raise StoreError(f"it holds the set {about.id}", where=str(folder), hint="name the folder by its set")
            found[name] = read_catalogue(folder / SAMPLES, name)
        except SiuoError as error:
            broken[f"{FOLDER}/{name}"] = error
    return found, broken


def file_names(data_dir: Path) -> list[str]:
    """Every file of the added sets, from the data directory on."""
    found = (path for name, _ in look(data_dir) for path in (data_dir / FOLDER / name).rglob("*"))
    return sorted(str(path.relative_to(data_dir)) for path in found if path.is_file())


def home(data_dir: Path, sample_set: str) -> Path:
    """The data directory that holds a set's own texts and pictures: of the benchmark, the data directory itself."""
    return data_dir if sample_set == BENCHMARK else data_dir / FOLDER / sample_set


def find(data_dir: Path, sample_set: str) -> Catalogue:
    """One set's catalogue; NoSampleSet lists what there is."""
    return chosen(catalogues(data_dir)[0], sample_set)


def chosen(known: Mapping[str, Catalogue], sample_set: str) -> Catalogue:
    """The catalogue of a set by its id; NoSampleSet lists what there is."""
    if sample_set not in known:
        hint = f"one of {', '.join(known)}; `python -m siuo_dash sets add FOLDER` adds another"
        raise NoSampleSet(f"there is no sample set {sample_set!r}", hint=hint)
    return known[sample_set]


def verify(data_dir: Path) -> Iterator[tuple[str, SiuoError]]:
    """The sets that are not as they were frozen: the folder, and what is wrong."""
    for name, _ in look(data_dir):
        folder = data_dir / FOLDER / name
        try:
            if (about := checked(folder)).id != name:
                raise StoreError(f"it holds the set {about.id}", where=str(folder), hint="name the folder by its set")
        except SiuoError as error:
            yield f"{FOLDER}/{name}", error


def _bytes(path: Path) -> bytes:
    with files.opened(path) as file:
        return file.read(_LARGEST)
