"""From a dropped file to its preview, and publishing, beside an empty store and one of many uploads."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path

import pyarrow as pa

from benchmarks.measure import head, in_turn, line, ratio, words
from siuo_dash.analysis import preview
from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.ingest import reader_process, submission
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import upload
from siuo_dash.settings.paths import ROOT
from siuo_dash.store import registry
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import RUNS
from siuo_dash.store.registry import publish
from siuo_dash.store.registry.change import Change, Upload
from siuo_dash.store.registry.opening import make
from siuo_dash.store.runs.parquet import CONTENT_HASH, parquet_bytes, with_values
from tests.make.runs import IDS, make_run, share, with_column
from tests.make.stores import make_data

JUDGE = "judge 0"
READING = head("step", "in the program", "in a process of its own", "ratio")
HEAD = head("uploads in the store", "step", "store without uploads", "store with them", "ratio")
_PEOPLE = [registry.Actor(f"person-{number}@example.org") for number in range(50)]
_REVIEWER = registry.Actor("reviewer@example.org", reviewer=True)
_PATTERNS = 100
"""Runs of different verdicts; further runs repeat them under other names."""


def run(work: Path, runs: int) -> list[str]:
    """Lines of a Markdown table: a file of 167 samples, in a store without uploads and in one with `runs` of them."""
    folders = {"empty": work / f"publishing-beside-{runs}", "full": work / f"publishing-{runs}"}
    stores = {}
    for name, folder in folders.items():
        make_data(folder)
        if name == "full":
            fill(folder, runs)
        stores[name] = Store(folder)
    file = _file(0)
    numbers = count(1)
    tables = {name: iter([_submission(stores[name], _file(next(numbers))) for _ in range(16)]) for name in folders}
    waiting: dict[str, list[str]] = {name: [] for name in folders}

    shown = in_turn({name: lambda name=name: _preview(stores[name], file) for name in folders})
    published = in_turn({name: lambda name=name: _publish(folders[name], next(tables[name])) for name in folders})
    sent = in_turn(
        {name: lambda name=name: waiting[name].append(_send(folders[name], next(tables[name]))) for name in folders}
    )
    approved = in_turn(
        {name: lambda name=name: registry.approve(folders[name], waiting[name].pop(), _REVIEWER) for name in folders}
    )
    new = upload.candidate(_submission(stores["empty"], file), JUDGE)
    ranges = in_turn(
        {name: lambda name=name: preview.rank_range(stores[name], new, METRICS["safe"]) for name in folders}, rounds=3
    )
    return [
        line(f"{runs:,}", label, *(words(seconds[name]) for name in folders), f"{ratio(seconds, 'full', 'empty'):.2f}")
        for label, seconds in (
            ("drop to preview", shown),
            ("rank range, in the background", ranges),
            ("publish", published),
            ("hosted: send for review", sent),
            ("hosted: approve", approved),
        )
    ]


def reading() -> list[str]:
    """A line of a Markdown table: reading, scoring and examining that file, here and where pages have it done."""
    catalogue, files = read_catalogue(ROOT / "data" / "samples.csv"), [UploadedFile("results.json", _file(0))]
    ways = {"here": submission.validate, "there": reader_process.validate}
    took = in_turn({name: lambda read=read: read(files, catalogue) for name, read in ways.items()}, rounds=15)
    return [line("read", words(took["here"]), words(took["there"]), f"{ratio(took, 'there', 'here'):.2f}")]


def _file(salt: int) -> bytes:
    """The benchmark's merged format: 167 samples, three responses of about 600 characters that differ by the salt."""
    reply = "It looks at the picture, names what could go wrong and offers a safer way. " * 8
    return json.dumps(
        [
            {
                "question_id": question_id,
                "responses": [f"{salt}, {question_id}, {number}: {reply}" for number in range(3)],
                "safety_evaluation": [f"[Reasons:] As seen. [Safety Judgement:] {question_id % 3 > 0}"] * 3,
                "effectiveness_evaluation": ["[Reasons:] As seen. [Effectiveness Judgement:] Very Effective"] * 3,
            }
            for question_id in IDS
        ]
    ).encode()


def _submission(store: Store, file: bytes) -> Submission:
    made = reader_process.validate([UploadedFile("results.json", file)], store.catalogue)
    if not made.ok:
        raise SystemExit(f"the benchmark's own file is refused: {made.errors[0]}")
    return made


def _preview(store: Store, file: bytes) -> None:
    """What a page does before it shows the preview: read, score, examine, place, compare with earlier runs."""
    store.refresh()
    made = _submission(store, file)
    metrics = [METRICS[name] for name in made.scores]
    new = upload.candidate(made, JUDGE)
    names = preview.known_names(store)
    standing = preview.standing(store, new, metrics[0], "Model 00001")
    assert standing is not None
    upload.around(standing)
    upload.health_frame(made)
    upload.domain_frame(made, metrics[0])
    preview.earlier_runs(store, new, "Model 00001", names["model"], metrics)


def _publish(folder: Path, made: Submission) -> None:
    publish(folder, made.to_table(RunMetadata("Example-VL-7B", JUDGE)), by=None)


def _send(folder: Path, made: Submission) -> str:
    limits = registry.Limits(1_000, 1_000)
    return registry.submit(folder, made.to_table(RunMetadata("Sent-VL-7B", JUDGE)), _PEOPLE[0], limits=limits).run_id


def fill(folder: Path, runs: int) -> None:
    """So many published runs of 167 samples without texts, sent by fifty people and approved by one."""
    patterns = [_pattern(number) for number in range(min(runs, _PATTERNS))]
    (folder / RUNS).mkdir()

    def fill(now: Change) -> None:
        for number in range(runs):
            table, digest = patterns[number % _PATTERNS]
            model = f"Model {number:05d}"
            run_id = make_run_id(model, JUDGE, digest)
            body = parquet_bytes(with_values(table, run_id=run_id, model=model), {CONTENT_HASH: digest})
            name = f"{RUNS}/{hashlib.sha256(body).hexdigest()}.parquet"
            (folder / name).write_bytes(body)
            # A pattern is repeated under other names, which counts as other content here.
            content = hashlib.sha256(run_id.encode()).hexdigest()
            upload = Upload(run_id, content, False, name, "self-reported", model, JUDGE, None)
            now.bring("submit", upload, owner=_PEOPLE[number % len(_PEOPLE)].id, verified=True)
            row = now.run(run_id)
            assert row is not None
            now.move("approve", row, _REVIEWER.id)

    make(folder, fill)


def _pattern(number: int) -> tuple[pa.Table, str]:
    """A run's rows, which get other names, and what they hash to."""
    safe = [(question_id * 7 + number * 13) % 100 < 20 + number % 61 for question_id in IDS]
    table = make_run("Pattern", safe, share(len(IDS)), safe, judge=JUDGE)
    table = with_column(table, "responses", [[] for _ in IDS])
    return table, content_hash(table)
