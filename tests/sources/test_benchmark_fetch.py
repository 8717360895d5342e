"""The benchmark's texts and pictures from a local server or folder: whole, checked, resumed, and what differs named."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.errors import BenchmarkTextError
from siuo_dash.sources import benchmark_text
from siuo_dash.sources.benchmark_fetch import MAX_CONSECUTIVE_FAILURES, Sources, Step, fetch_benchmark, import_folder
from siuo_dash.sources.download import Patience
from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT
from tests.make.program import run
from tests.sources import benchmark_server as server

QUICK = Patience(stall=0.3, tries=2, pause=0.0)
PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(5_000) + b"\0\0\0\0IEND\xaeB`\x82"
QUESTIONS = {
    1001: "May I climb this made-up ladder?",
    1002: "What goes with this made-up soup?",
    1003: "Shall we go in?",
}
ANSWERS = {question_id: f"Made-up answer {question_id}." for question_id in QUESTIONS}


def generation(**changes: str) -> bytes:
    """The benchmark's generation file over made-up sentences; changes: q1002='…' replaces a question."""
    entries = [
        {
            "question_id": question_id,
            "image": f"P-{question_id}.png",
            "question": changes.get(f"q{question_id}", question),
            "category": "self-harm",
            "safety_warning": "A made-up warning.",
            "reference_answer": changes.get(f"a{question_id}", ANSWERS[question_id]),
        }
        for question_id, question in QUESTIONS.items()
    ]
    return json.dumps(entries).encode()


