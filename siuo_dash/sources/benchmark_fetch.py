"""Brings the benchmark's own text and pictures into <data>/benchmark/, from its public addresses or a folder."""

from __future__ import annotations

import ast
import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import BenchmarkTextError, Finding
from siuo_dash.sources import benchmark_text as text
from siuo_dash.sources.download import PATIENCE, Patience, download
from siuo_dash.store import files
from siuo_dash.store.catalogue_file import read_catalogue

MAX_TEXT_BYTES: Final = 64 * 1024**2
MOST_PICTURE: Final = 32 * 1024**2
MAX_CONSECUTIVE_FAILURES: Final = 4
"""After so many files in a row that cannot be had, the server is down or the address wrong: no other is tried."""


@dataclass(frozen=True)
class Sources:
    """Where the benchmark's files are; `{name}` stands for a file's name. Environment variables override."""

    generation: str = "https://raw.githubusercontent.com/sinwang20/SIUO/HEAD/data/siuo_gen.json"
    multiple_choice: str = "https://raw.githubusercontent.com/sinwang20/SIUO/HEAD/data/siuo_mcqa.json"
    pictures: str = "https://huggingface.co/datasets/sinwang/SIUO/resolve/main/images/{name}"
    rubric: str = "https://raw.githubusercontent.com/sinwang20/SIUO/HEAD/eval/{name}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Sources:
        """SIUO_BENCHMARK_GENERATION, _MULTIPLE_CHOICE, _PICTURES and _RUBRIC where they are set."""
        known = ("generation", "multiple_choice", "pictures", "rubric")
        given = {name: environment.get(f"SIUO_BENCHMARK_{name.upper()}", "").strip() for name in known}
        return cls(**{name: value for name, value in given.items() if value})

    def of(self, name: str) -> str:
        """The address of a file by its name: one of the two texts, one of the scripts, or a picture."""
        texts = {text.GENERATION: self.generation, text.MULTIPLE_CHOICE: self.multiple_choice}
        several = self.rubric if name in text.SCRIPTS else self.pictures
        return texts.get(name) or several.replace("{name}", quote(name))


@dataclass(frozen=True)
class Step:
    """How far a fetch has come: files done of files, the file in progress, its bytes so far and in all (or None)."""

    done: int
    files: int
    name: str
    received: int = 0
    size: int | None = None


