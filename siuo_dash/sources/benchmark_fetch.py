"""Brings the benchmark's own text and pictures into <data>/benchmark/, from the project's places or a folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import BenchmarkTextError, Finding
from siuo_dash.sources import benchmark_text as text
from siuo_dash.sources.download import PATIENCE, Patience, download
from siuo_dash.store import files
from siuo_dash.store.catalogue_file import read_catalogue

MOST_TEXT: Final = 64 * 1024**2
MOST_PICTURE: Final = 32 * 1024**2
IN_VAIN: Final = 4
"""So many files in a row that cannot be had, and the others are not tried: the server is down or the address wrong."""


@dataclass(frozen=True)
class Sources:
    """Where the benchmark's files are; `{name}` stands for a picture's file name. Environment variables override."""

    generation: str = "https://raw.githubusercontent.com/sinwang20/SIUO/HEAD/data/siuo_gen.json"
    multiple_choice: str = "https://raw.githubusercontent.com/sinwang20/SIUO/HEAD/data/siuo_mcqa.json"
    pictures: str = "https://huggingface.co/datasets/sinwang/SIUO/resolve/main/images/{name}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Sources:
        """SIUO_BENCHMARK_GENERATION, SIUO_BENCHMARK_MULTIPLE_CHOICE, SIUO_BENCHMARK_PICTURES where they are set."""
        known = ("generation", "multiple_choice", "pictures")
        given = {name: environment.get(f"SIUO_BENCHMARK_{name.upper()}", "").strip() for name in known}
        return cls(**{name: value for name, value in given.items() if value})

    def picture(self, name: str) -> str:
        """The address of one picture."""
        return self.pictures.replace("{name}", quote(name))


@dataclass(frozen=True)
class Step:
    """How far a fetch has come: files done of files, the file at hand, its bytes so far and in all (None = unknown)."""

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


def fetch_benchmark(
    data_dir: Path,
    sources: Sources | None = None,
    progress: Progress | None = None,
    *,
    pictures: bool = True,
    patience: Patience = PATIENCE,
) -> Report:
    """Fetch what is not there yet into <data>/benchmark/, and check all of it against the catalogue.

    A file that cannot be had is an error in the report and the others go on; called again, it goes on from where it
    was, in the middle of a file too. BenchmarkTextError when nothing can be kept, or another fetch is under way.
    """
    catalogue = read_catalogue(data_dir / "samples.csv")
    places = sources or Sources()

    def bring(name: str, target: Path, step: Step, report: Report) -> None:
        def received(have: int, size: int | None) -> None:
            _tell(progress, Step(step.done, step.files, name, have, size))

        is_text = name in text.TEXTS
        url = _address(places, name)
        most = MOST_TEXT if is_text else MOST_PICTURE
        try:
            flaw = _text_flaw if is_text else text.picture_flaw
            download(url, target, most=most, flaw=flaw, patience=patience, progress=received)
            report.brought.append(name)
        except BenchmarkTextError as error:
            report.findings.append(Finding("error", error.what, error.hint, url))

    return _gather(data_dir, catalogue, bring, progress, pictures, give_up_after=IN_VAIN)


def import_folder(data_dir: Path, folder: Path, progress: Progress | None = None, *, pictures: bool = True) -> Report:
    """Take the benchmark's files from a local folder (and the folders in it) instead of the network.

    BenchmarkTextError when the folder does not exist or holds none of them.
    """
    catalogue = read_catalogue(data_dir / "samples.csv")
    if not folder.is_dir():
        raise BenchmarkTextError("there is no such folder", where=str(folder), hint="check the path")
    wanted = {*text.TEXTS, *(sample.image for sample in catalogue.samples)}
    at_hand: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(wanted.intersection(names)):
            at_hand.setdefault(name, Path(place) / name)
    if not at_hand:
        hint = f"it should hold {text.GENERATION}, {text.MULTIPLE_CHOICE} and the pictures"
        raise BenchmarkTextError("none of the benchmark's files is in this folder", where=str(folder), hint=hint)

    def bring(name: str, target: Path, step: Step, report: Report) -> None:
        if name not in at_hand:
            return
        content = at_hand[name].read_bytes()
        flaw = (_text_flaw if name in text.TEXTS else text.picture_flaw)(content)
        if flaw is not None:
            report.findings.append(Finding("error", flaw, "", str(at_hand[name])))
            return
        files.replace(target, content)
        report.brought.append(name)

    report = _gather(data_dir, catalogue, bring, progress, pictures, anew=True)
    lacking = sorted(wanted.difference(at_hand)) if pictures else sorted(set(text.TEXTS).difference(at_hand))
    if lacking:
        first = ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else "")
        report.findings.append(
            Finding("warning", f"{len(lacking)} files are not in the folder: {first}", "", str(folder))
        )
    return report


def _gather(
    data_dir: Path,
    catalogue: Catalogue,
    bring: Callable[[str, Path, Step, Report], None],
    progress: Progress | None,
    pictures: bool,
    *,
    anew: bool = False,
    give_up_after: int | None = None,
) -> Report:
    """Bring in each file that is not there and sound (`anew`: each file), then read all of it."""
    folder = data_dir / text.FOLDER
    report = Report()
    with _kept(folder), _alone(folder):
        names = [sample.image for sample in catalogue.samples] if pictures else []
        listed = [*text.TEXTS, *dict.fromkeys(name for name in names if text.is_plain_name(name))]
        in_vain = 0
        for done, name in enumerate(listed):
            target = folder / name if name in text.TEXTS else folder / text.PICTURES / name
            step = Step(done, len(listed), name)
            _tell(progress, step)
            if not anew and _is_sound(target, name):
                report.kept.append(name)
            else:
                faults = len(report.findings)
                bring(name, target, step, report)
                in_vain = in_vain + 1 if len(report.findings) > faults else 0
            if in_vain == give_up_after and done + 1 < len(listed):
                rest = f"{len(listed) - done - 1} more files were not tried after {in_vain} failures in a row"
                report.findings.append(Finding("error", rest, "run the command again later: it goes on from here"))
                break
        _tell(progress, Step(len(listed), len(listed), ""))
    report.findings += text.read(data_dir, catalogue).findings
    return report


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """The folders to keep the files in; the disk's refusals in words."""
    try:
        files.make_directory(folder)
        files.make_directory(folder / text.PICTURES)
        yield
    except OSError as error:
        raise BenchmarkTextError(
            f"nothing can be kept here ({error.strerror or error})",
            where=str(folder),
            hint="check the disk and the path",
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No second fetch into the same folder: two would write into one half of a file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchmarkTextError("another fetch is under way", where=str(folder), hint="wait for it") from None
        yield
    finally:
        os.close(descriptor)


def _is_sound(target: Path, name: str) -> bool:
    if not target.is_file():
        return False
    return (_text_flaw if name in text.TEXTS else text.picture_flaw)(target.read_bytes()) is None


def _text_flaw(content: bytes) -> str | None:
    try:
        listed = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "this is not JSON, or not all of it"
    return None if isinstance(listed, list) and listed else "this is no list of samples"


def _address(sources: Sources, name: str) -> str:
    if name == text.GENERATION:
        return sources.generation
    return sources.multiple_choice if name == text.MULTIPLE_CHOICE else sources.picture(name)


def _tell(progress: Progress | None, step: Step) -> None:
    if progress is not None:
        progress(step)
