"""`audit`: pictures and words alone; what was judged is not asked again; rates beside the published ones."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner, Result

from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.cli.app import program
from siuo_dash.construct.auditing import Audit, Subject
from siuo_dash.construct.calls import Calls
from siuo_dash.construct.freeze import freeze
from siuo_dash.construct.instructions import read
from siuo_dash.construct.reviewing import edit, review
from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.asking import Progress
from siuo_dash.evaluate.plan import Operation
from siuo_dash.store import sample_sets
from tests.construct.fake import Replies, kind_of
from tests.evaluate.bench import MODEL
from tests.evaluate.made import IDS, benchmark, question
from tests.evaluate.server import KEY, Server, served
from tests.make.candidates import ALL_YES, candidates, draw
from tests.make.program import needs_engine
from tests.server.loops import beside

needs_engine()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as running:
        running.kind_of = kind_of
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    benchmark(folder)
    candidates(folder / "candidates", 4, discarded=[3])
    return folder


def audit(place: Path, server: Server, *more: str) -> Result:
    where = ("--to", place / "audit", "--data", place / "data", "--base-url", server.address, "--retries", "2")
    command = ["audit", "--model", MODEL, *map(str, where), *more]
    return beside(lambda: CliRunner().invoke(program, command, env={"FAKE_API_KEY": KEY}))


def test_pictures_and_words_are_judged_alone_and_never_twice(place: Path, server: Server) -> None:
    server.clear()
    server.reply_to = lambda kind, prompt, *_: json.dumps(
        {"safe": kind == "picture_safety" or question(1002) not in prompt, "reason": "Weighed."}
    )
    more = ("--candidates", str(place / "candidates"), "--json")
    done = audit(place, server, *more)
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert server.kinds == {"picture_safety": 9, "query_safety": 9} and sum(server.pictures.values()) == 9
    low, high = limits(5, 6)
    assert report["safe"]["siuo-167"]["words"] == {
        "safe": 5,
        "judged": 6,
        "of": 6,
        "rate": 5 / 6,
        "low": low,
        "high": high,
    }
    assert report["safe"]["candidates"]["picture"]["of"] == 3, "what was discarded is not audited"
    assert report["unsafe"] == [{"subject": "sample 1002", "alone": "words", "reason": "Weighed."}]
    server.clear()
    again = audit(place, server, *more)
    assert json.loads(again.stdout) == report and not server.asked
    first = sorted(path.name for path in (place / "candidates" / "pictures").iterdir())
    assert len(first) == 4
    ids = [each["subject"] for each in map(json.loads, (place / "audit" / "audit.jsonl").read_text().splitlines())]
    edited = next(each for each in ids if each.startswith("candidate ")).removeprefix("candidate ")
    edit(place / "candidates", edited, by="Ada", version=2, changes={"query": "Another question?"})
    assert audit(place, server, *more).exit_code == 0
    assert server.kinds == {"query_safety": 1}, "other words are judged again, the same picture is not"


def test_the_rate_is_shown_beside_the_published_ones(place: Path, server: Server) -> None:
    server.clear()
    server.reply_to = Replies()
    done = audit(place, server, "--samples", "1001,2001")
    assert done.exit_code == 0 and "94.76% and 95.96%" in done.stdout and "words alone" in done.stdout


def test_what_is_never_readable_is_ungraded_not_unsafe(place: Path, server: Server) -> None:
    server.clear()
    server.reply_to = lambda *_: "<p>Safe!</p>"
    done = audit(place, server, "--samples", "1001", "--to", str(place / "broken"), "--json")
    assert done.exit_code == 0 and server.kinds == {"picture_safety": 3, "query_safety": 3}
    report = json.loads(done.stdout)
    words = report["safe"]["siuo-167"]["words"]
    assert (words["safe"], words["judged"], words["of"], words["rate"]) == (0, 0, 1, None)
    again = audit(place, server, "--samples", "1001", "--to", str(place / "broken"), "--json")
    assert json.loads(again.stdout)["usage"] == report["usage"], "what could not be read was paid for too"
    assert report["usage"][MODEL]["calls"] == 6 == sum(server.asked.values())
    assert "complete: 0 of 1 sample or candidate judged" in again.stderr


def test_a_picture_of_two_candidates_is_judged_once_and_counts_for_both(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1)
    subjects = [Subject(f"candidate {name}", "candidates", f"Query {name}?", tmp_path / "a.png") for name in "xy"]
    calls = Calls(Operation(), {"a/judge": "--model"}, Progress(0), lambda _: None)
    work = Audit(tmp_path, "a/judge", read(), subjects, calls)
    assert work.estimated()["a/judge"].calls == calls.progress.planned == 3

    async def ask(model: str, *_: object, **__: object) -> Answer:
        return Answer('{"safe": true, "reason": "Weighed."}', asked=model)

    beside(partial(anyio.run, work.one_pass, ask))
    assert calls.progress.usage["a/judge"].calls == calls.progress.done == 3 and work.missing() == {}
    assert work.tallies() == {"candidates": {"picture": Tally(2, 2, 2), "words": Tally(2, 2, 2)}}


def test_a_file_that_is_no_picture_is_named_and_the_others_go_on(place: Path, server: Server, tmp_path: Path) -> None:
    server.clear()
    server.reply_to = Replies()
    ids = candidates(tmp_path / "candidates", 2)
    sorted((tmp_path / "candidates" / "pictures").iterdir())[0].write_text("<html>")
    where = ("--to", str(tmp_path / "audit"), "--samples", "none", "--candidates", str(tmp_path / "candidates"))
    done = audit(place, server, *where, "--json")
    missing = json.loads(done.stdout)["missing"]
    assert done.exit_code == 75 and len(ids) == 2 and server.kinds == {"picture_safety": 1, "query_safety": 2}
    assert list(missing.values()) == ["this is no PNG, JPEG, GIF or WebP picture"]
    assert "incomplete: 1 of 2 samples and candidates judged" in done.stderr


def test_samples_that_are_not_installed_are_named(place: Path, server: Server, tmp_path: Path) -> None:
    server.clear()
    benchmark(tmp_path)
    (tmp_path / "data" / "benchmark" / "images" / f"P-{IDS[0]}.png").unlink()
    done = audit(tmp_path, server, "--dry-run")
    assert done.exit_code == 0 and "left out: 1 sample (1001)" in done.stderr and "10 calls" in done.stderr
    named = audit(tmp_path, server, "--samples", "1001", "--dry-run")
    assert named.exit_code == 1 and "not installed: 1001" in str(named.exception)
    nothing = audit(tmp_path, server, "--samples", "none")
    assert nothing.exit_code == 1 and "there is nothing to judge" in str(nothing.exception)
    assert not (tmp_path / "audit").exists() and server.asked == Counter()


def test_a_sample_set_is_audited_by_its_name(place: Path, server: Server, tmp_path: Path) -> None:
    server.clear()
    server.reply_to = Replies()
    benchmark(tmp_path)
    folder = tmp_path / "candidates"
    for each in candidates(folder, 2):
        review(folder, each, by="Ada", version=2, criteria=ALL_YES, decision="accept")
    freeze(folder, tmp_path / "frozen", name="fresh")
    sample_sets.add(tmp_path / "data", tmp_path / "frozen")
    done = audit(tmp_path, server, "--samples", "fresh-v1", "--json")
    assert done.exit_code == 0 and server.kinds == {"picture_safety": 2, "query_safety": 2}
    assert json.loads(done.stdout)["safe"]["fresh-v1"]["words"]["of"] == 2
    assert "there is no sample set 'old-v1'" in str(audit(tmp_path, server, "--samples", "old-v1").exception)
