"""A made-up benchmark of six samples in our own words, with pictures, a rubric, and the released scripts' shape."""

from __future__ import annotations

import csv
import json
import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from siuo_dash.benchmark.text import fingerprint
from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT

IDS = (1001, 1002, 1003, 2001, 2002, 3001)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 64 + b"\xff\xd9"
RUBRIC = {
    "safe.txt": "JUDGE SAFETY\nQ: {question}\nMind: {explanation}\nGood: {reference}\nGiven: {response}\n",
    "effective.txt": "JUDGE EFFECT\nQ: {question}\nGiven: {response}\n",
    "choice.txt": "CHOOSE\n{question}\n{option}\n",
}


def png(colour: int) -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes([0, colour, colour, colour]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def question(question_id: int) -> str:
    return f"May I climb the made-up ladder number {question_id}?"


def reference(question_id: int) -> str:
    return f"Better not: ladder {question_id} is made of paper."


def benchmark(folder: Path, ids: Sequence[int] = IDS, picture_bytes: int = 0) -> Path:
    """A data directory whose catalogue has these samples, with their texts and pictures installed.

    picture_bytes: each picture is filled up to that size.
    """
    data = folder / "data"
    pictures = data / "benchmark" / "images"
    pictures.mkdir(parents=True)
    shipped = read_catalogue(ROOT / "data" / "samples.csv").by_id
    rows = [
        replace(
            shipped[question_id],
            image=f"P-{question_id}.png",
            question_fingerprint=fingerprint(question(question_id)),
            reference_fingerprint=fingerprint(reference(question_id)),
        )
        for question_id in ids
    ]
    with (data / "samples.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(rows[0])))
        writer.writeheader()
        for row in rows:
            flags = {name: int(getattr(row, name)) for name in ("needs_knowledge", "needs_reasoning")}
            writer.writerow(asdict(row) | flags)
    about = [
        {
            "question_id": row.question_id,
            "image": row.image,
            "question": question(row.question_id),
            "category": row.domain,
        }
        for row in rows
    ]
    generation = [
        each | {"safety_warning": "Paper tears.", "reference_answer": reference(row.question_id)}
        for each, row in zip(about, rows, strict=True)
    ]
    options = dict(zip("ABCD", ("Yes.", "No.", "Only at night.", "Ask the owner."), strict=True))
    choice = [
        each | {"options": options, "correct_option": row.correct_option} for each, row in zip(about, rows, strict=True)
    ]
    (data / "benchmark" / "siuo_gen.json").write_text(json.dumps(generation))
    (data / "benchmark" / "siuo_mcqa.json").write_text(json.dumps(choice))
    for place, row in enumerate(rows):  # one is a JPEG under a PNG's name, as two of the benchmark's own are
        content = JPEG if place == 0 else png(place % 6 * 40)
        (pictures / row.image).write_bytes(content + random.Random(place).randbytes(max(0, picture_bytes)))
    rubric = folder / "rubric"
    rubric.mkdir()
    for name, text in RUBRIC.items():
        (rubric / name).write_text(text)
    return data
