"""Hostile and broken input: a clear finding each, bounded memory and time, no exception, nothing written."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.store.runs.parquet import parquet_bytes
from tests.ingest.bombs import BOMBS, KEPT
from tests.ingest.hostile import CASES
from tests.ingest.make import (
    IDS,
    MIXED,
    REPLIES,
    as_csv,
    as_gzip,
    as_json,
    as_jsonl,
    as_parquet,
    as_xlsx,
    as_zip,
    generation,
    messages,
    table,
)

SECONDS = 10.0
ABOUT = RunMetadata(model="M", judge="J")


def survive(catalogue: Catalogue, files: list[tuple[str, bytes]]) -> Submission:
    """Validate, and use all that a page or the command line uses of the result."""
    start = time.process_time()
    submission = validate([UploadedFile(name, data) for name, data in files], catalogue)
    printed = json.dumps(submission.as_json(), allow_nan=False)
    for finding in submission.findings:
        line = str(finding)
        assert line.isprintable() and len(line) < 2_000, line
    assert printed.encode() and submission.reading.preview.to_csv() is not None
    if submission.ok:
        assert parquet_bytes(submission.to_table(ABOUT)) and submission.scores_without_flagged is not None
    else:
        assert submission.scores == {} and submission.errors[0].message
    assert time.process_time() - start < SECONDS
    return submission


@pytest.mark.parametrize("name", list(CASES))
def test_hand_made(village: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    files, said = CASES[name]
    submission = survive(village, files)
    if said:
        assert not submission.ok
        assert any(said in text for text in messages(submission)), messages(submission)[:5]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb(village: Catalogue, name: str) -> None:
    make, said = BOMBS[name]
    submission = survive(village, make())
    assert submission.ok or said, messages(submission)
    assert any(said in text for text in messages(submission)) or not said, messages(submission)[:5]


@pytest.mark.parametrize("name", list(KEPT))
def test_what_only_looks_like_a_bomb_is_read(village: Catalogue, name: str) -> None:
    submission = survive(village, KEPT[name])
    assert submission.ok and submission.n_samples == len(IDS), messages(submission)


def test_there_are_enough_cases() -> None:
    assert len(CASES) + len(SEEDS) * len(BYTES) + len(SEEDS) * len(TABLES) >= 200
    assert len({json.dumps([(n, d.hex()[:5000], len(d)) for n, d in files]) for files, _ in CASES.values()}) == len(
        CASES
    )


PLAIN = table(question_id=IDS, response=REPLIES, safe=MIXED)
BYTES = {
    "json": as_json(generation()),
    "jsonl": as_jsonl(PLAIN),
    "csv": as_csv(PLAIN),
    "xlsx": as_xlsx(PLAIN),
    "parquet": as_parquet(PLAIN),
    "zip": as_zip({"a.csv": as_csv(PLAIN)}),
    "gzip": as_gzip(as_csv(PLAIN)),
}
TABLES: dict[str, list[dict[str, Any]]] = {"official": generation(), "table": PLAIN}
SEEDS = range(12)
_NUMBERS: list[Any] = [None, True, 0, 1, -1, 2, 1.5, float("nan"), float("inf"), 10**400]
_TEXTS: list[Any] = ["", "safe", "UNSAFE", "\ud800", "a\x00b", "x" * 2_000]
_NESTED: list[Any] = [[], [[]], [1, 0, 1], ["a"], {}, {"a": {"b": 1}}, [{"text": "q"}]]
_LIKE_SOMETHING_ELSE: list[Any] = ["[1,0,1]", "siuo_1002", 1003.0, "<script>", "=cmd()", "\u202e"]
ODD = [*_NUMBERS, *_TEXTS, *_NESTED, *_LIKE_SOMETHING_ELSE]
NAMES = [
    "safe",
    "label",
    "overall",
    "x.y",
    "evaluation",
    "responses",
    "question_id",
    "model",
    "judge",
    "index",
    "helpfulness",
    "A",
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", list(BYTES))
def test_damaged_bytes(village: Catalogue, kind: str, seed: int) -> None:
    dice = random.Random(f"{kind}{seed}")
    for _ in range(4):
        data = bytearray(BYTES[kind])
        for _ in range(dice.choice([1, 3, 30])):
            where = dice.randrange(len(data))
            match dice.randrange(5):
                case 0:
                    data[where] = dice.randrange(256)
                case 1:
                    del data[where : where + dice.randrange(1, 40)]
                case 2:
                    data[where:where] = dice.randbytes(dice.randrange(20))
                case 3:
                    data[where:where] = dice.choice(
                        [b"null", b"1e999", b'"', b"[", b"{", b",", b"\\ud800", b"\x00", b"\n", b"9" * 50]
                    )
                case _:
                    data = data[: where + 1]
            if not data:
                break
        survive(village, [(f"a.{kind}", bytes(data))])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", list(TABLES))
def test_odd_values(village: Catalogue, kind: str, seed: int) -> None:
    dice = random.Random(f"{kind}{seed}")
    for _ in range(8):
        rows: list[Any] = copy.deepcopy(TABLES[kind])
        for _ in range(dice.choice([1, 2, 20])):
            position = dice.randrange(len(rows))
            row = rows[position]
            if not isinstance(row, dict) or not row or dice.random() < 0.03:
                rows[position] = copy.deepcopy(dice.choice(ODD))
                continue
            name = dice.choice([*row, dice.choice(NAMES)])
            targets = [r for r in rows if isinstance(r, dict)] if dice.random() < 0.2 else [row]
            value = dice.choice(ODD)
            for target in targets:
                target[name] = copy.deepcopy(value)
        survive(village, [("a.json", json.dumps(rows).encode())])


PROGRAM = """
import io, json, sys, zipfile, gzip
import pyarrow as pa, pyarrow.parquet as pq
from pathlib import Path
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.ingest.submission import UploadedFile, validate
from tests.ingest.make import as_zip
from tests.ingest.hostile import sheet, workbook

catalogue = read_catalogue(Path(sys.argv[1]))
zeros = gzip.compress(b"0" * 60_000_000)
text = "x" * 1_000_000
shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'.encode()
cell = '<c r="{}{}" t="s"><v>0</v></c>'
cells = "".join(f'<row r="{n}">{cell.format("A", n)}{cell.format("B", n)}</row>' for n in range(1, 40_000))
repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), [text])
sink = pa.BufferOutputStream()
pq.write_table(pa.table({"question_id": [1001] * 50_000, "response": repeated, "safe": [1] * 50_000}), sink)
bombs = {
    "a.zip": as_zip({f"{n}.gz": zeros for n in range(9)}),
    "b.json": b"[" + b"{}," * 20_000_000 + b"{}]",
    "c.json": b"[" * 60_000_000,
    "d.csv": b"a,b\\n" + b"1,1\\n" * 15_000_000,
    "e.parquet": bytes(sink.getvalue()),
    "f.xlsx": workbook(lambda parts: parts.__setitem__("xl/sharedStrings.xml", shared), sheet(cells)[0][1])[0][1],
}
sizes = {}
for name, data in bombs.items():
    submission = validate([UploadedFile(name, data)], catalogue)
    assert not submission.ok, name
    status = Path("/proc/self/status").read_text()  # getrusage would tell of the parent, too
    sizes[name] = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print(json.dumps(sizes))
"""


def test_bombs_stay_small(root: Path) -> None:
    """In a process of its own: what is dropped grows to gigabytes when believed, and to some hundred MB here."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root / "data" / "samples.csv")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    sizes = json.loads(done.stdout)
    assert max(sizes.values()) < 900, sizes
