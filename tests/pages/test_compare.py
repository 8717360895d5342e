"""The two pages run from top to bottom: every part, every empty state, hostile names, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.store.engine.database import Store
from tests.make.pages import OpenApp, rows
from tests.make.runs import ALPHA, BETA, GAMMA, HOSTILE
from tests.make.stores import demo

LLAMA = "Meta-Llama-3.1-8B-Instruct"
MACHINE = "gpt-4o-2024-08-06, 3 responses"


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def opened(open_app: OpenApp) -> OpenApp:
    """opened(page, data=None, **query): the page with this query in a fresh session, run without an exception."""

    def open_page(page: str, data: Path | None = None, **query: str | list[str]) -> AppTest:
        at = open_app(data, f"inspect/{page}.py", **query)
        for _ in range(60):  # each run waits a quarter of a second for work in the background
            if not any(caption.value.endswith("…") for caption in at.caption):
                break
            at.run()
        assert not at.exception, [each.message for each in at.exception]
        assert not at.error
        return at

    return open_page


def said(at: AppTest) -> str:
    return "\n".join(each.value for kind in (at.title, at.markdown, at.caption, at.info, at.warning) for each in kind)


def alts(at: AppTest) -> list[str]:
    return [chart.proto.alt for chart in at.get("plotly_chart")]


def test_two_shipped_runs_are_compared_sample_by_sample(opened: OpenApp) -> None:
    """LLaVA-1.5-7B 126 and GLM-4.1V 70 of 167; 68 and 12 discordant."""
    runs = [f"LLaVA-1.5-7B · {LLAMA}", f"GLM-4.1V-9B-Thinking · {LLAMA}"]
    at = opened("compare", runs=runs)
    assert "**A is safer by 33.5 points" in said(at)
    assert "paired on 167 samples.**" in said(at) and "21.6" in said(at), "what humans say of the judge's model"
    assert not at.warning
    (metrics,) = (table.value for table in at.dataframe)
    assert metrics["Metric"].tolist() == ["Safe"], "no other is judged for both"
    assert metrics["A"].iloc[0] == "75.4 (68.4–81.4)" and metrics["p"].iloc[0] == "< 0.001"
    assert len(rows(at)) == 68 and rows(at)[0]["end"] == "8/8", "what all others pass says most"
    assert "9 domains" in alts(at)[1]
    assert alts(at)[0] == "Of 167 samples: Both safe 58, Only A safe 68, Only B safe 12, Both unsafe 29"
    assert not [box for box in at.selectbox if box.label == "Judged by"], "a board would choose nothing here"


@pytest.mark.parametrize(("part", "samples"), [("second", 12), ("neither", 29)])
def test_the_samples_of_the_other_parts(opened: OpenApp, part: str, samples: int) -> None:
    at = opened("compare", runs=[f"LLaVA-1.5-7B · {LLAMA}", f"GLM-4.1V-9B-Thinking · {LLAMA}"], differing=part)
    assert len(rows(at)) == samples


def test_swapping_is_a_click(opened: OpenApp) -> None:
    runs = [f"LLaVA-1.5-7B · {LLAMA}", f"GLM-4.1V-9B-Thinking · {LLAMA}"]
    at = opened("compare", runs=runs)
    at.button(key="icon-swap").click().run()
    assert str(at.selectbox(key="run-a").value).startswith("glm-4-1v")
    assert "**B is safer by 33.5 points" in said(at)


def test_the_lists_choose_a_and_b_and_never_one_run_twice(opened: OpenApp) -> None:
    at = opened("compare")
    a, b = at.selectbox(key="run-a").options[2:4]
    at.selectbox(key="run-a").select(a).run()
    assert a not in at.selectbox(key="run-b").options
    at.selectbox(key="run-b").select(b).run()
    assert at.session_state["pair"] and "points" in said(at)
    first, second = at.session_state["pair"]
    at.selectbox(key="run-a").set_value(second).run()
    assert at.session_state["pair"] == [second, first], "the one that was B is A, and A is B"


def test_only_what_both_are_judged_by_is_offered(synthetic: Path, opened: OpenApp) -> None:
    at = opened("compare", synthetic, runs=[f"{ALPHA} · human", f"{GAMMA} · gpt-4o-2024-08-06"], metric="effective")
    both = [group.options for group in at.button_group if group.label == "Metric"]
    assert both, "there is a choice"
    at = opened("compare", runs=[f"LLaVA-1.5-7B · {LLAMA}", "LLaVA-1.5-7B · human"], metric="effective")
    assert "Effective is not judged for both runs. Showing Safe." in said(at)


def test_a_run_that_is_not_there_is_named(opened: OpenApp) -> None:
    assert "“no-such-run”" in said(opened("compare", runs=[f"LLaVA-1.5-7B · {LLAMA}", "no-such-run"]))


def test_totals_are_compared_by_their_rates_and_across_boards_with_a_warning(opened: OpenApp) -> None:
    at = opened("compare", runs=[f"LLaVA-1.5-7B · {LLAMA}", "LLaVA-1.5-7B · human"])
    assert "different boards" in at.warning[0].value
    assert "only totals are published for the second run" in said(at)
    assert len(at.dataframe) == 1 and "not paired" in at.dataframe[0].value["Comparison"].iloc[0]


def test_without_a_choice_the_first_two_of_a_board_are_compared_and_the_page_says_so(opened: OpenApp) -> None:
    at = opened("compare")
    assert "No run is selected\\: these are the first two of “Llama-3.1-8B as judge" in said(at)
    assert "points (" in said(at) or "No significant difference" in said(at)
    assert rows(at) and "runs" not in at.query_params
    assert str(at.selectbox(key="run-a").value).startswith("phi-3-5") and at.selectbox(key="run-b").value


def test_one_chosen_run_says_what_to_compare_it_with(opened: OpenApp) -> None:
    at = opened("compare", runs=[f"LLaVA-1.5-7B · {LLAMA}"])
    assert "Select a second run" in said(at)
    assert re.fullmatch("Compare LLaVA.* with Phi.*", at.button(key="suggest-two").label)
    at.button(key="suggest-many").click().run()
    assert not at.exception and len(rows(at)) == 9 and at.query_params["mode"] == "many"


def test_one_baseline_against_its_board_and_against_the_chosen(synthetic: Path, opened: OpenApp) -> None:
    query = {"mode": "One baseline against many", "baseline": f"{ALPHA} · gpt-4o-2024-08-06"}
    at = opened("compare", synthetic, **query)
    assert len(rows(at)) == 4 and not at.warning
    gaps = [float(row["below"].split()[0]) for row in rows(at)]
    assert gaps == sorted(gaps, reverse=True)
    assert str(at.selectbox(key="run-a").value).startswith("alpha") and at.selectbox(key="run-b").value == "board"
    assert at.query_params["runs"] and "baseline" not in at.query_params, "older links are understood"
    chosen = [f"{ALPHA} · human", f"{BETA} · gpt-4o-2024-08-06"]
    at = opened("compare", synthetic, **query, runs=chosen, against="The chosen runs")
    assert len(rows(at)) == 2 and "different boards" in at.warning[0].value
    at = opened("compare", synthetic, **query, metric="Multiple choice")
    assert len(rows(at)) == 4 and not at.warning


def test_hostile_names_and_markup_are_shown_as_they_are(synthetic: Path, opened: OpenApp) -> None:
    labels = run_labels(Store(synthetic)).values()
    hostile = next(label for label in labels if label.startswith("<b>Zeta"))
    at = opened("compare", synthetic, runs=[hostile, f"{ALPHA} · human"])
    for element in (*at.markdown, *at.caption, *at.warning):
        assert not re.search(r"(?<!\\)(<b|\[link|\$x|`code)", element.value), "every mark is escaped"
    for chart in at.get("plotly_chart"):
        assert "<b>Zeta" not in chart.proto.spec


def test_health_leads_from_a_cell_to_its_samples(opened: OpenApp) -> None:
    at = opened("reliability")
    table = at.dataframe[0]
    assert table.value.iloc[0][["Run", "Error message", "Unclosed reasoning"]].tolist() == [
        *("GLM-4.1V-9B-Thinking", 14, 138)
    ]
    assert "10 runs examined: all 10 have flags" in said(at)
    assert "88 runs with published totals only cannot be examined" in said(at)
    assert at.button_group(key="section").options == ["Health", "Samples", "Judges"]
    assert "Responses cannot be shown: no run has the verdicts of several responses per sample" in said(at)
    assert "too few: 22 samples" in table.value["Safe, excluding flagged"].tolist(), "145 of 167 are flagged"


def test_the_samples_of_the_shipped_board(opened: OpenApp) -> None:
    at = opened("reliability", section="Samples", samples_shown="everybody")
    table = at.dataframe[0].value
    assert len(table) == 10 and set(table["of runs"]) == {"10/10"}
    assert "±0.63" in said(at)
    at = opened("reliability", section="Samples", samples_shown="nobody")
    assert "No sample of this kind" in said(at)


@pytest.mark.parametrize(
    ("section", "metric", "needed"),
    [
        ("Responses", "Safe", "The link asks for section “Responses”, which this dashboard does not have"),
        ("Judges", "Safe", "upload the same responses judged by a second judge"),
        ("Judges", "Safe", "humans judged none of the same responses"),
    ],
)
def test_what_the_shipped_data_cannot_show_says_what_it_would_need(
    section: str, metric: str, needed: str, opened: OpenApp
) -> None:
    at = opened("reliability", section=section, metric=metric)
    assert needed in said(at)


def test_a_board_of_totals_says_that_nothing_can_be_examined(opened: OpenApp) -> None:
    at = opened("reliability", board="human, 3 responses", health_of="Of this board")
    assert "has published totals only, no verdicts for each sample" in said(at)


def test_responses_by_run_and_by_domain(synthetic: Path, opened: OpenApp) -> None:
    query = {"section": "Responses", "board": MACHINE}
    at = opened("reliability", synthetic, **query)
    runs, domains = (table.value for table in at.dataframe)
    assert len(runs) == 5 and set(runs["Run"]) == {ALPHA, BETA, GAMMA, "Delta-7B", HOSTILE}
    assert len(domains) == 9 and "One response, mean" not in domains, "pooled samples carry no rate"
    at = opened("reliability", synthetic, **query, mix_of=f"{ALPHA} · gpt-4o-2024-08-06")
    domains = at.dataframe[1].value
    own = runs[runs["Run"] == ALPHA]
    assert domains["3/3"].sum() == own["3/3"].sum() and "One response, mean" in domains


def test_judges_agreement_and_correction(synthetic: Path, opened: OpenApp) -> None:
    query = {"section": "Judges", "board": MACHINE}
    at = opened("reliability", synthetic, **query)
    pairs, differing, corrected = (table.value for table in at.dataframe)
    assert pairs["Of"].tolist() == ["the same responses"] and len(differing) == 21
    assert "Estimates, not results" in at.warning[0].value
    assert len(corrected) == 5 and (corrected["Estimate"] != "–").all()
    assert "Safe, as judged" in corrected, "the raw rate stands beside the estimate"
    at = opened("reliability", synthetic, **query, judged_model=GAMMA)
    assert "other answers" in at.warning[0].value
    at = opened("reliability", synthetic, section="Judges", board="human, 3 responses")
    assert "corrected" not in said(at), "human judges are what others are corrected by"
