"""Bugs of a report on the pages whose mending no other test names, each by its number there."""

from __future__ import annotations

import json
from pathlib import Path

from siuo_dash.ui import page
from tests.make.files import judged
from tests.make.pages import OpenApp, rows
from tests.make.runs import make_run, run_id_of, share
from tests.make.stores import make_data
from tests.pages.test_samples import SAMPLES, B, fine, words
from tests.pages.test_upload import DRAFT, drop_rows

UPLOAD = "contribute/upload.py"


def test_bug_7_after_publishing_nothing_that_undoes_it_is_highlighted(open_app: OpenApp, tmp_path: Path) -> None:
    """A link to the page itself is drawn as its heading is: the loudest thing was the way to withdraw."""
    run = make_run("Mine-7B", share(80), judge="human")
    app = open_app(make_data(tmp_path / "data", run), UPLOAD)
    app.session_state[DRAFT].published = run_id_of(run)  # as test_upload.py does by hand
    fine(app.run())
    assert "**Mine-7B** is live" in words(app)
    links = {each.proto.label: each.proto.page for each in app.get("page_link")}
    assert {"Open run": "run", "See leaderboard": ""}.items() <= links.items()
    assert "upload" not in links.values(), "of this page itself"


def test_bug_9_opening_a_run_leaves_no_search_and_no_doubled_runs_in_the_address(open_app: OpenApp) -> None:
    app = open_app(q="gpt", runs=["GPT-4o · human", "GPT-4o · human", "GPT-4V(ision) · human"])
    assert not app.exception
    held = app.query_params["runs"]
    assert [each.rpartition("-")[0] for each in held] == ["gpt-4o-human", "gpt-4v-ision-human"]
    assert "q" in app.query_params
    opened = held[0]
    app.session_state[page._GO] = ("", "run", {"run": opened, "runs": held})
    fine(app.run())
    assert app.title[0].value == "GPT-4o"
    assert dict(app.query_params) == {"run": opened, "runs": held}, "no q, nothing twice"


def test_bug_16_no_empty_download_of_findings(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app(make_data(tmp_path / "data", make_run("Rival", share(80), judge="human")), UPLOAD)
    for broken in (True, False):
        found = judged(safe=89, effective=120)
        if broken:
            found[5]["question_id"] = 1234
        drop_rows(app, found)
        assert ("Unknown sample 1234" in words(app).replace("unknown", "Unknown")) is broken
        offered = [each.proto.label for each in app.get("download_button")]
        assert ("Download all as CSV" in offered) is broken, offered


def test_bug_16_the_verdicts_of_all_responses_fit_their_cell(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[B], sample="1002"))
    fine(app.toggle(key="all-verdicts-True").set_value(True).run())
    table = next(each for each in app.dataframe if "Responses" in each.value)
    longest = table.value["Responses"].str.len().max()
    assert longest == len("0/3 safe, 3/3 effective")
    assert json.loads(table.proto.columns)["Responses"]["width"] >= 7 * longest + 24, "it was cut to “0/3 safe, 3/3 e”"


def test_bug_17_samples_says_whom_it_compares_with_and_offers_no_board_without_verdicts(
    open_app: OpenApp, tmp_path: Path
) -> None:
    app = fine(open_app(page=SAMPLES, board="human-3"))
    assert "has published totals only, no verdicts for each sample. Showing" in words(app)
    assert not any("Human" in option for option in app.selectbox(key="board-samples").options)
    assert all(row["end"] for row in rows(app)), "how many runs pass it"
    alone = make_run("Alone-7B", share(80), judge="a new judge")
    app = fine(open_app(make_data(tmp_path / "data", alone), SAMPLES, runs=[run_id_of(alone)]))
    assert "fewest other runs" not in words(app), "there are none"
    assert {row["end"] for row in rows(app)} == {""}
    assert "other runs" not in str(rows(app))
