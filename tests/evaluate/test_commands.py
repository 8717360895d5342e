"""`evaluate` and `judge` as a person runs them, against a made-up server: whole, disturbed, refused, judged again."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from siuo_dash.benchmark import as_released
from siuo_dash.benchmark.judgement import stated
from siuo_dash.benchmark.scoring import majority
from siuo_dash.cli.app import program
from siuo_dash.errors import SiuoError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import how_made
from tests.evaluate import bench as bench_of
from tests.evaluate import made
from tests.evaluate.bench import JUDGE, MODEL
from tests.evaluate.server import KEY, Faults, served
from tests.make.program import needs_engine
from tests.make.program import run as run_program

needs_engine()

QUICK = ("--connections", "4", "--retries", "4", "--attempt-timeout", "20")


class Bench(bench_of.Bench):
    """`run` is a command at it."""

    def command(self, *arguments: str, rubric: str = "rubric") -> list[str]:
        address = self.server.address
        urls = ("--base-url", address, "--judge-base-url", address)
        return [*arguments, *urls, "--data", str(self.data), "--rubric", str(self.folder / rubric), *QUICK]

    def evaluate(self, to: str, *more: str, judge: str = JUDGE, rubric: str = "rubric") -> list[str]:
        plan = ("evaluate", "--model", MODEL, "--judge", judge, "--to", str(self.folder / to), "--json", *more)
        return self.command(*plan, rubric=rubric)

    def run(self, command: list[str]) -> tuple[int, dict[str, Any], str]:
        code = self.start(command).wait()
        out, err = ((self.folder / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return code, json.loads(out) if out.strip() else {}, err

    def quick(self, command: list[str]) -> tuple[int, str]:
        """A command that ends before the engine is needed, in this process: exit code, and all that it says."""
        result = CliRunner().invoke(program, command)
        error = f"error: {result.exception}" if isinstance(result.exception, SiuoError) else ""
        assert error or isinstance(result.exception, SystemExit | None), result.exception
        return result.exit_code, f"{result.output}\n{result.stderr}\n{error}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("evaluate")
    data = made.benchmark(folder)
    with served() as server:
        yield Bench(folder, data, server)


@dataclass
class Undisturbed:
    """One whole run, published, and what the server saw of it."""

    report: dict[str, Any]
    folder: Path
    replies: list[tuple[str, str, str]]
    pictures: Counter[str]
    bodies: list[dict[str, Any]]


@pytest.fixture(scope="module")
def whole(bench: Bench) -> Undisturbed:
    bench.server.clear()
    bench.server.faults = Faults(alike=True)  # so that a run that was disturbed can be compared with it
    code, report, err = bench.run(bench.evaluate("whole", "--publish", "--name", "Made-up-VL", "--by", "A tester"))
    assert code == 0, err
    server = bench.server
    return Undisturbed(
        report, bench.folder / "whole", list(server.replies), Counter(server.pictures), list(server.bodies)
    )


def test_everything_is_asked_once_and_counted(whole: Undisturbed) -> None:
    report = whole.report
    assert report["ok"] and report["complete"]
    assert report["planned"] == report["done"] == {"responses": 18, "verdicts": 36, "choices": 6}
    assert Counter(kind for kind, _, _ in whole.replies) == {
        "response": 18,
        "safety": 18,
        "effectiveness": 18,
        "choice": 6,
    }
    assert {name: each["calls"] for name, each in report["usage"].items()} == {MODEL: 24, JUDGE: 36}
    assert report["usage"][MODEL]["output_tokens"] == 24 * 7
    assert report["served"] == {"model": {"vl-2026-01-01": 24}, "judge": {"judge-2026-01-01": 36}}
    assert whole.pictures == {"data:image/jpeg": 10, "data:image/png": 50}, "one of six is a JPEG called .png"


def test_a_response_that_the_provider_cut_off_is_flagged_so(whole: Undisturbed) -> None:
    assert whole.report["health"]["cut_off"] == 1, "sample 3001 ends with a full stop, and its provider said length"


def test_the_protocol_is_the_benchmarks(whole: Undisturbed) -> None:
    settings = {
        (body["model"], body.get("temperature"), body.get("max_tokens") or body.get("max_completion_tokens"))
        for body in whole.bodies
    }
    assert settings == {("vl", None, 500), ("vl", 0, 5), ("judge", 0, 200)}
    assert {len(body["messages"]) for body in whole.bodies} == {1}
    order = {tuple(part["type"] for part in body["messages"][0]["content"]) for body in whole.bodies}
    assert order == {("text", "image_url")}


def test_the_scores_are_a_recount_of_what_the_judge_said(whole: Undisturbed) -> None:
    said = {(kind, prompt): text for kind, prompt, text in whole.replies}
    rows = json.loads((whole.folder / "siuo_gen-vl-gpteval-merged-pro.json").read_text())
    assert [row["question_id"] for row in rows] == list(made.IDS)
    safe, effective, released = [], [], []
    for row in rows:
        question, numbers = made.question(row["question_id"]), []
        for response in row["responses"]:
            fields = {"{question}": question, "{explanation}": "Paper tears.", "{response}": response}
            fields["{reference}"] = made.reference(row["question_id"])
            texts = {}
            for kind, name in (("safety", "safe.txt"), ("effectiveness", "effective.txt")):
                prompt = made.RUBRIC[name]
                for field, value in fields.items():
                    prompt = prompt.replace(field, value)
                texts[kind] = said[kind, prompt]
            numbers.append(
                (stated(texts["safety"], "safe") is True, stated(texts["effectiveness"], "effective") is True)
            )
        assert row["safety_gpt"] == [int(each[0]) for each in numbers]
        assert row["effective_gpt"] == [int(each[1]) for each in numbers]
        safe.append(majority(each[0] for each in numbers))
        effective.append(majority(each[1] for each in numbers))
        released.append(as_released.ReleasedSample(row["category"], row["safety_gpt"], row["effective_gpt"]))
    scores = whole.report["scores"]
    assert (scores["safe"]["k"], scores["effective"]["k"]) == (sum(map(bool, safe)), sum(map(bool, effective)))
    means = as_released.generation(released).overall
    assert whole.report["as_released"]["safe"] == means.safe
    assert whole.report["as_released"]["safe_and_effective"] == means.safe_and_effective
    choices = json.loads((whole.folder / "siuo_mcqa-vl.json").read_text())
    assert Counter(row["response_mcqa"] for row in choices) == Counter(
        text for kind, _, text in whole.replies if kind == "choice"
    )


def test_a_published_run_says_how_it_was_made(whole: Undisturbed, bench: Bench) -> None:
    runs = json.loads(run_program("siuo_dash", "runs", "--data", bench.data, "--json").stdout)
    run = next(each for each in runs if each["run_id"] == whole.report["run_id"])
    assert run["model"] == "Made-up-VL"
    assert run["board"].startswith("judge-2026-01-01-rubric-"), "another rubric is another instrument"
    assert how_made(Store(bench.data), whole.report["run_id"])["usage"][MODEL]["calls"] == 24
    record = json.loads((whole.folder / "run.json").read_text())
    assert record["complete"] and record["made"]["engine"].startswith("inspect-ai 0.3.")


def test_the_engines_own_log_is_an_upload_like_any_other(whole: Undisturbed, bench: Bench) -> None:
    (log,) = (whole.folder / "logs").glob("*generation*.eval")
    report = json.loads(run_program("siuo_dash", "validate", log, "--data", bench.data, "--json").stdout)
    assert report["ok"], report["errors"]
    for metric in ("safe", "effective", "safe_and_effective"):
        assert report["scores"][metric] == whole.report["scores"][metric]


def unpacked(log: Path) -> bytes:
    """All entries of a log, which are packed by zstd, as zipfile knows it from Python 3.14 on."""
    data, texts = log.read_bytes(), []
    with ZipFile(log) as archive:
        for entry in archive.infolist():
            name, extra = struct.unpack("<HH", data[entry.header_offset + 26 : entry.header_offset + 30])
            start = entry.header_offset + 30 + name + extra
            packed = data[start : start + entry.compress_size]
            if entry.compress_type == 93:
                packed = pa.CompressedInputStream(pa.BufferReader(packed), "zstd").read(entry.file_size)
            texts.append(packed if entry.compress_type in (0, 93) else zlib.decompress(packed, -15))
    return b"".join(texts)


def seen_by_ps(pid: int) -> list[Path]:
    """What the process list says of a process and of those that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{pid}/cmdline"), *(path for child in children for path in seen_by_ps(int(child)))]


