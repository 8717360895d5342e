"""Accepted candidates become a sample set; sample_set.py says what its folder holds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from siuo_dash.benchmark.catalogue import SAMPLE_COLUMNS, Sample
from siuo_dash.benchmark.schema import DOMAINS, OPTIONS
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.construct import pictures
from siuo_dash.construct.candidates import DISAGREED, Candidate, load
from siuo_dash.construct.datasheet import datasheet
from siuo_dash.construct.lines import Text
from siuo_dash.construct.pictures import Picture
from siuo_dash.construct.sample_set import DATASHEET, RECORD, SPLIT, SampleSet, set_id
from siuo_dash.construct.twins import Twins
from siuo_dash.errors import ConstructionError
from siuo_dash.evaluate.outcome import as_bytes
from siuo_dash.evaluate.plan import fingerprint as fingerprint_of
from siuo_dash.sources.benchmark_text import FOLDER, GENERATION, MULTIPLE_CHOICE, PICTURES
from siuo_dash.store import files
from siuo_dash.text import defuse, listed

_ORIGIN: Final = ("file", "source", "licence", "candidate")
_MOST: Final = 999


def freeze(
    folder: Path, to: Path, *, name: str, version: int = 1, reviewers: int = 1, twins: Twins | None = None
) -> SampleSet:
    """Write the accepted candidates of a folder as a sample set, whole or not at all.

    reviewers: how many people must have reviewed the present text of each. twins: what a query may not repeat, as an
    edit may have made it; None = only each other, word for word. ConstructionError names every candidate about which
    reviewers disagree, every accepted one that lacks reviewers, a text or its picture, and every repeated query.
    """
    found_id = set_id(name, version)
    candidates, kept = load(folder), pictures.load(folder)[0]
    accepted = [each for each in candidates.by_id.values() if each.state == "accepted"]
    _check(candidates.by_id.values(), accepted, kept, folder, reviewers)
    _check_repeats(accepted, folder, twins)
    numbered = _numbered(accepted)
    rows = [(_sample(question_id, each, kept[each.picture]), each.text) for question_id, each in numbered]
    texts = {
        "samples.csv": _table(SAMPLE_COLUMNS, (_catalogue_row(sample) for sample, _ in rows)),
        f"{FOLDER}/{GENERATION}": as_bytes([_generation(*each) for each in rows]),
        f"{FOLDER}/{MULTIPLE_CHOICE}": as_bytes([_choice(*each) for each in rows]),
    }
    shas = [each.picture for _, each in numbered]
    found = SampleSet(found_id, name, version, fingerprint_of(*texts.values(), *shas), len(rows))
    origins = (_origin(row[0], kept[each.picture], each) for row, (_, each) in zip(rows, numbered, strict=True))
    texts[pictures.SOURCES] = _table(_ORIGIN, origins)
    texts[DATASHEET] = datasheet(found, candidates.by_id.values(), numbered, kept).encode()
    texts[RECORD] = (json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n").encode()
    images = {sample.image: kept[sha].file for (sample, _), sha in zip(rows, shas, strict=True)}
    _write(to, texts, {name: folder / pictures.FOLDER / file for name, file in images.items()})
    return found


def _numbered(accepted: Iterable[Candidate]) -> list[tuple[int, Candidate]]:
    """Each candidate with its question_id, by domain and then as they came."""
    blocks = {domain.id: domain.block for domain in DOMAINS}
    counts: Counter[str] = Counter()
    found = []
    for each in accepted:
        counts[each.text.domain] += 1
        found.append((blocks[each.text.domain] + counts[each.text.domain], each))
    return sorted(found, key=lambda each: each[0])


def _check(
    candidates: Iterable[Candidate],
    accepted: Sequence[Candidate],
    kept: dict[str, Picture],
    folder: Path,
    reviewers: int,
) -> None:
    wrong = []
    if open_ones := [each.id for each in candidates if each.state == DISAGREED]:
        wrong.append(f"reviewers disagree about {listed(open_ones, 12)}: settle that first")
    if alone := [each.id for each in accepted if len(each.current) < reviewers]:
        wrong.append(f"fewer than {reviewers} people reviewed {listed(alone, 12)}")
    for each in accepted:
        if flaws := _flaws(each, kept.get(each.picture), folder):
            wrong.append(f"{each.id}: {listed(flaws)}")
    counts = Counter(each.text.domain for each in accepted)
    wrong += [f"more than {_MOST} samples in {domain}" for domain, number in counts.items() if number > _MOST]
    if not accepted:
        wrong.append("no candidate is accepted")
    if wrong:
        hint = "review the candidates, then freeze them again"
        raise ConstructionError("; ".join(wrong[:20]), where=str(folder), hint=hint)


def _check_repeats(accepted: Sequence[Candidate], folder: Path, twins: Twins | None) -> None:
    """ConstructionError that names every accepted query that repeats another sample's."""
    wrong: list[str] = []
    earlier: dict[str, str] = {}
    same: dict[str, str] = {}
    for each in accepted:
        twin = same.setdefault(fingerprint(each.text.query), each.id)
        words = f"it repeats candidate {twin}" if twin != each.id else ""
        if words or (words := twins.of(each.text.query, earlier) if twins else ""):
            wrong.append(f"{each.id}: {words}")
        earlier[each.id] = each.text.query
    if wrong:
        hint = "edit one of the two, review it again, then freeze"
        raise ConstructionError("; ".join(wrong[:20]), where=str(folder), hint=hint)


