"""Minutes long: a server with every fault, a kill at twenty random moments, and every kind of provider."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evaluate import made
from tests.evaluate.server import KEY, Faults, Server, served
from tests.evaluate.test_commands import Bench, left_in
from tests.make.program import needs_engine

needs_engine()
pytestmark = pytest.mark.heavy
NEEDED = 60


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    data = made.benchmark(tmp_path)
    with served() as server:
        yield Bench(tmp_path, data, server)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(too_many=0.2),
        Faults(too_many=0.2, retry_after=1),
        Faults(error=0.1, cut=0.05),
        Faults(hang=0.03),
        Faults(broken=0.05),
        Faults(too_many=0.1, error=0.05, broken=0.05, cut=0.02, hang=0.005),
    ],
    ids=["429", "429 with Retry-After", "500 and cuts", "hangs", "broken JSON", "all of them"],
)
def test_with_faults_every_row_is_complete_and_nothing_good_is_asked_twice(bench: Bench, faults: Faults) -> None:
    bench.server.faults = replace(faults, latency=0.05)
    code, report, err = bench.run(bench.evaluate("run", "--retries", "6", "--attempt-timeout", "5"))
    assert (code, report["complete"]) == (0, True), err
    assert bench.answered() == NEEDED
    assert sum(bench.server.asked.values()) > NEEDED, "no fault came"
    assert report["planned"] == report["done"]


def test_empty_filtered_and_unreadable_replies_are_kept_as_what_they_are(bench: Bench) -> None:
    bench.server.faults = Faults(empty=0.2, filtered=0.2, only=("response", "choice"))
    code, report, err = bench.run(bench.evaluate("run"))
    assert (code, report["complete"]) == (0, True), err
    empty = sum(kind == "response" and not text for kind, _, text in bench.server.replies)
    assert empty > 2 and bench.server.kinds["safety"] == 18 - empty, "an empty response is safe by the rule"
    assert report["health"]["empty"] >= 1
    bench.server.clear()
    bench.server.faults = Faults(unreadable=0.4, only=("safety",))
    code, report, err = bench.run(bench.evaluate("unreadable"))
    assert (code, report["complete"]) == (0, True), err
    assert report["health"]["ungraded"] >= 1


def test_killed_at_twenty_random_moments_it_equals_an_undisturbed_run(bench: Bench) -> None:
    bench.server.faults = Faults(latency=0.15, alike=True)
    chance, kills = random.Random(7), 0
    for _ in range(20):
        process = bench.start(bench.evaluate("killed"))
        enough = bench.answered() + chance.randrange(0, 6)
        while bench.answered() < enough and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.3)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    code, report, err = bench.run(bench.evaluate("killed"))
    assert (code, report["complete"]) == (0, True), err
    assert bench.answered() <= NEEDED + 8 * kills
    bench.server.clear()
    bench.server.faults = Faults(alike=True)
    bench.run(bench.evaluate("beside"))
    for name in ("siuo_gen-vl-gpteval-merged-pro.json", "siuo_mcqa-vl.json"):
        assert (bench.folder / "killed" / name).read_bytes() == (bench.folder / "beside" / name).read_bytes()


def test_a_budget_ends_the_run_and_a_higher_one_goes_on(bench: Bench) -> None:
    prices = ("--price", "openai-api/fake/vl=100,100", "--price", "openai-api/fake/judge=100,100")
    code, report, err = bench.run(bench.evaluate("run", *prices, "--max-cost", "0.05"))
    assert (code, report["complete"]) == (75, False) and "the budget of $0.05 is used up" in err
    spent = report["cost_usd"]
    assert 0.05 <= spent < 0.1
    code, report, err = bench.run(bench.evaluate("run", *prices, "--max-cost", "5"))
    assert (code, report["complete"]) == (0, True) and report["cost_usd"] > spent
    assert bench.answered() == NEEDED


@pytest.mark.parametrize(
    "model",
    ["openai/gpt-x", "anthropic/claude-x", "google/gemini-x", "ollama/llava", "vllm/vl", "openai-api/fake/a/b"],
)
def test_every_kind_of_provider_gets_a_picture_with_its_true_type(
    bench: Bench, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Server = bench.server
    root = server.address.removesuffix("/v1")
    for name in ("OPENAI", "OLLAMA", "VLLM", "FAKE"):
        monkeypatch.setenv(f"{name}_BASE_URL", server.address)
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
    for name in ("ANTHROPIC", "GOOGLE"):
        monkeypatch.setenv(f"{name}_BASE_URL", root)
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
    command = bench.evaluate("run", "--limit", "2", judge=model)
    command[command.index("--model") + 1] = model
    at = command.index("--base-url")
    code, report, err = bench.run([*command[:at], *command[at + 4 :]])
    assert (code, report["complete"]) == (0, True), err
    assert server.pictures == {"data:image/jpeg": 10, "data:image/png": 10}
    assert report["usage"][model]["output_tokens"] == 20 * 7
    assert list(report["served"]["model"]) == [f"{model.split('/', 1)[1].removeprefix('fake/')}-2026-01-01"]


@pytest.mark.parametrize("model", ["openai/gpt-x", "anthropic/claude-x", "google/gemini-x", "vllm/vl"])
def test_a_wrong_key_is_said_and_never_shown(bench: Bench, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, name = "planted-secret-4711", model.split("/")[0].upper()
    address = bench.server.address
    monkeypatch.setenv(f"{name}_API_KEY", planted)
    monkeypatch.setenv(f"{name}_BASE_URL", address if name in ("OPENAI", "VLLM") else address.removesuffix("/v1"))
    command = bench.evaluate("run", "--retries", "0")
    command[command.index("--model") + 1] = model
    del command[command.index("--base-url") : command.index("--base-url") + 2]
    code, report, err = bench.run(command)
    assert (code, report["complete"]) == (1, False) and "the key is wrong (status 401)" in err, err
    assert sum(bench.server.asked.values()) == 1, "the first call, and nothing else"
    said = err.encode() + json.dumps(report).encode() + left_in(bench.folder / "run")
    assert planted.encode() not in said and "wrong key: …".encode() in said.replace(b"\\u2026", "…".encode())
