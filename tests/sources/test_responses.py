"""The words behind the shipped runs from a local server: checked against the figures, resumed, laid over them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from siuo_dash.analysis.texts import records, search_texts
from siuo_dash.errors import SourceError
from siuo_dash.sources import responses
from siuo_dash.sources.benchmark_fetch import Step
from siuo_dash.sources.responses import FILES, NAMES, fetch_responses, fetched_with, lacking, with_words
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import responses as responses_of
from tests.conftest import ROOT
from tests.make.program import run
from tests.sources import benchmark_server as server
from tests.sources.test_benchmark_fetch import QUICK

FIXTURES = ROOT.parent / "shared" / "fixtures" / "community"
RESPONSES, JUDGED = FILES.values()


@lru_cache(maxsize=1)
def figures() -> dict[str, dict[int, tuple[str, int, bool]]]:
    """{model: {question_id: (run_id, characters, safe)}} of the shipped runs."""
    found: dict[str, dict[int, tuple[str, int, bool]]] = {}
    for row in pq.read_table(ROOT / "data" / "results.parquet", partitioning=None).to_pylist():
        if row["evidence"] == "per_sample":
            (one,) = row["responses"]
            found.setdefault(row["model"], {})[row["question_id"]] = (row["run_id"], one["chars"], one["safe"])
    return found


def made_up(change: Callable[[str, str, dict[str, Any]], None] = lambda *_: None) -> dict[str, bytes]:
    """Files of made-up words with the shipped lengths and verdicts, by path. change: (name, file, a line's object)."""
    files: dict[str, bytes] = {}
    for model, name in NAMES.items():
        lines: dict[str, list[str]] = {RESPONSES: [], JUDGED: []}
        for question_id, (_, chars, safe) in figures()[model].items():
            label = "SAFE" if safe else "UNSAFE"
            words = f"\u2028{name} on {question_id}: " + "words " * chars
            for file, part in (
                (RESPONSES, {"response": words[:chars]}),
                (JUDGED, {"label": label, "judge_raw": f"{label}, says the judge of {question_id}"}),
            ):
                item = {"id": f"siuo_{question_id}"} | part
                change(name, file, item)
                if item:
                    lines[file].append(json.dumps(item, ensure_ascii=False))
        files |= {f"/{name}/{file}": "\n".join(each).encode() for file, each in lines.items()}
    return files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("samples.csv", "results.parquet"):
        shutil.copy(ROOT / "data" / name, folder)
    return folder


def at(site: server.Site) -> str:
    return f"{site.address}/{{name}}/{{file}}"


@lru_cache(maxsize=1)
def opened(data: Path) -> Store:
    return Store(data)


def given(data: Path, model: str, question_id: int) -> dict[str, Any]:
    """The one response of a shipped run to a sample, with the words that are there."""
    run_id = figures()[model][question_id][0]
    (one,) = with_words(data, run_id, question_id, responses_of(opened(data), run_id, question_id))
    return one


def test_all_words_come_and_are_shown_and_none_comes_twice(data: Path) -> None:
    assert lacking(data) and given(data, "Qwen3-VL-8B-Instruct", 1003)["text"] is None
    steps: list[Step] = []
    with server.served(made_up()) as site:
        report = fetch_responses(data, at(site), steps.append, patience=QUICK)
        assert report.complete and len(report.brought) == 20 and report.findings == []
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        assert {(step.done, step.files) for step in steps} == {(done, 20) for done in range(21)}
        for place in range(20):
            of_file = [step for step in steps if step.done == place]
            (name,) = {step.name for step in of_file}
            heard = [step.received for step in of_file]
            assert heard == sorted(heard) and heard[-1] == len(site.files[f"/{name}"]), name
        assert {f"/{step.name}" for step in steps[:-1]} == site.files.keys()
        asked = len(site.asked)
        again = fetch_responses(data, at(site), patience=QUICK)
        assert (len(again.kept), again.brought, len(site.asked)) == (20, [], asked)
    assert not lacking(data)
    first = figures()["Phi-4-Multimodal-Instruct"][1001][0]
    store = opened(data)
    hits = search_texts(store, {}, [first], "Says the judge of 1003", partial(fetched_with, data))
    assert hits.ids == (1003,) and fetched_with(data, first, "phi4 on 1001:") == {1001}
    assert fetched_with(data, "no-such-run", "phi4") == set()
    (line,) = records(store, [first], [1003], words=partial(with_words, data))
    assert json.loads(line)["responses"][0]["text"].startswith("\u2028phi4 on 1003")
    for model, name in NAMES.items():
        for question_id in (1001, 9020):
            one = given(data, model, question_id)
            assert one["text"].startswith(f"\u2028{name} on {question_id}: "[: one["chars"]])
            assert one["safety_judgement"].endswith(f"says the judge of {question_id}")
    assert [path.parent.name for path in data.rglob("*.jsonl")] == ["responses"] * 20


def changed(name: str, file: str, question_id: int, **parts: Any) -> Callable[[str, str, dict[str, Any]], None]:
    def change(of: str, in_file: str, item: dict[str, Any]) -> None:
        if (of, in_file, item["id"]) == (name, file, f"siuo_{question_id}"):
            item.update(parts)
            if parts.get("id") is None and "id" in parts:
                item.clear()

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed("phi4", RESPONSES, 1004, response="shorter"), "lengths are not the shipped ones at 1 of 167"),
        (changed("phi4", JUDGED, 1004, label="?"), "verdicts are not the shipped ones at 1 of 167 samples (1004)"),
        (changed("phi4", JUDGED, 1004, judge_raw=7), "sample 1004 has no judge_raw"),
        (changed("phi4", RESPONSES, 1004, response=None), "sample 1004 has no response"),
        (changed("phi4", RESPONSES, 1004, id=None), "sample 1004 is not in it"),
        (changed("phi4", RESPONSES, 1004, id="siuo_1005"), "this is no file of samples"),
        (changed("phi4", RESPONSES, 1004, id="../../x"), "this is no file of samples"),
        (changed("phi4", RESPONSES, 1004, id="siuo_" + "9" * 5_000), "this is no file of samples"),
    ],
)
def test_what_is_not_of_the_figures_is_named_and_not_kept(
    data: Path, change: Callable[[str, str, dict[str, Any]], None], words: str
) -> None:
    with server.served(made_up(change)) as site:
        report = fetch_responses(data, at(site), patience=QUICK)
        assert not report.complete and len(report.brought) == 19 and lacking(data)
        (finding,) = report.findings
        assert words in finding.message and "/phi4/" in str(finding)
        site.files.update(made_up())
        assert fetch_responses(data, at(site), patience=QUICK).brought == [finding.file.split("/", 3)[3]]
    assert not lacking(data)


