"""The charts at addresses of their own are those of the pages: the same figures, the very files that pages offer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.io
import pytest

from siuo_dash.server.api.charting import CHARTS
from siuo_dash.server.api.sharing import PREFIX
from tests.conftest import ROOT
from tests.golden.pages import Browser, View
from tests.make.runs import judged_run
from tests.make.stores import with_results
from tests.server.api.conftest import Client

At = Callable[..., Client]
PHI = "phi-3-5-vision-instruct-meta-llama-meta-llama-3-1-8b-instruct-50bdf51d"
GLM = "glm-4-1v-9b-thinking-meta-llama-meta-llama-3-1-8b-instruct-1aea6095"
CHOSEN = {"runs": f"{GLM},{PHI}"}
SHOWN: list[tuple[View, dict[str, dict[str, str]]]] = [
    (View("tradeoff", "chart"), {"tradeoff": {}}),
    (View("tradeoff", "outcomes", {"show": "outcomes"}), {"outcomes": {}}),
    (View("domains", "chosen", {"runs": [GLM, PHI]}), {"radar": CHOSEN, "heatmap": CHOSEN}),
    (View("capabilities", "needs", {"by": "needs_reasoning"}), {"groups": {"by": "needs_reasoning"}}),
]


def test_figures_and_files_are_those_of_the_pages(at: At) -> None:
    browser, client = Browser(ROOT), at()
    assert sorted(CHARTS) == sorted(name for _, charts in SHOWN for name in charts), "every chart is compared"
    with browser.over(ROOT / "data"):
        for view, charts in SHOWN:
            app = browser.open(view)
            protos: list[Any] = [each.proto for each in app.get("plotly_chart")]
            specs = [json.loads(each.spec) for each in protos]
            files = [content for name, content in browser.caught if name.endswith(".csv")]
            for name, query in charts.items():
                figure = client.get(f"{PREFIX}/charts/{name}.json", params=query)
                table = client.get(f"{PREFIX}/charts/{name}.csv", params=query)
                assert figure.status_code == table.status_code == 200, (figure.text, table.text)
                drawn = figure.json()
                meta = drawn["layout"].pop("meta")
                assert drawn in [{name: each[name] for name in ("data", "layout")} for each in specs], name
                assert meta["data_version"] in meta["view"] and meta["title"]
                assert table.content in files, name
                assert plotly.io.from_json(figure.text).data


def test_what_a_board_cannot_show_is_said(at: At) -> None:
    client = at()
    many = sorted((each["run_id"] for each in client.get(f"{PREFIX}/runs").json()), key=len)[:21]
    for path, status, words in (
        ("tradeoff.svg", 404, "there is nothing at this address"),
        ("unknown.json", 400, "give one of tradeoff, outcomes, heatmap, radar, groups"),
        ("tradeoff.json?board=gpt-4o-mini-1", 404, "has no run judged by both Safe and Effective"),
        ("heatmap.csv?board=human-3", 404, "has no run with verdicts for each sample by Safe"),
        ("radar.json?metric=effective", 404, "has no run with verdicts for each sample by Effective"),
        (f"radar.csv?runs={PHI},nobody", 400, "there is no run 'nobody'"),
        (f"radar.csv?runs={PHI},nobody", 400, f"{PREFIX}/runs lists the runs"),
        (f"radar.csv?runs={PHI},gpt-4v-ision-human-41d180d9", 400, "gpt-4v-ision-human-41d180d9 is not on the board"),
        (f"radar.csv?runs={','.join(many)}", 400, "these are 21 runs"),
        ("radar.csv?board=robots", 400, "there is no board 'robots'"),
    ):
        answer = client.get(f"{PREFIX}/charts/{path}")
        assert answer.status_code == status and words in answer.text, (path, answer.text)


def test_a_hostile_name_is_no_markup_and_no_formula(at: At, tmp_path: Path) -> None:
    name = "=cmd|' /C calc'!A0 <img src=x onerror=alert(1)>"
    data = with_results(tmp_path / "data", judged_run(name, "human", {1001 + place: [True] * 3 for place in range(9)}))
    client = at(data)
    found = client.get(f"{PREFIX}/charts/heatmap.json")
    assert found.status_code == 200 and found.headers["content-type"] == "application/json"
    assert "<img" not in found.text and "&lt;img" in json.dumps(found.json())
    rows = list(csv.DictReader(io.StringIO(client.get(f"{PREFIX}/charts/heatmap.csv").text)))
    assert rows and all(value[:1] not in "=+-@" for row in rows for value in row.values() if value)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_changes_colours_only(at: At, theme: str) -> None:
    figure = at().get(f"{PREFIX}/charts/radar.json", params={"theme": theme}).json()
    assert figure["layout"]["paper_bgcolor"] == {"light": "#ffffff", "dark": "#12161a"}[theme]