@dataclass
class Report:
    """What a fetch came to: files brought in, files that were there already, and what is wrong."""

    brought: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every file is there now; a text that differs from our fingerprints does not count against it."""
        return not any(finding.severity == "error" for finding in self.findings)


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Wanted:
    """A file to be brought in. flaw: what is wrong with its content, None when it is sound. most: bytes it may have."""

    name: str
    target: Path
    flaw: Callable[[bytes], str | None]
    address: str = ""
    most: int = MOST_PICTURE


_Bring = Callable[[Wanted, Step], bool]
"""Puts a file in its place; False where there is none, BenchmarkTextError where it is wrong."""


def fetch_benchmark(
    data_dir: Path,
    sources: Sources | None = None,
    progress: Progress = lambda step: None,
    *,
    pictures: bool = True,
    rubric: bool = False,
    patience: Patience = PATIENCE,
) -> Report:
    """Fetch what is not there yet into <data>/benchmark/, and check all of it against the catalogue.

    A file that cannot be had is an error in the report and the others go on; called again, it goes on from where it
    was, in the middle of a file too. rubric: the scripts too that hold the instructions for model and judge.
    BenchmarkTextError when nothing can be kept, or another fetch is under way.
    """
    catalogue = read_catalogue(data_dir / "samples.csv")
    wanted = _wanted(data_dir, catalogue, pictures, rubric, sources or Sources())
    report = fetch_all(data_dir, wanted, progress, patience)
    report.findings += text.read(data_dir, catalogue).findings
    return report


def fetch_all(data_dir: Path, wanted: Sequence[Wanted], progress: Progress, patience: Patience) -> Report:
    """Fetch each file that is not there and sound, below <data>/benchmark/, as `fetch_benchmark` does."""

    def bring(file: Wanted, step: Step) -> bool:
        download(
            file.address,
            file.target,
            most=file.most,
            flaw=file.flaw,
            patience=patience,
            progress=lambda have, size: progress(replace(step, received=have, size=size)),
        )
        return True

    return _gather(data_dir / text.FOLDER, wanted, bring, progress, most_failures=MAX_CONSECUTIVE_FAILURES)


def import_folder(
    data_dir: Path,
    folder: Path,
    progress: Progress = lambda step: None,
    *,
    pictures: bool = True,
    rubric: bool = False,
) -> Report:
    """Take the benchmark's files from a local folder (and the folders in it) instead of the network.

    BenchmarkTextError when the folder does not exist or holds none of them.
    """
    catalogue = read_catalogue(data_dir / "samples.csv")
    if not folder.is_dir():
        raise BenchmarkTextError("there is no such folder", where=str(folder), hint="check the path")
    wanted = {*text.TEXTS, *(sample.image for sample in catalogue.samples)}
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(wanted.union(text.SCRIPTS if rubric else ()).intersection(names)):
            found.setdefault(name, Path(place) / name)
    if not found:
        hint = f"it should hold {text.GENERATION}, {text.MULTIPLE_CHOICE} and the pictures"
        raise BenchmarkTextError("none of the benchmark's files is in this folder", where=str(folder), hint=hint)

    def bring(file: Wanted, _step: Step) -> bool:
        if file.name in found:
            content = found[file.name].read_bytes()
            if flaw := file.flaw(content):
                raise BenchmarkTextError(flaw, where=str(found[file.name]))
            files.replace(file.target, content)
        return file.name in found

    listed = _wanted(data_dir, catalogue, pictures, rubric, Sources())
    report = _gather(data_dir / text.FOLDER, listed, bring, progress, replacing=True)
    report.findings += text.read(data_dir, catalogue).findings
    if lacking := sorted((wanted if pictures else set(text.TEXTS)).difference(found)):
        first = ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else "")
        what = f"{len(lacking)} files are not in the folder: {first}"
        report.findings.append(Finding("warning", what, "", str(folder)))
    return report


def _wanted(data_dir: Path, catalogue: Catalogue, pictures: bool, rubric: bool, sources: Sources) -> list[Wanted]:
    """The benchmark's own files: both texts, the pictures of the catalogue, and the scripts with the instructions."""
    folder = data_dir / text.FOLDER
    names = [sample.image for sample in catalogue.samples] if pictures else []
    plain = dict.fromkeys(name for name in names if text.is_plain_name(name))
    return [
        *(Wanted(name, folder / name, _text_flaw, sources.of(name), MAX_TEXT_BYTES) for name in text.TEXTS),
        *(Wanted(name, folder / text.PICTURES / name, text.picture_flaw, sources.of(name)) for name in plain),
        *(
            Wanted(name, folder / text.RUBRIC / name, _script_flaw, sources.of(name), MAX_TEXT_BYTES)
            for name in (text.SCRIPTS if rubric else ())
        ),
    ]


def _gather(
    folder: Path,
    wanted: Sequence[Wanted],
    bring: _Bring,
    progress: Progress,
    *,
    replacing: bool = False,
    most_failures: int | None = None,
) -> Report:
    """Bring in each file that is not there and sound (`replacing`: each file)."""
    report = Report()
    with _locked(folder, {file.target.parent for file in wanted}):
        listed = list(wanted)
        failures = 0
        for done, file in enumerate(listed):
            step = Step(done, len(listed), file.name)
            progress(step)
            try:
                if not replacing and file.target.is_file() and file.flaw(file.target.read_bytes()) is None:
                    report.kept.append(file.name)
                elif bring(file, step):
                    report.brought.append(file.name)
                failures = 0
            except BenchmarkTextError as error:
                report.findings.append(Finding("error", error.what, error.hint, error.where))
                failures += 1
            if failures == most_failures and done + 1 < len(listed):
                rest = f"{len(listed) - done - 1} more files were not tried after {failures} failures in a row"
                report.findings.append(Finding("error", rest, "run the command again later: it goes on from here"))
                break
        progress(Step(len(listed), len(listed), ""))
    return report


@contextmanager
def _locked(folder: Path, inner: Collection[Path]) -> Iterator[None]:
    """The folders to keep the files in, for one fetch at a time: two would write into one half of a file."""
    try:
        for each in (folder, *sorted(inner)):
            files.make_directory(each)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise BenchmarkTextError("another fetch is under way", where=str(folder), hint="wait for it") from None
        finally:
            os.close(descriptor)
    except OSError as error:
        what = f"nothing can be kept here ({error.strerror or error})"
        raise BenchmarkTextError(what, where=str(folder), hint="check the disk and the path") from error


def _text_flaw(content: bytes) -> str | None:
    try:
        listed = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "this is not JSON, or not all of it"
    return None if isinstance(listed, list) and listed else "this is no list of samples"


def _script_flaw(content: bytes) -> str | None:
    try:
        ast.parse(content.decode("utf-8-sig"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return "this is no Python script, or not all of it"
    return None