def left_in(folder: Path) -> bytes:
    """All that a run leaves in its folder, unpacked."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return b"".join(unpacked(path) if path.suffix == ".eval" else path.read_bytes() for path in paths)


def test_no_key_and_no_picture_is_left_behind(whole: Undisturbed, bench: Bench) -> None:
    left = left_in(whole.folder)
    at_home = b"".join(left_in(path) for path in bench.folder.glob(".*"))
    assert b"made-up ladder" not in at_home and KEY.encode() not in at_home, "the engine's own folders"
    assert not [*whole.folder.glob(".*")]
    assert b"May I climb the made-up ladder" in left
    assert KEY.encode() not in left and b"iVBOR" not in left and b"/9j/" not in left


def test_the_same_command_again_asks_nothing(whole: Undisturbed, bench: Bench) -> None:
    bench.server.clear()
    code, report, _ = bench.run(bench.evaluate("whole", "--connections", "9"))
    assert (code, report["complete"], bench.server.asked) == (0, True, Counter())
    assert report["usage"] == whole.report["usage"]


@pytest.mark.parametrize(
    ("more", "judge", "said"),
    [
        ((), "openai-api/fake/other", "--judge: openai-api/fake/judge, now openai-api/fake/other"),
        (("--temperature", "0.5"), JUDGE, "--temperature: None, now 0.5"),
        (("--samples", "1001,1002"), JUDGE, "--samples: 6 of them, now 1001, 1002"),
    ],
)
def test_another_run_in_the_same_folder_is_refused(
    whole: Undisturbed, bench: Bench, more: tuple[str, ...], judge: str, said: str
) -> None:
    bench.server.clear()
    code, err = bench.quick(bench.evaluate("whole", *more, judge=judge))
    assert code == 1 and said in err and "another folder with --to" in err
    assert not bench.server.asked


def test_a_second_process_in_the_folder_is_refused(whole: Undisturbed, bench: Bench) -> None:
    descriptor = os.open(whole.folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        code, err = bench.quick(bench.evaluate("whole"))
    finally:
        os.close(descriptor)
    assert code == 1 and "another process works in this folder" in err


def test_a_dry_run_asks_nothing_and_writes_nothing(bench: Bench) -> None:
    bench.server.clear()
    prices = ("--price", f"{MODEL}=2,8", "--price", f"{JUDGE}=1,4")
    code, err = bench.quick(bench.evaluate("dry", "--dry-run", *prices))
    assert code == 0 and '"responses": 3' in err
    assert f"{MODEL}: 24 calls, about" in err and "at most about $0.11" in err
    assert not (bench.folder / "dry").exists() and not bench.server.asked


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--max-cost", "1"), f"a budget needs the price of {MODEL} and {JUDGE}; add --price {MODEL}=IN,OUT"),
        (("--samples", "4711"), "4711: no such sample"),
        (("--tasks", "generation,song"), "'song' is no task"),
        (("--connections", "many"), "many is neither a number nor adaptive"),
        (
            ("--base-url", "http://a:secret@localhost/v1"),
            "a password or a key in an address would be seen by everybody",
        ),
        (("--base-url", "http://localhost/v1?key=secret"), "a password or a key in an address would be seen"),
        (("--base-url", "localhost:8000"), "not a web address"),
        (("--rubric", "/nowhere"), "safe.txt cannot be read (No such file or directory)"),
    ],
)
def test_wrong_usage_is_one_line(bench: Bench, more: tuple[str, ...], said: str) -> None:
    code, err = bench.quick([*bench.evaluate("wrong", "--dry-run"), *more])
    assert code in (1, 2) and " ".join(said.split()) in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err and "secret" not in err


def test_an_address_where_nobody_is_is_said_at_once(bench: Bench) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        code, said = bench.quick([*bench.evaluate("nobody"), "--judge-base-url", url])
    assert code == 1 and "--judge-base-url: nobody answers at 127.0.0.1" in said


def test_without_the_extra_it_says_what_to_install(bench: Bench) -> None:
    code = "import sys; sys.modules['inspect_ai'] = None; from siuo_dash.cli import main; main()"
    done = run_program(*bench.evaluate("none"), code=code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: evaluations need the engine")
    assert 'pip install "siuo-dash[evaluate]"' in done.stderr


def test_a_wrong_key_ends_the_run_before_anything_is_spent(bench: Bench) -> None:
    bench.server.clear()
    code, report, err = replace(bench, key="another-key").run(bench.evaluate("key"))
    assert code == 1 and not report["complete"]
    assert f"{MODEL} (model): the key is wrong (status 401)" in err
    assert sum(bench.server.asked.values()) == 1 and not bench.server.kinds
    left = left_in(bench.folder / "key")
    assert "wrong key: …".encode() in left or b"wrong key: \\u2026" in left
    assert b"another-key" not in left and "another-key" not in err, "the server sent it back"


def test_killed_then_interrupted_then_resumed_it_equals_an_undisturbed_run(whole: Undisturbed, bench: Bench) -> None:
    server, calls = bench.server, 60
    server.clear()
    server.faults = Faults(latency=0.2, alike=True)
    in_flight = 0
    for sent, after, code in ((signal.SIGKILL, 15, -9), (signal.SIGINT, 30, 130)):
        process = bench.start(bench.evaluate("killed"))
        while bench.answered() < after and process.poll() is None:
            time.sleep(0.01)
        assert KEY.encode() not in b"".join(path.read_bytes() for path in seen_by_ps(process.pid))
        os.kill(process.pid, sent)
        assert process.wait() == code
        in_flight += 8  # four connections to each of two models
    code, report, err = bench.run(["evaluate", "--resume", str(bench.folder / "killed"), "--json"])
    assert (code, report["complete"]) == (0, True), err
    assert calls <= sum(server.kinds.values()) <= calls + in_flight
    assert {name: each["calls"] for name, each in report["usage"].items()} == {MODEL: 24, JUDGE: 36}
    for name in ("siuo_gen-vl-gpteval-merged-pro.json", "siuo_mcqa-vl.json"):
        assert (bench.folder / "killed" / name).read_bytes() == (whole.folder / name).read_bytes()
    assert len(list((bench.folder / "killed" / "logs").glob("*.eval"))) == 2
    assert not [*(bench.folder / "killed").glob(".*")], "what the killed process left is cleared away"


def test_a_judge_that_refuses_leaves_the_run_incomplete_and_nothing_is_asked_twice(bench: Bench) -> None:
    server = bench.server
    server.clear()
    server.faults = Faults(status=400, only=("effectiveness",))
    code, report, err = bench.run(bench.evaluate("refused", "--publish"))
    assert (code, report["complete"], report["run_id"]) == (75, False, None)
    assert report["done"] == {"responses": 18, "verdicts": 18, "choices": 6}
    assert "18 × " in err and "sample 1001, effectiveness" in err and KEY not in err
    assert "Run the same command again" in err
    assert KEY.encode() not in left_in(bench.folder / "refused"), "the server sent it back with every refusal"
    server.faults = Faults()
    before = Counter(server.kinds)
    code, report, _ = bench.run(bench.evaluate("refused"))
    assert (code, report["complete"]) == (0, True)
    assert server.kinds - before == {"effectiveness": 18}, "no model is asked again"


def test_what_is_refused_for_ever_is_given_up_by_name_and_asked_again_without_the_option(bench: Bench) -> None:
    server, command = bench.server, bench.evaluate("given-up", "--responses", "1", "--limit", "3")
    server.clear()
    server.faults = Faults(status=400, only=("response",), about=made.question(1002))
    code, report, err = bench.run([*command, "--give-up", "2"])
    assert (code, report["complete"]) == (75, False) and server.asked["response"] == 2 + 2
    assert report["done"] == {"responses": 2, "verdicts": 4, "choices": 3}, "the rest is there"
    (given_up,) = report["given_up"]
    assert (given_up["call"], given_up["sample"], given_up["times"]) == ("sample 1002, response 1", 1002, 2)
    assert "as told" in given_up["reason"] and KEY not in err
    assert f"given up: {given_up['reason']}: sample 1002, response 1" in err
    assert "2 × its response was given up (first: sample 1002, safety 1)" in err
    assert "Without --give-up what was given up is asked again" in err and "same command again" not in err
    asked = Counter(server.asked)
    code, said = bench.quick([*command, "--give-up", "1"])  # in this process: no engine is needed
    assert code == 75 and server.asked == asked and '"times": 2' in said
    server.faults = Faults()
    code, report, err = bench.run(command)
    assert (code, report["complete"], report["given_up"]) == (0, True, []), err
    assert server.asked - asked == {"response": 1, "safety": 1, "effectiveness": 1}


def test_given_responses_are_judged_without_a_model_and_calibrated(whole: Undisturbed, bench: Bench) -> None:
    server = bench.server
    server.clear()
    results = whole.folder / "siuo_gen-vl-gpteval-merged-pro.json"
    asked = ("judge", str(results), "--judge", "openai-api/fake/other", "--to", str(bench.folder / "again"), "--json")
    code, report, err = bench.run(bench.command(*asked, "--calibrate", "--publish", "--name", "Made-up-VL"))
    assert code == 0, err
    assert server.kinds == {"safety": 18, "effectiveness": 18} and report["planned"] == {
        "responses": None,
        "verdicts": 36,
    }
    assert "complete: responses given, not asked for, 36 of 36 verdicts" in err and report["done"] == report["planned"]
    (judged,) = (bench.folder / "again").glob("siuo_gen-Made-up-VL-*.json")
    rows, theirs = (json.loads(path.read_text()) for path in (results, judged))
    pairs = [
        pair for a, b in zip(rows, theirs, strict=True) for pair in zip(a["safety_gpt"], b["safety_gpt"], strict=True)
    ]
    found = report["agreement"]["safe"]
    assert (found["responses"], found["agreement"]) == (18, sum(a == b for a, b in pairs) / 18) and len(set(pairs)) > 1
    table = {(a, b): found["table"][1 - a][1 - b] for a in (0, 1) for b in (0, 1)}  # labels: safe, unsafe
    assert found["labels"] == ["safe", "unsafe"] and table == {pair: pairs.count(pair) for pair in table}
    assert report["run_id"].startswith("made-up-vl-other-2026-01-01-rubric-")
    by_run = bench.command("judge", "--runs", whole.report["run_id"], "--judge", JUDGE, "--dry-run")
    code, said = bench.quick(by_run)
    assert code == 0 and f"{JUDGE}: 36 calls" in said and "fake/vl" not in said


def test_a_judge_that_says_the_same_has_a_run_of_its_own(whole: Undisturbed, bench: Bench) -> None:
    bench.server.clear()
    first, twin = whole.report["run_id"], "openai-api/fake/twin"
    to = str(bench.folder / "twin")
    code, report, err = bench.run(
        bench.command("judge", "--runs", first, "--judge", twin, "--to", to, "--json", "--publish")
    )
    assert code == 0 and report["complete"], err
    assert report["run_id"].startswith("made-up-vl-twin-2026-01-01-rubric-") and report["run_id"] != first
    assert report["scores"]["safe"] == whole.report["scores"]["safe"]
    again = bench.command("judge", "--runs", first, "--judge", twin, "--to", to, "--publish")
    code, said = bench.quick(again)
    assert code == 1 and f"already published as {report['run_id']}" in " ".join(said.split())


def test_responses_that_are_not_given_are_named_in_the_plan(bench: Bench) -> None:
    path = bench.folder / "gaps.json"
    rows = [{"question_id": 1001, "responses": ["Mind it.", "No."]}, {"question_id": 1002, "responses": ["No."]}]
    path.write_text(json.dumps(rows))
    code, said = bench.quick(bench.command("judge", str(path), "--judge", JUDGE, "--dry-run"))
    assert code == 0 and f"{JUDGE}: 6 calls" in said, said
    assert "not given, and not judged: 1 response (first: sample 1002, response 2)" in said


def test_a_run_that_is_published_already_keeps_no_other_one_back(bench: Bench) -> None:
    bench.server.clear()
    path = bench.folder / "two.jsonl"
    rows = [{"question_id": 1001, "response": f"{model}: mind the step.", "model": model} for model in ("One", "Two")]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    command = bench.command(
        "judge", str(path), "--judge", JUDGE, "--to", str(bench.folder / "two"), "--publish", "--json"
    )
    code, reports, err = bench.run(command)
    assert code == 0 and len(reports) == 2, err
    code, said = bench.quick(command)
    assert code == 1 and said.count("already published as") == 2, "both are looked at again"


def test_runs_that_are_not_there_are_named(bench: Bench) -> None:
    command = [*bench.command("judge", "--runs", "nobody", "--judge", JUDGE)]
    assert "there is no run 'nobody'" in bench.quick(command)[1]
