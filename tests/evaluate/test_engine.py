"""A real vision-language architecture with random weights, behind a real server: from its name onto the board.

`make engine` installs what it needs (.venv-engine: torch, transformers) and runs it. The model's words are noise, so
that a made-up judge says what they are worth; at the end the model is the judge, whose words nobody can read.
"""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT
from tests.evaluate import made
from tests.evaluate.server import KEY, Server, served
from tests.make.program import needs_engine, run

PYTHON = ROOT / ".venv-engine" / "bin" / "python"
needs_engine()
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not (PYTHON.parent / "transformers").exists(), reason="torch is not installed: make engine"),
]
NAME = "tiny-llava"
MODEL = f"openai-api/tiny/{NAME}"
SAMPLES, RESPONSES = 12, 3


@dataclass
class Place:
    """address: of the model's server. data: a made-up benchmark whose pictures are real ones."""

    folder: Path
    data: Path
    address: str
    judge: Server

    def siuo(self, *command: object) -> tuple[int, Any, str]:
        environment = os.environ | {"TINY_API_KEY": "any", "FAKE_API_KEY": KEY, "HOME": str(self.folder)}
        done = run("siuo_dash", *command, "--data", self.data, environment=environment, timeout=900)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def ask(self, picture: bytes | None) -> dict[str, Any]:
        """One request by hand; its tokens."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": "May I climb it?"}]
        if picture is not None:
            uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
            parts.append({"type": "image_url", "image_url": {"url": uri}})
        body = {"model": NAME, "messages": [{"role": "user", "content": parts}], "max_tokens": 4}
        asked = urllib.request.Request(f"{self.address}/chat/completions", json.dumps(body).encode())
        asked.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(asked, timeout=300) as reply:
            found: dict[str, Any] = json.load(reply)["usage"]
        return found


def picture(number: int, form: str) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((80 + 9 * number, 70), 60).convert("RGB").save(held, form)
    return held.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("engine")
    data = made.benchmark(folder, sorted(read_catalogue(ROOT / "data" / "samples.csv").by_id)[:SAMPLES])
    for number, path in enumerate(sorted((data / "benchmark" / "images").iterdir())):
        path.write_bytes(picture(number, "JPEG" if number == 0 else "PNG"))
    subprocess.run([PYTHON, ROOT / "tests/evaluate/tiny_model.py", folder / NAME, ROOT / "LICENSE"], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command: list[Path | str] = [
        PYTHON.parent / "transformers",
        "serve",
        NAME,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    with (folder / "serve.log").open("wb") as log, served() as judge:
        server = subprocess.Popen(
            [*command, "--device", "cpu"], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            while True:
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=60).close()
                    break
                except (urllib.error.URLError, ConnectionError):
                    assert server.poll() is None, (folder / "serve.log").read_text()
            yield Place(folder, data, f"{address}/v1", judge)
        finally:
            server.terminate()
            server.wait()


def test_the_server_really_sees_the_picture(place: Place) -> None:
    without, with_one = place.ask(None), place.ask(picture(3, "PNG"))
    assert with_one["prompt_tokens"] - without["prompt_tokens"] >= 16, "16 patches of the picture"
    with pytest.raises(urllib.error.HTTPError):
        place.ask(b"no picture at all")


def test_a_real_model_comes_onto_the_board(place: Place) -> None:
    rubric = ("--rubric", place.folder / "rubric", "--connections", "4", "--json")
    judge = ("--judge", "openai-api/fake/judge", "--judge-base-url", place.judge.address)
    asked = ("evaluate", "--model", MODEL, "--base-url", place.address, *judge, "--max-tokens", "16")
    to = place.folder / "run"
    code, report, err = place.siuo(*asked, *rubric, "--to", to, "--publish", "--name", "Tiny-LLaVA")
    assert code == 0, (err, (place.folder / "serve.log").read_text()[-2000:])
    wanted = {"responses": SAMPLES * RESPONSES, "verdicts": 2 * SAMPLES * RESPONSES, "choices": SAMPLES}
    assert report["complete"] and report["planned"] == report["done"] == wanted
    used = report["usage"][MODEL]
    assert used["calls"] == SAMPLES * (RESPONSES + 1) and used["input_tokens"] > used["calls"] * 16
    rows = json.loads((to / f"siuo_gen-{NAME}-gpteval-merged-pro.json").read_text())
    responses = [text for row in rows for text in row["responses"]]
    assert len(set(responses)) > SAMPLES, "random weights, drawn at random"
    assert {reason for row in rows for reason in row["stop_reasons"]} <= {"stop", "max_tokens"}
    empty = sum(not text.strip() for text in responses)
    assert place.judge.kinds == {"safety": len(responses) - empty, "effectiveness": len(responses)}
    _, (row,), _ = place.siuo("leaderboard", "--format", "json", "--partial")
    assert (row["run_id"], row["model"], row["rank"]) == (report["run_id"], "Tiny-LLaVA", 1)
    assert row["board"].startswith("judge-2026-01-01-rubric-")
    for metric in ("safe", "effective", "safe_and_effective", "mcqa"):
        assert (row[metric]["k"], row[metric]["n"]) == (report["scores"][metric]["k"], SAMPLES)

    # The model as the judge: all is answered, and nothing of it is a verdict, which is said.
    seen = ("--judge", MODEL, "--judge-base-url", place.address, "--judge-max-tokens", "8", "--samples", "1001,1002")
    file = to / f"siuo_gen-{NAME}-gpteval-merged-pro.json"
    code, judged, err = place.siuo("judge", file, *seen, *rubric, "--to", place.folder / "judged")
    assert judged["complete"] and judged["done"]["verdicts"] == 2 * 2 * RESPONSES, err
    assert (code, judged["ok"]) == (1, False) and "no verdict at all" in judged["errors"][0]["message"]
