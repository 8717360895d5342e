"""The upload page without a browser: from dropped files to a published run and back, and what it must not do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission
from siuo_dash.store.registry import withdrawn
from tests.make.files import Rows, as_csv, as_json, judged, plain
from tests.make.pages import OpenApp
from tests.make.registry import events, runs_in
from tests.make.runs import IDS, make_run, share
from tests.make.stores import make_data

PAGE = "pages/contribute/upload.py"
DRAFT = "of-one-page:upload"
HOSTILE = "<script>alert(1)</script> **bold** :red[x] [a](javascript:alert(1)) \u202eright"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data", make_run("Rival-1", share(80), share(80), share(60), judge="example-judge-1"))


@pytest.fixture
def app(data: Path, open_app: OpenApp) -> AppTest:
    return open_app(data).switch_page(PAGE).run()


def drop(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploader = next(each for each in app.file_uploader if each.label == "Result files of one run")
    uploader.set_value([(name, content, "application/octet-stream") for name, content in files])
    return app.run()


def drop_rows(app: AppTest, rows: Rows, name: str = "results.json") -> AppTest:
    return drop(app, (name, as_json(rows)))


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def needed(field: Any) -> bool:
    return not field.label.endswith("*")


def fill(app: AppTest, **texts: str) -> AppTest:
    for label, text in texts.items():
        name = label.replace("_", " ")
        fields = [*app.text_input, *app.selectbox]  # the mapping has a Judge, too, which is not needed
        next(each for each in sorted(fields, key=needed) if each.label.rstrip(" *") == name).set_value(text)
    return app.run()


def shown(app: AppTest) -> str:
    """All texts of the page, one after the other, as a person reads them."""
    kinds = (app.markdown, app.caption, app.success, app.info, app.warning, app.error, app.subheader)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def links(app: AppTest) -> dict[str, str]:
    """{label: query} of the links to pages."""
    return {each.proto.label: each.proto.query_string for each in app.get("page_link")}


def kept(app: AppTest) -> list[Submission]:
    """The submissions that the session holds on to."""
    if DRAFT not in app.session_state:
        return []
    accepted = app.session_state[DRAFT].accepted
    return [accepted[1]] if accepted else []


def test_the_empty_page_says_what_to_drop_and_has_examples(app: AppTest) -> None:
    assert not app.exception
    assert "VLMEvalKit" in shown(app)
    downloads = [each.proto.label for each in app.get("download_button")]
    assert downloads[0] == "Template to fill in" and any("Example" in label for label in downloads)


def test_a_run_from_drop_to_publish(app: AppTest, data: Path) -> None:
    drop_rows(app, judged(safe=89, effective=120), "siuo_gen-mine-merged-pro.json")
    assert not app.exception
    words = shown(app)
    assert "Recognised as SIUO generation" in words and "| Safe | 53.3 (45.7–60.7) | 89/167 | 53.29 |" in words
    assert "gen_score.py prints |" in words and "✓ Check] › **3 Describe**" in words
    assert "Choose the judge to see the rank" in words and "Still to fill in: Judge." in words
    assert next(button for button in app.button if button.label == "Publish").disabled
    assert len(runs_in(data, "published")) == 1, "nothing is written before publishing"

    fill(app, Model="Example-VL-7B", Judge="example-judge-1", Your_name="Somebody")
    words = shown(app)
    assert re.search(r"rank 1 of 2( \(1–1\))? on example-judge-1 as judge · 3 responses", words)
    assert "✓ Describe" in words
    press(app, "Publish")
    assert not app.exception
    assert "**Example-VL-7B** is live: rank 1 of 2 by Safe." in shown(app)
    assert links(app)["Open run"].startswith("run=example-vl-7b-example-judge-1-")
    assert "Withdraw it" not in links(app), "an active link would be the loudest thing here"
    (new,) = [name for name in runs_in(data, "published") if name.startswith("example-vl-7b")]
    assert [(event.event, event.by) for event in events(data) if event.run_id == new] == [("publish", "Somebody")]
    assert kept(app) == [] and new in links(app)["See leaderboard"]


def test_the_same_content_twice_is_refused_with_a_link(app: AppTest, data: Path) -> None:
    for model in ("Example-VL-7B", "Another name"):
        drop_rows(app, judged(safe=89))
        fill(app, Model=model, Judge="example-judge-1")
        press(app, "Publish")
    assert any("already published as example-vl-7b-example-judge-1-" in error.value for error in app.error)
    assert "run=example-vl-7b-" in links(app)["Open that run"]
    assert len(runs_in(data, "published")) == 2


def test_errors_and_warnings_apart_and_nothing_of_a_refused_file_is_kept(app: AppTest, data: Path) -> None:
    rows = plain("is_safe", lambda _: 1)
    rows[5]["question_id"], rows[7]["question_id"] = 1234, "x"
    drop_rows(app, rows)
    words = shown(app)
    assert "**2 errors**" in words and "warning**" not in words and "**2 Check** › 3 Describe" in words
    assert "unknown sample 1234" in words.lower() and "self-harm ends at 1019" in words
    assert "It cannot be published as it is" in words
    assert kept(app) == [] and len(runs_in(data, "published")) == 1
    assert not [button for button in app.button if button.label == "Publish"]
    assert any(each.proto.label == "Download all as CSV" for each in app.get("download_button"))


def test_a_meaning_given_on_the_page_mends_the_file(app: AppTest) -> None:
    drop(app, ("run.csv", as_csv(plain("is_safe", lambda place: "perhaps" if place < 10 else 1))))
    meaning = next(each for each in app.selectbox if "perhaps" in each.label)
    assert meaning.value is None, "never guessed"
    meaning.set_value("unsafe")
    press(app, "Read again with this mapping")
    assert not app.exception and not app.error
    assert "| 94.0 (89.3–96.7) |" in shown(app)


def test_a_field_mapped_on_the_page(app: AppTest) -> None:
    rows = [
        row | {"judge says": verdict}
        for row, verdict in zip(plain("x", lambda _: 0), ["Safe", "Unsafe"] * 84, strict=False)
    ]
    drop_rows(app, [{key: value for key, value in row.items() if key != "x"} for row in rows])
    if app.error:
        next(each for each in app.multiselect if each.label == "Safety verdict").set_value(["judge says"])
        press(app, "Read again with this mapping")
    assert "| 50.3 (42.8–57.8) |" in shown(app)


def test_the_direction_is_asked_and_not_guessed(app: AppTest) -> None:
    drop(app, ("run.csv", as_csv(plain("overall", lambda place: int(place < 67)))))
    assert "1 question before it can be scored" in shown(app)
    question = next(iter(app.radio))
    assert question.value is None and "In the field overall, what do 1, true and yes mean?" in question.label
    press(app, "Continue")
    assert "Please answer every question" in shown(app) and "| 59.9 (" not in shown(app)
    next(iter(app.radio)).set_value("unsafe")
    press(app, "Continue")
    assert not app.radio and "| 59.9 (" in shown(app)


def test_of_several_runs_one_is_chosen_and_all_are_published(app: AppTest, data: Path) -> None:
    rows = [
        row | {"model": name, "response": f"{name}: {row['response']}"}
        for name, safe in (("Llava-A", 40), ("Qwen-B", 70), ("Yi-C", 90))
        for row in plain("is_safe", lambda place, safe=safe: int(place < safe))  # type: ignore[misc]
    ]
    drop(app, ("three.csv", as_csv(rows)))
    question = next(each for each in app.radio if "3 runs" in each.label)
    assert question.options[:3] == ["Llava-A", "Qwen-B", "Yi-C"] and "| Safe |" not in shown(app)
    question.set_value("Qwen-B")
    press(app, "Continue")
    assert "| 41.9 (" in shown(app) and "**safe verdict**: is_safe, 70 × 1 = safe, 97 × 0 = unsafe" in shown(app)
    choice = next(each for each in app.selectbox if "3 runs" in each.label)
    assert choice.value == "Qwen-B"
    choice.set_value("Yi-C").run()
    assert "| 53.9 (" in shown(app) and not app.exception
    assert next(each for each in app.text_input if each.label == "Model *").value == "Yi-C"
    fill(app, Judge="example-judge-1")
    press(app, "Publish all 3 runs")
    assert not app.exception and "3 runs of 3 published." in shown(app)
    published = [name for name in runs_in(data, "published")]
    assert sorted(name.rsplit("-", 4)[0] for name in published if "rival" not in name) == ["llava-a", "qwen-b", "yi-c"]


def test_a_saved_mapping_is_loaded_and_a_wrong_one_explained(app: AppTest) -> None:
    drop(app, ("run.csv", as_csv(plain("overall", lambda place: int(place < 67)))))
    mapping = Mapping(id=("question_id",), responses=("response",), safe=("overall",), safe_yes_means="safe")
    loader = next(each for each in app.file_uploader if each.label == "Mapping (JSON)")
    loader.set_value(("m.json", mapping.as_json().encode(), "application/json"))
    app.run()
    assert "The loaded mapping is in use" in shown(app) and "| 40.1 (" in shown(app)
    loader = next(each for each in app.file_uploader if each.label == "Mapping (JSON)")
    loader.set_value(("m.json", b'{"safe_yes_means": "both"}', "application/json"))
    app.run()
    assert any("unknown meaning" in error.value for error in app.error)
    assert "1 question before it can be scored" in shown(app), "the fields are guessed again"


def test_an_answer_belongs_to_the_files_it_was_given_for(app: AppTest) -> None:
    drop(app, ("run.csv", as_csv(plain("overall", lambda place: int(place < 67)))))
    next(iter(app.radio)).set_value("unsafe")
    press(app, "Continue")
    assert not app.radio
    drop(app, ("other.csv", as_csv(plain("overall", lambda place: int(place < 50)))))
    assert app.radio, "other files are asked about again"


def test_a_name_that_looks_like_a_known_one_is_pointed_out(app: AppTest) -> None:
    drop_rows(app, judged(safe=89))
    fill(app, Model="rival 1", Judge="example-judge-1")
    press(app, "Rival-1")
    assert next(each for each in app.text_input if each.label == "Model *").value == "Rival-1"
    assert "Did you mean" not in shown(app)
    assert "Earlier runs of this model: 1" in [each.label for each in app.expander]


def box(app: AppTest, label: str) -> Any:
    return next(each for each in app.selectbox if each.label == label)


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("example judge 1", "another spelling of “example-judge-1” (1 run)"),
        ("example-judges-1", "this opens a new board. Did you mean “example-judge-1” (1 run)?"),
        ("Somebody else's judge", "No run was judged by “Somebody else's judge”, so this opens a new board."),
    ],
)
def test_a_judge_that_no_run_has_holds_publishing_back(app: AppTest, data: Path, said: str, asks: str) -> None:
    drop_rows(app, judged(safe=89))
    assert box(app, "Judge *").options == ["example-judge-1"]
    fill(app, Model="Example-VL-7B", Judge=said)
    assert asks in shown(app) and next(button for button in app.button if button.label == "Publish").disabled
    if "example" in said:
        press(app, "Use example-judge-1")
        assert asks not in shown(app) and box(app, "Judge *").value == "example-judge-1"
    else:
        press(app, "Open a new board")
        assert "the first run of the new board Somebody else's judge as judge · 3 responses" in shown(app)
    press(app, "Publish")
    assert not app.exception and "is live" in shown(app) and len(runs_in(data, "published")) == 2


def test_the_judges_of_several_runs_are_asked_about_together(app: AppTest, data: Path) -> None:
    rows = [
        row | {"judge": name, "response": f"{name}: {row['response']}"}
        for name, safe in (("example-judge-1", 40), ("example-judge-2", 70))
        for row in plain("is_safe", lambda place, safe=safe: int(place < safe))  # type: ignore[misc]
    ]
    drop(app, ("two.csv", as_csv(rows)))
    next(iter(app.radio)).set_value("example-judge-1")
    press(app, "Continue")
    fill(app, Model="Example-VL-7B")
    assert "No run was judged by “example-judge-2”" in shown(app)
    assert next(button for button in app.button if button.label == "Publish all 2 runs").disabled
    press(app, "Open a new board")
    press(app, "Publish all 2 runs")
    assert not app.exception and "2 runs of 2 published." in shown(app)


def test_metadata_that_cannot_be_is_named_before_publishing(app: AppTest) -> None:
    drop_rows(app, judged(safe=89))
    fill(app, Model="Example\u202eVL", Judge="example-judge-1", Link_or_citation="javascript:alert(1)")
    words = shown(app)
    assert "Model: holds invisible or control characters" in words and "Link or citation: not a web address" in words
    assert next(button for button in app.button if button.label == "Publish").disabled


def test_hostile_names_are_shown_as_they_are(app: AppTest) -> None:
    rows = plain("is_safe", lambda place: HOSTILE if place == 0 else 1)
    drop(app, (f"a/{HOSTILE}.csv", as_csv(rows)))
    assert not app.exception
    for element in [*app.markdown, *app.error, *app.warning]:
        assert not re.search(r"(?<!\\)<script|(?<!\\)\*\*bold|(?<!\\):red\[x|(?<!\\)\[a\]", element.value), (
            element.value
        )
        assert "\u202e" not in element.value


def test_start_again_and_leaving_forget_everything(app: AppTest) -> None:
    drop_rows(app, judged(safe=89))
    assert len(kept(app)) == 1
    press(app, "Start again")
    assert kept(app) == [] and "Recognised by content" in shown(app)
    drop_rows(app, judged(safe=89))
    assert len(kept(app)) == 1
    app.switch_page("pages/about/method.py").run()
    assert DRAFT not in app.session_state
    app.switch_page(PAGE).run()
    assert "Recognised by content" in shown(app)


def test_withdraw_with_a_reason_and_restore(app: AppTest, data: Path) -> None:
    app.segmented_control(key="section").set_value("Withdrawn").run()
    assert "No run is withdrawn." in shown(app)
    run = next(each for each in app.selectbox if each.label == "Run")
    run.set_value(runs_in(data, "published")[0])
    press(app, "Withdraw")
    assert any("a reason is needed" in error.value for error in app.error) and withdrawn(data) == []
    next(each for each in app.text_area if each.label == "Reason").set_value("The judge saw <b>other</b> pictures.")
    press(app, "Withdraw")
    assert not app.exception and "was withdrawn" in shown(app)
    assert [each.why for each in withdrawn(data)] == ["The judge saw <b>other</b> pictures."]
    assert app.dataframe[0].value["Reason"].tolist() == ["The judge saw <b>other</b> pictures."]
    assert "No run was uploaded here" in shown(app)
    press(app, "Restore")
    assert withdrawn(data) == [] and len(runs_in(data, "published")) == 1
    assert [event.event for event in events(data)] == ["publish", "withdraw", "restore"]


def test_a_withdrawn_run_dropped_again_leads_to_where_it_can_be_restored(app: AppTest, data: Path) -> None:
    drop_rows(app, judged(safe=89))
    fill(app, Model="Example-VL-7B", Judge="example-judge-1")
    press(app, "Publish")
    (new,) = [name for name in runs_in(data, "published") if name.startswith("example")]
    app.segmented_control(key="section").set_value("Withdrawn").run()
    next(each for each in app.selectbox if each.label == "Run").set_value(new)
    next(each for each in app.text_area if each.label == "Reason").set_value("again")
    press(app, "Withdraw")
    app.segmented_control(key="section").set_value("Upload").run()
    drop_rows(app, judged(safe=89))
    fill(app, Model="Example-VL-7B", Judge="example-judge-1")
    press(app, "Publish")
    assert any("published and withdrawn" in error.value for error in app.error)
    assert "section=Withdrawn" in links(app)["Restore it among the withdrawn runs"]


def test_a_disk_that_refuses_is_said_in_words(app: AppTest, data: Path) -> None:
    (data / "runs" / ".incoming").write_text("a file where a folder must be")
    drop_rows(app, judged(safe=89))
    fill(app, Model="Example-VL-7B", Judge="example-judge-1")
    press(app, "Publish")
    assert not app.exception and app.error and len(runs_in(data, "published")) == 1
    assert len(kept(app)) == 1, "the person can try again"


def choices(answer: str) -> Rows:
    return [{"question_id": question_id, "response_mcqa": answer} for question_id in IDS]


ODD = {
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    "not UTF-8": b"question_id,safe\n1001,\xff\xfe\n",
    "truncated": as_json(judged(safe=3))[:-40],
    "numbers": b"[1, 2, 3]",
    "one object": b'{"question_id": 1001}',
    "nested deep": b"[" * 5000,
    "a huge number": b'[{"question_id": 1' + b"0" * 400 + b', "safe": 1}]',
    "many fields": as_json([{f"field {number}": number for number in range(600)}]),
    "field names that attack": as_json([{"question_id": 1001, HOSTILE: 1, "safe": 1, "response": HOSTILE}]),
    "all ungraded": as_json(plain("is_safe", lambda _: -1)),
    "one sample": as_json(plain("is_safe", lambda _: 1, [1001])),
    "multiple choice": as_json(choices("(B)")),
    "unreadable choices": as_json(choices("none of these")),
    "responses only": as_json([{"question_id": 1001, "response": "Hello."}]),
}


def test_whatever_is_dropped_the_page_says_something_in_words(app: AppTest, data: Path) -> None:
    for name, content in ODD.items():
        drop(app, (f"{name}.bin", content))
        assert not app.exception, name
        assert re.search("Recognised as|Read as a table|Could not be read", shown(app)), name
        assert re.search(r"error(s)?\*\*|✓ Check|question(s)? before", shown(app)), name
        fill(app, **{each.label.rstrip(" *"): "Example" for each in app.text_input if each.label.endswith("*")})
        assert not app.exception, name
    assert len(runs_in(data, "published")) == 1 and kept(app) == []


def test_a_mapping_for_files_that_cannot_be_read(app: AppTest) -> None:
    drop(app, ("a.bin", ODD["a picture"]))
    loader = next(each for each in app.file_uploader if each.label == "Mapping (JSON)")
    loader.set_value(("m.json", b'{"id": "x", "safe": "y"}', "application/json"))
    app.run()
    assert not app.exception and "a picture" in shown(app)
