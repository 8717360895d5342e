"""The samples page's button that fetches what is not shipped, from a local server; the words are there after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from time import monotonic, sleep

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.benchmark.schema import OPTIONS
from tests.conftest import ROOT
from tests.make.pages import OpenApp, OpenAs
from tests.pages.test_samples import GLM, SAMPLES, words
from tests.sources import benchmark_server as server
from tests.sources.test_responses import at, made_up


def offered(app: AppTest) -> bool:
    return any(each.key == "fetch" for each in app.button)


def texts() -> dict[str, bytes]:
    entries = [{"question_id": 1001, "question": "A made-up question?", "options": dict.fromkeys(OPTIONS, "x")}]
    return {"/gen.json": json.dumps(entries).encode(), "/mcqa.json": json.dumps(entries).encode()}


def test_one_press_brings_the_words_behind_a_shipped_run(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("samples.csv", "results.parquet"):
        shutil.copy(ROOT / "data" / name, tmp_path)
    with server.served(texts() | made_up()) as site:
        monkeypatch.setenv("SIUO_BENCHMARK_GENERATION", f"{site.address}/gen.json")
        monkeypatch.setenv("SIUO_BENCHMARK_MULTIPLE_CHOICE", f"{site.address}/mcqa.json")
        monkeypatch.setenv("SIUO_BENCHMARK_PICTURES", f"{site.address}/{{name}}")  # none is there
        monkeypatch.setenv("SIUO_RESPONSES", at(site))
        app = open_app(tmp_path, SAMPLES, runs=GLM, sample="1001", judge_words="true")
        assert offered(app) and "Response text not downloaded yet." in words(app)
        app.button(key="fetch").click().run()
        deadline = monotonic() + 120
        while "files fetched" not in words(app) and monotonic() < deadline:
            assert app.get("progress") and not offered(app), "no second fetch beside it"
            sleep(0.05)
            app.run()
    assert not app.exception
    said = words(app)
    assert "files fetched" in said and "more files were not tried after 4 failures in a row" in said
    assert "glm41v on 1001:" in said and "says the judge of 1001" in said and "A made-up question?" in said
    assert offered(app) and app.button(key="fetch").label == "Go on fetching", "the pictures are still lacking"


def test_hosted_nobody_is_offered_it(open_as: OpenAs) -> None:
    assert not offered(open_as(None, SAMPLES))
