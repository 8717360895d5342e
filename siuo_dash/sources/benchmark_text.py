"""The benchmark's own text and pictures, when they are installed: read, and checked against our fingerprints.

They are licensed CC BY-NC 4.0 and lie in <data>/benchmark/, which is never committed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.schema import OPTIONS
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.errors import Finding

FOLDER: Final = "benchmark"
GENERATION: Final = "siuo_gen.json"
MULTIPLE_CHOICE: Final = "siuo_mcqa.json"
PICTURES: Final = "images"
TEXTS: Final = (GENERATION, MULTIPLE_CHOICE)
RUBRIC: Final = "rubric"
"""The folder of the released scripts, of which the instructions for model and judge are read; nothing of them runs."""
JUDGE_SCRIPT: Final = "gpt-eval.py"
CHOICE_SCRIPT: Final = "generation-gpt4o-mcqa.py"
SCRIPTS: Final = (JUDGE_SCRIPT, CHOICE_SCRIPT)


@dataclass(frozen=True)
class SampleText:
    """A sample in the benchmark's own words; None = not installed. differs: the parts whose fingerprint is not ours."""

    question: str | None = None
    reference_answer: str | None = None
    safety_warning: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    differs: tuple[str, ...] = ()

    def places(self) -> list[str]:
        """Every text, for a search."""
        found = (self.question, self.reference_answer, self.safety_warning, *self.options.values())
        return [text for text in found if text]


@dataclass(frozen=True)
class BenchmarkText:
    """What is installed: texts by question_id, the folder of pictures, and what is wrong with it."""

    samples: Mapping[int, SampleText]
    folder: Path
    findings: tuple[Finding, ...] = ()

    def picture(self, sample: Sample) -> Path | None:
        """The sample's picture, or None where it is not installed."""
        path = self.folder / PICTURES / sample.image
        return path if is_plain_name(sample.image) and path.is_file() else None


def state(data_dir: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when the texts do: name, size and time of each file."""
    stats = {name: path.stat() for name in TEXTS if (path := data_dir / FOLDER / name).is_file()}
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats.items())


def read(data_dir: Path, catalogue: Catalogue) -> BenchmarkText:
    """What lies in <data>/benchmark/. A file that cannot be read is a finding, never an error."""
    folder = data_dir / FOLDER
    parts: dict[int, dict[str, Any]] = {}
    findings: list[Finding] = []
    for name in TEXTS:
        path = folder / name
        if path.is_file():
            entries, found = entries_of(path.read_bytes(), name, catalogue)
            findings += found
            for question_id, entry in entries.items():
                parts.setdefault(question_id, {}).update(entry)
    return BenchmarkText({qid: SampleText(**part) for qid, part in parts.items()}, folder, tuple(findings))


def entries_of(content: bytes, name: str, catalogue: Catalogue) -> tuple[dict[int, dict[str, Any]], list[Finding]]:
    """The samples of one of the benchmark's files, as parts of SampleText, and what differs from the catalogue.

    name: GENERATION or MULTIPLE_CHOICE. A file that holds no list of samples gives no entry and one error.
    """
    try:
        listed = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        what, hint = (
            f"is not JSON ({str(error).splitlines()[0]})",
            "fetch it again: `python -m siuo_dash fetch-benchmark`",
        )
        return {}, [Finding("error", what, hint, name)]
    if not isinstance(listed, list):
        return {}, [Finding("error", "holds no list of samples", "is it the benchmark's own file?", name)]
    entries: dict[int, dict[str, Any]] = {}
    findings: list[Finding] = []
    for place, item in enumerate(listed, start=1):
        question_id = item.get("question_id") if isinstance(item, dict) else None
        sample = catalogue.by_id.get(question_id) if type(question_id) is int else None
        if sample is None:
            why = catalogue.why_unknown(question_id) if type(question_id) is int else "has no question_id"
            findings.append(Finding("warning", why, "it is left out", name, place))
            continue
        entry = _entry(item)
        differences = _differences(entry, sample, catalogue)
        findings += [Finding("warning", text, "", name, place, sample.question_id) for text in differences.values()]
        entries[sample.question_id] = entry | ({"differs": tuple(differences)} if differences else {})
    if missing := [sample.question_id for sample in catalogue.samples if sample.question_id not in entries]:
        ids = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
        findings.append(Finding("warning", f"{len(missing)} samples of the catalogue are not in it: {ids}", "", name))
    return entries, findings


def is_plain_name(name: str) -> bool:
    """Whether a name stays inside its folder."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0") and not name.startswith(".")


def picture_flaw(content: bytes) -> str | None:
    """Why these bytes are no whole PNG, JPEG, GIF or WebP picture, or None. Most often it is an error page."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        whole = b"IEND" in content[-16:]
    elif content.startswith(b"\xff\xd8\xff"):
        whole = b"\xff\xd9" in content[-4096:]
    elif content.startswith((b"GIF87a", b"GIF89a")):
        whole = content.rstrip(b"\0").endswith(b";")
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        whole = len(content) >= int.from_bytes(content[4:8], "little") + 8
    else:
        return "this is no picture"
    return None if whole else "the picture is cut off"


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    names = ("question", "reference_answer", "safety_warning")
    entry: dict[str, Any] = {name: item[name] for name in names if isinstance(item.get(name), str)}
    options = item.get("options")
    if isinstance(options, dict):
        entry["options"] = {key: options[key] for key in OPTIONS if isinstance(options.get(key), str)}
    return entry


def _differences(entry: dict[str, Any], sample: Sample, catalogue: Catalogue) -> dict[str, str]:
    """{part: sentence} for each part whose fingerprint is not the catalogue's."""
    found = {}
    for part, label, ours in (
        ("question", "question", sample.question_fingerprint),
        ("reference_answer", "reference answer", sample.reference_fingerprint),
    ):
        if part in entry and fingerprint(entry[part]) != ours:
            owner = catalogue.by_fingerprint.get(fingerprint(entry[part])) if part == "question" else None
            words = f"; it is that of sample {owner.question_id}" if owner else ""
            found[label] = f"the {label} is not the one that our fingerprint was taken of{words}"
    return found