def _flaws(candidate: Candidate, picture: Picture | None, folder: Path) -> list[str]:
    """What an accepted candidate lacks."""
    text, found = candidate.text, []
    for name in (
        "query",
        "hazard",
        "reference_answer",
        "domain",
        "subcategory",
        "primary_dimension",
        "scene",
        "request",
    ):
        if not str(getattr(text, name)).strip():
            found.append(f"no {name.replace('_', ' ')}")
    options = {key: option.strip() for key, option in text.options.items() if option.strip()}
    if set(options) != set(OPTIONS) or len(set(options.values())) != len(OPTIONS):
        found.append("not four different options")
    elif text.correct_option not in options or options[text.correct_option] != text.reference_answer.strip():
        found.append("the right option is not the reference answer")
    if picture is None or not _is_there(folder / pictures.FOLDER / picture.file, picture.sha256):
        found.append("its picture is not there or is another one")
    return found


def _is_there(path: Path, sha256: str) -> bool:
    try:
        with files.opened(path) as file:
            return hashlib.sha256(file.read()).hexdigest() == sha256
    except OSError:
        return False


def _sample(question_id: int, candidate: Candidate, picture: Picture) -> Sample:
    text = candidate.text
    return Sample(
        question_id=question_id,
        split=SPLIT,
        domain=text.domain,
        subcategory=text.subcategory,
        primary_dimension=text.primary_dimension,
        needs_knowledge=text.needs_knowledge,
        needs_reasoning=text.needs_reasoning,
        image=f"{question_id}{Path(picture.file).suffix}",
        correct_option=text.correct_option,
        question_fingerprint=fingerprint(text.query),
        reference_fingerprint=fingerprint(text.reference_answer),
        scene=text.scene,
        request=text.request,
        hazard=text.hazard,
    )


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A CSV file; a text that a spreadsheet would run as a formula is made plain."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: defuse(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _catalogue_row(sample: Sample) -> dict[str, object]:
    return asdict(sample) | {name: int(getattr(sample, name)) for name in ("needs_knowledge", "needs_reasoning")}


def _origin(sample: Sample, picture: Picture, candidate: Candidate) -> dict[str, object]:
    """Where a sample's picture is from: a licence may want its source named."""
    return dict(zip(_ORIGIN, (sample.image, picture.source, picture.licence, candidate.id), strict=True))


def _about(sample: Sample, text: Text) -> dict[str, object]:
    question_id, image = sample.question_id, sample.image
    return {"question_id": question_id, "image": image, "question": text.query, "category": sample.domain}


def _generation(sample: Sample, text: Text) -> dict[str, object]:
    return _about(sample, text) | {"safety_warning": text.hazard, "reference_answer": text.reference_answer}


def _choice(sample: Sample, text: Text) -> dict[str, object]:
    options = {letter: text.options[letter] for letter in OPTIONS}
    return _about(sample, text) | {"options": options, "correct_option": text.correct_option}


def _write(to: Path, texts: dict[str, bytes], images: dict[str, Path]) -> None:
    """The set's folder, filled beside its place and then named: it is whole, or it is not there."""
    if to.exists():
        hint = "a set never changes: give a new folder, and a new version"
        raise ConstructionError("there is something of this name already", where=str(to), hint=hint)
    with files.explained(to):
        beside = to.parent / f".{to.name}.{os.getpid()}.siuo-tmp"
        to.parent.mkdir(parents=True, exist_ok=True)
        (beside / FOLDER / PICTURES).mkdir(parents=True)
        try:
            for name, content in texts.items():
                files.replace(beside / name, content)
            for name, path in images.items():
                files.replace(beside / FOLDER / PICTURES / name, path.read_bytes())
            files.move(beside, to)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
