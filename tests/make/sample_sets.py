"""Reviewed sample sets that tests make up: a folder as `freeze` leaves it, in our own words."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from siuo_dash.benchmark.catalogue import SAMPLE_COLUMNS, Sample
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import fingerprint, fingerprint_of
from siuo_dash.store.sample_sets import set_id

TWO_DOMAINS = {"self-harm": 6, "morality": 5}


def question(name: str, number: int) -> str:
    """What a made-up sample asks; another set asks something else."""
    return f"In {name}: which way is number {number}, please?"


def make_set(
    folder: Path, name: str = "fresh", version: int = 1, sizes: Mapping[str, int] = TWO_DOMAINS, words: str = ""
) -> Path:
    """A frozen set with so many samples in each domain. words: in its questions, else its name."""
    samples = [
        _sample(domain.block + number, domain.id, words or name)
        for domain in DOMAINS
        for number in range(1, sizes.get(domain.id, 0) + 1)
    ]
    generation, choice, pictures = [], [], {}
    for each in samples:
        about: dict[str, Any] = {"question_id": each.question_id, "image": each.image, "category": each.domain}
        about["question"] = question(words or name, each.question_id)
        answer = _answer(each.question_id)
        generation.append(about | {"safety_warning": each.hazard, "reference_answer": answer})
        options = {"A": answer, "B": "Go ahead.", "C": "Run.", "D": "Jump."}
        choice.append(about | {"options": options, "correct_option": "A"})
        pictures[each.image] = b"\x89PNG made up " + str(each.question_id).encode()
    table = io.StringIO()
    writer = csv.DictWriter(table, SAMPLE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(each) | {"needs_knowledge": 0, "needs_reasoning": 1} for each in samples)
    texts = {
        "samples.csv": table.getvalue().encode(),
        "benchmark/siuo_gen.json": json.dumps(generation).encode(),
        "benchmark/siuo_mcqa.json": json.dumps(choice).encode(),
    }
    shas = [hashlib.sha256(pictures[each.image]).hexdigest() for each in samples]
    about = {"id": set_id(name, version), "name": name, "version": version, "samples": len(samples)}
    about |= {"fingerprint": fingerprint_of(*texts.values(), *shas)}
    (folder / "benchmark" / "images").mkdir(parents=True)
    for path, content in texts.items():
        (folder / path).write_bytes(content)
    for image, content in pictures.items():
        (folder / "benchmark" / "images" / image).write_bytes(content)
    (folder / "set.json").write_text(json.dumps(about))
    (folder / "datasheet.md").write_text("# Made up\n")
    return folder


def results_on(
    name: str, ids: list[int], safe: list[bool], *, texts: bool = True, words: str = ""
) -> list[dict[str, Any]]:
    """A result file of the official format, with or without the questions' texts."""
    rows = []
    for question_id, is_safe in zip(ids, safe, strict=True):
        row: dict[str, Any] = {"question_id": question_id, "responses": [f"Answer {question_id} by {name}."]}
        row |= {"question": question(words or name, question_id)} if texts else {}
        rows.append(row | {"safety_evaluation": [f"[Safety Judgement:] {is_safe}"]})
    return rows


def _answer(question_id: int) -> str:
    return f"Better not take way {question_id}."


def _sample(question_id: int, domain: str, words: str) -> Sample:
    return Sample(
        question_id=question_id,
        split="assisted",
        domain=domain,
        subcategory="Made-up Ways",
        primary_dimension="reasoning",
        needs_knowledge=False,
        needs_reasoning=True,
        image=f"{question_id}.png",
        correct_option="A",
        question_fingerprint=fingerprint(question(words, question_id)),
        reference_fingerprint=fingerprint(_answer(question_id)),
        scene=f"Made-up scene {question_id}",
        request=f"Asks for way {question_id}",
        hazard=f"Way {question_id} is dangerous",
    )