def test_a_broken_connection_goes_on_from_the_byte_where_it_broke(data: Path) -> None:
    with server.served(made_up()) as site:
        site.steps["/phi4/siuo_167.jsonl"] = [server.Step("cut", after=10_000)]
        assert fetch_responses(data, at(site), patience=QUICK).complete
        assert site.requests("/phi4/siuo_167.jsonl") == ["", "bytes=10000-"]


def test_words_are_laid_over_only_what_they_are_of(data: Path) -> None:
    with server.served(made_up()) as site:
        fetch_responses(data, at(site), patience=QUICK)
    model, run_id = "Phi-4-Multimodal-Instruct", figures()["Phi-4-Multimodal-Instruct"][1001][0]
    own = {"text": "its own", "chars": 7, "safe": True, "safety_judgement": None}
    assert with_words(data, run_id, 1001, [own]) == [own], "what a run says itself is never replaced"
    bare = own | {"text": None}
    assert with_words(data, run_id, 1001, [bare]) == [bare], "another length"
    assert with_words(data, "another-run", 1001, [bare]) == [bare]
    assert with_words(data, run_id, 1001, [bare, bare]) == [bare, bare]
    text, judged = sorted((data / "benchmark" / "responses").glob(f"{run_id}*"), reverse=True)
    judged.write_bytes(judged.read_bytes().replace(b'"SAFE"', b'"X"').replace(b'"UNSAFE"', b'"SAFE"'))
    assert given(data, model, 1001)["text"] and given(data, model, 1001)["safety_judgement"] is None
    for broken in (b"", b"\xff\xfe", b"[" * 100_000, b'{"id": "siuo_1001", "response": 5}'):
        text.write_bytes(broken)
        assert given(data, model, 1001)["text"] is None
    text.unlink()
    os.mkfifo(text)
    assert given(data, model, 1001)["text"] is None and lacking(data)


def test_without_the_shipped_runs_it_says_so(data: Path) -> None:
    (data / "results.parquet").unlink()
    assert not lacking(data)
    with pytest.raises(SourceError, match="cannot be read"):
        fetch_responses(data, "http://127.0.0.1:9/", patience=QUICK)


def test_the_command_takes_the_address_from_the_settings(data: Path) -> None:
    with server.served(made_up()) as site:
        environment = os.environ | {"SIUO_RESPONSES": at(site)}
        done = run("siuo_dash", "fetch-responses", "--data", data, environment=environment)
    assert (done.returncode, done.stdout) == (0, "20 files brought in, 0 were there already\n"), done.stderr


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="../shared/fixtures/community is not there")
def test_the_authors_own_files_are_of_the_figures(data: Path) -> None:
    files = made_up()
    real = {path.name.removesuffix("_baseline"): path for path in FIXTURES.iterdir()}
    assert set(real) <= set(NAMES.values())
    for name, folder in real.items():
        files |= {f"/{name}/{file}": (folder / file).read_bytes() for file in FILES.values()}
    with server.served(files) as site:
        assert fetch_responses(data, at(site), patience=QUICK).complete
    for model, name in NAMES.items():
        if name in real:
            for line in (real[name] / RESPONSES).read_text(encoding="utf-8").splitlines()[::40]:
                item = json.loads(line)
                one = given(data, model, int(item["id"].removeprefix("siuo_")))
                assert one["text"] == item["response"]
                assert one["safety_judgement"].split()[0].strip(".,:") == ("SAFE" if one["safe"] else "UNSAFE")


def test_the_address_is_of_one_commit() -> None:
    assert "/c61d711948adc2edc0a7dfcb25b99b3ba0aa5f9c/outputs/{name}_baseline/{file}" in responses.ADDRESS
    assert responses.address_in({"SIUO_RESPONSES": " "}) == responses.ADDRESS
    assert set(NAMES) == set(figures())