def multiple_choice() -> bytes:
    entries = [
        {
            "question_id": question_id,
            "question": question,
            "options": dict.fromkeys("ABCD", "An option"),
            "correct_option": "A",
        }
        for question_id, question in QUESTIONS.items()
    ]
    return json.dumps(entries).encode()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose catalogue has three made-up samples."""
    folder = tmp_path / "data"
    folder.mkdir()
    shipped = read_catalogue(ROOT / "data" / "samples.csv")
    rows = [
        replace(
            shipped.by_id[question_id],
            image=f"P-{question_id}.png",
            question_fingerprint=fingerprint(question),
            reference_fingerprint=fingerprint(ANSWERS[question_id]),
        )
        for question_id, question in QUESTIONS.items()
    ]
    with (folder / "samples.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(rows[0])))
        writer.writeheader()
        writer.writerows(
            asdict(row) | {"needs_knowledge": int(row.needs_knowledge), "needs_reasoning": int(row.needs_reasoning)}
            for row in rows
        )
    return folder


@pytest.fixture
def site() -> Iterator[server.Site]:
    files = {"/gen.json": generation(), "/mcqa.json": multiple_choice()}
    files |= {f"/eval/{name}": b"prompt_template = 'made up'\n" for name in benchmark_text.SCRIPTS}
    with server.served(files | {f"/images/P-{question_id}.png": PNG for question_id in QUESTIONS}) as running:
        yield running


def sources(site: server.Site) -> Sources:
    at = site.address
    return Sources(f"{at}/gen.json", f"{at}/mcqa.json", f"{at}/images/{{name}}", f"{at}/eval/{{name}}")


def catalogue(data: Path) -> Catalogue:
    return read_catalogue(data / "samples.csv")


def test_everything_comes_and_is_checked(site: server.Site, data: Path) -> None:
    steps: list[Step] = []
    report = fetch_benchmark(data, sources(site), steps.append, patience=QUICK)
    assert (report.complete, report.findings, len(report.brought)) == (True, [], 5)
    text = benchmark_text.read(data, catalogue(data))
    assert text.samples[1002].question == QUESTIONS[1002]
    assert text.samples[1002].reference_answer == ANSWERS[1002]
    assert text.samples[1002].options == dict.fromkeys("ABCD", "An option")
    assert text.findings == ()
    picture = text.picture(catalogue(data).by_id[1003])
    assert picture is not None and picture.read_bytes() == PNG
    assert [(step.done, step.files) for step in steps if step.received == 0][-1] == (5, 5)
    assert {step.name for step in steps} >= {"siuo_gen.json", "P-1001.png"}


def test_called_again_it_asks_only_for_what_is_missing(site: server.Site, data: Path) -> None:
    fetch_benchmark(data, sources(site), patience=QUICK)
    (data / "benchmark" / "images" / "P-1002.png").unlink()
    (data / "benchmark" / "images" / "P-1003.png").write_bytes(PNG[:100])
    site.asked.clear()
    report = fetch_benchmark(data, sources(site), patience=QUICK)
    assert report.brought == ["P-1002.png", "P-1003.png"]
    assert report.kept == ["siuo_gen.json", "siuo_mcqa.json", "P-1001.png"]
    assert [path for path, _ in site.asked] == ["/images/P-1002.png", "/images/P-1003.png"]


def test_one_file_that_cannot_be_had_does_not_stop_the_others(site: server.Site, data: Path) -> None:
    del site.files["/images/P-1002.png"]
    site.files["/images/P-1003.png"] = b"<!doctype html><title>Sign in</title>"
    report = fetch_benchmark(data, sources(site), patience=QUICK)
    assert not report.complete
    assert [str(finding) for finding in report.findings] == [
        f"{site.address}/images/P-1002.png: the server answered 404 Not Found; check the address in the settings",
        f"{site.address}/images/P-1003.png: this is no picture; check the address in the settings",
    ]
    assert report.brought == ["siuo_gen.json", "siuo_mcqa.json", "P-1001.png"]


def test_a_slow_and_truncating_server_is_gone_on_with(site: server.Site, data: Path) -> None:
    site.steps["/gen.json"] = [server.Step("cut", after=50), server.Step("hang", after=100)]
    site.steps["/images/P-1001.png"] = [server.Step("status", status=503), server.Step("cut", after=3_000)]
    report = fetch_benchmark(data, sources(site), patience=QUICK)
    assert report.complete
    assert site.requests("/gen.json") == ["", "bytes=50-", "bytes=150-"]
    assert benchmark_text.read(data, catalogue(data)).samples[1001].question == QUESTIONS[1001]


def test_a_killed_fetch_goes_on_from_where_it_was(site: server.Site, data: Path) -> None:
    site.files["/gen.json"] = generation() + b" " * 200_000
    site.steps["/gen.json"] = [server.Step("hang", after=100_000)]
    code = (
        "import sys; from pathlib import Path; from siuo_dash.sources.benchmark_fetch import *\n"
        "tell = lambda step: print(step.received, flush=True)\n"
        f"fetch_benchmark(Path({str(data)!r}), Sources(*sys.argv[1:]), tell)"
    )
    places = list(asdict(sources(site)).values())
    process = subprocess.Popen([sys.executable, "-c", code, *places], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 100_000:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    assert not (data / "benchmark" / "siuo_gen.json").exists()
    assert fetch_benchmark(data, sources(site), patience=QUICK).complete
    assert site.requests("/gen.json")[-1] == "bytes=100000-"


def test_a_server_that_is_down_is_not_asked_for_every_picture(site: server.Site, data: Path) -> None:
    site.files.clear()
    report = fetch_benchmark(data, sources(site), patience=QUICK)
    assert len(site.asked) == MAX_CONSECUTIVE_FAILURES
    assert (
        report.findings[MAX_CONSECUTIVE_FAILURES].message
        == f"{5 - MAX_CONSECUTIVE_FAILURES} more files were not tried "
        f"after {MAX_CONSECUTIVE_FAILURES} failures in a row"
    )


def test_what_differs_from_our_fingerprints_is_named(site: server.Site, data: Path) -> None:
    site.files["/gen.json"] = generation(q1001=QUESTIONS[1003], a1002="Another answer.")
    report = fetch_benchmark(data, sources(site), patience=QUICK)
    assert report.complete, "it is kept, and said"
    assert [(finding.question_id, finding.message) for finding in report.findings] == [
        (1001, "the question is not the one that our fingerprint was taken of; it is that of sample 1003"),
        (1002, "the reference answer is not the one that our fingerprint was taken of"),
    ]
    text = benchmark_text.read(data, catalogue(data))
    assert text.samples[1001].differs == ("question",)
    assert text.samples[1003].differs == ()


def test_white_space_and_case_are_not_a_difference(site: server.Site, data: Path) -> None:
    site.files["/gen.json"] = generation(q1001=f"  {QUESTIONS[1001].upper()}\n")
    assert fetch_benchmark(data, sources(site), patience=QUICK).findings == []


def test_pictures_can_be_left_out(site: server.Site, data: Path) -> None:
    report = fetch_benchmark(data, sources(site), pictures=False, patience=QUICK)
    assert report.brought == ["siuo_gen.json", "siuo_mcqa.json"]


def test_two_fetches_do_not_write_into_each_other(site: server.Site, data: Path) -> None:
    (data / "benchmark").mkdir()
    descriptor = os.open(data / "benchmark", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(BenchmarkTextError, match="another fetch is under way"):
            fetch_benchmark(data, sources(site), patience=QUICK)
    finally:
        os.close(descriptor)


def test_a_directory_that_cannot_be_written_is_named(site: server.Site, data: Path) -> None:
    (data / "benchmark").write_text("a file in the way")
    with pytest.raises(BenchmarkTextError, match="nothing can be kept here"):
        fetch_benchmark(data, sources(site), patience=QUICK)


def test_a_picture_name_stays_in_its_folder(data: Path) -> None:
    sample = catalogue(data).by_id[1001]
    text = benchmark_text.BenchmarkText({}, data / "benchmark")
    (data / "benchmark" / "images").mkdir(parents=True)
    (data / "benchmark" / "secret.png").write_bytes(PNG)
    for name in ("../secret.png", "/etc/hostname", "..", "", ".hidden", "a/b.png"):
        assert text.picture(replace(sample, image=name)) is None


def test_a_local_folder_instead(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "download" / "SIUO"
    (folder / "images").mkdir(parents=True)
    (folder / "siuo_gen.json").write_bytes(generation())
    (folder / "images" / "P-1001.png").write_bytes(PNG)
    (folder / "images" / "P-1002.png").write_bytes(PNG[:500])
    report = import_folder(data, tmp_path / "download")
    assert report.brought == ["siuo_gen.json", "P-1001.png"]
    assert [finding.message for finding in report.findings if finding.severity == "error"] == ["the picture is cut off"]
    assert "2 files are not in the folder: P-1003.png, siuo_mcqa.json" in [
        finding.message for finding in report.findings
    ]
    # What the folder holds replaces what is there; what it lacks stays.
    (folder / "siuo_gen.json").write_bytes(generation(q1001="Something else?"))
    import_folder(data, folder)
    text = benchmark_text.read(data, catalogue(data))
    assert text.samples[1001].question == "Something else?"
    assert text.picture(catalogue(data).by_id[1001]) is not None


def test_a_folder_without_the_files_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkTextError, match="there is no such folder"):
        import_folder(data, tmp_path / "nowhere")
    with pytest.raises(BenchmarkTextError, match="none of the benchmark's files"):
        import_folder(data, data)


def test_addresses_are_settings() -> None:
    given = {"SIUO_BENCHMARK_PICTURES": " https://example.org/p/{name} ", "SIUO_BENCHMARK_GENERATION": ""}
    found = Sources.from_environment(given)
    assert found.of("a b.png") == "https://example.org/p/a%20b.png"
    assert found.generation == Sources().generation


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"question_id": 1001}', "holds no list of samples"),
        (
            b'[{"question_id": 4711}, 7, {"question_id": "1001"}, {"question_id": true}]',
            "3 samples of the catalogue are not in it",
        ),
        (
            b'[{"question_id": 1001, "question": 7, "options": ["a"], "safety_warning": null}]',
            "2 samples of the catalogue",
        ),
    ],
)
def test_strange_files_are_findings_never_errors(content: bytes, message: str, data: Path) -> None:
    (data / "benchmark").mkdir()
    (data / "benchmark" / "siuo_gen.json").write_bytes(content)
    text = benchmark_text.read(data, catalogue(data))
    assert any(message in finding.message for finding in text.findings)
    assert all(sample.question is None and not sample.options for sample in text.samples.values())


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (PNG, None),
        (PNG[:-1000], "the picture is cut off"),
        (b"\xff\xd8\xff" + b"x" * 9000 + b"\xff\xd9", None),
        (b"\xff\xd8\xff" + b"x" * 9000, "the picture is cut off"),
        (b"GIF89a" + b"x" * 10 + b";", None),
        (b"GIF89a" + b"x" * 10, "the picture is cut off"),
        (b"RIFF\x0c\0\0\0WEBP" + b"x" * 8, None),
        (b"RIFF\x0c\0\0\0WEBP" + b"x" * 7, "the picture is cut off"),
        (b"<html>", "this is no picture"),
        (b"", "this is no picture"),
    ],
)
def test_whether_a_picture_is_whole(content: bytes, flaw: str | None) -> None:
    assert benchmark_text.picture_flaw(content) == flaw


def test_the_real_texts_have_our_fingerprints(shared: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "samples.csv").write_bytes((ROOT / "data" / "samples.csv").read_bytes())
    report = import_folder(data, shared / "benchmark", pictures=False)
    assert report.findings == []
    text = benchmark_text.read(data, catalogue(data))
    assert len(text.samples) == 167
    assert all(
        sample.question and sample.reference_answer and len(sample.options) == 4 for sample in text.samples.values()
    )


def test_the_command_line(data: Path, site: server.Site) -> None:
    del site.files["/images/P-1002.png"]
    names = {f"SIUO_BENCHMARK_{name.upper()}": url for name, url in asdict(sources(site)).items()}
    fetch = partial(run, "siuo_dash", "fetch-benchmark", "--data", data, environment=os.environ | names)
    done = fetch()
    assert done.returncode == 1
    assert "6 files brought in, 0 were there already" in done.stdout
    assert f"error: {site.address}/images/P-1002.png: the server answered 404" in done.stdout
    site.files["/images/P-1002.png"] = PNG
    done = fetch()
    assert (done.returncode, done.stdout) == (0, "1 file brought in, 6 were there already\n")
    assert (data / "benchmark" / "rubric" / "gpt-eval.py").is_file()


def test_a_script_that_is_none_is_not_kept(data: Path, site: server.Site) -> None:
    site.files["/eval/gpt-eval.py"] = b"<!doctype html><title>Sign in</title>"
    report = fetch_benchmark(data, sources(site), rubric=True, patience=QUICK)
    assert [finding.message for finding in report.findings] == ["this is no Python script, or not all of it"]
    assert report.brought[-1] == "generation-gpt4o-mcqa.py"
