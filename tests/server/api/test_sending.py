"""Runs that programs send: whose token, what is checked, what is kept, who is told of it; and where no token may be."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.server import logs
from siuo_dash.server.api import arriving, stated
from siuo_dash.server.api.sharing import PREFIX
from siuo_dash.store import registry, sample_sets
from siuo_dash.store.registry import Actor, local, tokens
from tests.make.files import as_json, judged
from tests.make.registry import states
from tests.make.runs import make_run, share
from tests.make.sample_sets import make_set, results_on
from tests.make.stores import add, make_data

Over = Callable[..., TestClient]
URL = f"{PREFIX}/submissions"
ADA, BOB = Actor("ada@example.org"), Actor("bob@example.org")
REVIEWER = Actor("reviewer@example.org", reviewer=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory with a run of human judges, so that "human" is no new judge."""
    made = make_data(tmp_path / "data")
    add(made, make_run("There-7B", share(9)))
    return made


def bearer(data: Path, actor: Actor = ADA) -> dict[str, str]:
    token, _ = tokens.make(data, actor, "job", 7)
    return {"Authorization": f"Bearer {token}"}


def send(client: TestClient, headers: dict[str, str], safe: int = 40, **fields: str) -> Any:
    files = {"file": ("results.json", as_json(judged(safe=safe)))}
    return client.post(URL, files=files, data={"model": "Sent-7B", "judge": "human"} | fields, headers=headers)


@pytest.mark.postgres
def test_a_run_is_sent_reviewed_and_followed(hosted: Over, data: Path) -> None:
    client, headers = hosted(data), bearer(data)
    dry = send(client, headers, dry_run="true")
    assert dry.status_code == 200 and (dry.json()["run_id"], dry.json()["state"]) == (None, None)
    assert set(states(data).values()) == {"published"}
    sent = send(client, headers, params_b="7", open_weights="open", evaluated_on="2026-11-01", note="A note")
    assert sent.status_code == 201, sent.text
    report, run_id = sent.json(), sent.json()["run_id"]
    assert (report["ok"], report["state"], report["scores"]["safe"]["k"]) == (True, "pending", 40)
    assert report["scores"] == dry.json()["scores"] and report["errors"] == []
    assert states(data)[run_id] == "pending" and sent.headers["location"] == f"{URL}/{run_id}"
    kept = registry.table_of(data, run_id, REVIEWER).slice(0, 1).to_pylist()[0]
    assert (kept["model"], kept["params_b"], kept["open_weights"], kept["note"]) == ("Sent-7B", 7.0, True, "A note")
    assert str(kept["evaluated_on"]) == "2026-11-01"
    one = client.get(f"{URL}/{run_id}", headers=headers)
    assert one.json()["state"] == "pending" and one.headers["cache-control"] == "no-store"
    assert "etag" not in one.headers and client.get(f"{PREFIX}/runs/{run_id}").status_code == 404
    registry.request_changes(data, run_id, REVIEWER, "which prompt?")
    told = client.get(f"{URL}/{run_id}", headers=headers).json()
    assert told["state"] == "draft" and told["history"][-1]["why"] == "which prompt?"
    assert [each["by"] for each in told["history"]] == ["you", "a reviewer"] and "reviewer@" not in json.dumps(told)
    registry.send(data, run_id, ADA)
    registry.approve(data, run_id, REVIEWER)
    assert client.get(f"{URL}/{run_id}", headers=headers).json()["state"] == "published"
    assert client.get(f"{PREFIX}/runs/{run_id}").json()["safe"]["k"] == 40
    corrected = send(client, headers, 41, corrects=run_id).json()
    assert [each["run_id"] for each in client.get(URL, headers=headers).json()] == [corrected["run_id"], run_id]
    again = send(client, headers, 41)
    assert again.status_code == 409 and "the same content" in again.json()["detail"]


def test_a_run_on_a_sample_set_is_sent(hosted: Over, data: Path, tmp_path: Path) -> None:
    sample_sets.add(data, make_set(tmp_path / "fresh"))
    client, headers = hosted(data), bearer(data)

    def answer(texts: bool, **fields: str) -> Any:
        content = as_json(results_on("fresh", [1001, 1002, 3001], [True, False, True], texts=texts))
        about = {"model": "Fresh-7B", "judge": "human"} | fields
        return client.post(URL, files={"file": ("fresh.json", content)}, data=about, headers=headers)

    for fields, field, said in (
        ({}, "sample_set", "--set: siuo-167 or fresh-v1 (the API's field: sample_set)"),
        ({"sample_set": "old-v1"}, "sample_set", "one of siuo-167, fresh-v1"),
        ({"sample_set": "x" * 9_000}, "sample_set", "one of siuo-167, fresh-v1"),
    ):
        refused = answer(False, **fields)
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["field"]) == (422, field) and said in error["hint"], refused.text
        assert len(refused.text) < 5_000 and refused.json()["sample_set"] is None
    wrong = answer(True, sample_set="siuo-167")
    assert wrong.status_code == 422 and "question" in wrong.text, "texts of another set are refused, as on the page"
    dry = answer(True, dry_run="true")
    assert (dry.status_code, dry.json()["sample_set"]) == (200, "fresh-v1"), "its questions say which set it is"
    sent = answer(False, sample_set="fresh-v1")
    assert sent.status_code == 201 and sent.json()["sample_set"] == "fresh-v1", sent.text
    run_id = sent.json()["run_id"]
    registry.approve(data, run_id, REVIEWER)
    assert client.get(f"{PREFIX}/runs/{run_id}").json()["safe"]["k"] == 2
    assert "fresh-v1--human-1" in {each["board"] for each in client.get(f"{PREFIX}/boards").json()}


@pytest.mark.postgres
def test_another_s_token_tells_nothing(hosted: Over, data: Path) -> None:
    client, mine, theirs = hosted(data), bearer(data), bearer(data, BOB)
    run_id = send(client, mine).json()["run_id"]
    absent = client.get(f"{URL}/no-such-run", headers=theirs)
    for headers in (theirs, bearer(data, REVIEWER)):  # a token reviews nothing, whosever it is
        answer = client.get(f"{URL}/{run_id}", headers=headers)
        assert answer.status_code == 404
        assert answer.text.replace(run_id, "no-such-run") == absent.text
        assert client.get(URL, headers=headers).json() == []
    refused = send(client, theirs, 41, corrects=run_id)
    assert refused.status_code == 404 and states(data)[run_id] == "pending"
    public = next(each for each, state in states(data).items() if state == "published")
    assert client.get(f"{URL}/{public}", headers=mine).status_code == 404


@pytest.mark.postgres
def test_only_a_token_that_holds_lets_in(hosted: Over, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = hosted(data)
    token, made = tokens.make(data, ADA, "job", 7)
    good = f"Bearer {token}"
    wrong = ["", "Bearer", "Bearer ", token, f"Basic {token}", f"Bearer {token[:-1]}", f"Bearer {token} {token}"]
    for value in [*wrong, f"Bearer {made.token_id}"]:
        answer = client.get(URL, headers={"Authorization": value} if value else {})
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer"), value
        assert token not in answer.text
    assert client.get(URL, headers={"Authorization": good}).status_code == 200
    assert client.get(URL, headers={"Authorization": good.replace("Bearer", "bearer")}).status_code == 200
    assert client.get(URL, headers={"Cookie": f"token={token}; Authorization={good}"}).status_code == 401
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + 8 * 86_400)
        expired = client.get(URL, headers={"Authorization": good})
        assert expired.status_code == 401 and "expired on" in expired.json()["detail"]
    with monkeypatch.context() as scoped:
        scoped.setattr(tokens, "SUBMIT", "review")
        assert client.get(URL, headers={"Authorization": good}).status_code == 401
    tokens.revoke(data, ADA, made.token_id)
    for answer in (client.get(URL, headers={"Authorization": good}), send(client, {"Authorization": good})):
        assert answer.status_code == 401 and "revoked" in answer.json()["detail"]
    assert "Sent-7B" not in str(states(data)) and len(states(data)) == 1


def test_a_token_in_an_address_is_refused_and_said_nowhere(
    hosted: Over, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client, headers = hosted(data), bearer(data)
    token = headers["Authorization"].split()[1]
    with caplog.at_level(logging.DEBUG):
        for path in (
            f"{URL}?token={token}",
            f"{URL}?{token}",
            f"{URL}?access_token=x{token}y",
            f"{PREFIX}/boards?search={token}",
            f"{PREFIX}/nothing/{token}",
            f"{URL}/{token}",
            f"{PREFIX}/runs/{token}",
        ):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 400 and "revoke that token" in answer.json()["detail"], path
            assert token not in answer.text
        for sent in (send(client, headers), send(client, headers | {"Authorization": f"Bearer {token[:-1]}"})):
            assert token not in sent.text and token not in str(sent.headers)
        client.get(URL, headers={"Authorization": f"Bearer {token}"})
    written = [logs.Line(as_json=as_json) for as_json in (True, False)]
    logged = "\n".join(line.format(record) for record in caplog.records for line in written)
    assert "submit" in logged and '"path": "/api/v1/nothing/siuo_' in logged and token[:20] not in logged
    page = client.get(f"{PREFIX}/", headers={"Referer": f"https://x.example/?{token}"})
    assert token not in page.text


def test_everything_wrong_with_a_form_is_said_at_once(hosted: Over, data: Path) -> None:
    client, headers = hosted(data), bearer(data)
    fields = {
        "params_b": "seven",
        "open_weights": "perhaps",
        "evaluated_on": "yesterday",
        "source_status": "re-judged",
        "draft": "maybe",
        "mapping": "[]",
        "colour": "red",
    }
    answer = client.post(URL, data=fields, files={"other": ("x.json", b"{}")}, headers=headers)
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {*fields, "file"}
    wrong = send(client, headers, model="", judge="", params_b="-1").json()
    assert {each["field"] for each in wrong["errors"]} == {"model", "judge", "params_b"}
    assert wrong["status"] == 422 and wrong["scores"]["safe"]["k"] == 40 and wrong["ok"] is False
    bad = client.post(URL, files={"file": ("x.json", b"{")}, data={"model": "M", "judge": "human"}, headers=headers)
    assert bad.status_code == 422 and bad.json()["errors"][0]["file"] == "x.json"
    assert len(states(data)) == 1


def test_a_new_judge_is_asked_about(hosted: Over, data: Path) -> None:
    client, headers = hosted(data), bearer(data)
    for judge, said in (("Human", "is another spelling of “human” (1 run)"), ("gpt-9", "opens a new board")):
        asked = send(client, headers, judge=judge)
        assert asked.status_code == 422 and [each["field"] for each in asked.json()["errors"]] == ["judge"]
        assert said in asked.json()["errors"][0]["message"] and "new_board" in asked.json()["errors"][0]["hint"]
    assert send(client, headers, judge="gpt-9", new_board="true", draft="yes").json()["state"] == "draft"


def test_quotas_turns_and_who_may_upload_are_the_page_s(hosted: Over, data: Path) -> None:
    client, headers = hosted(data, SIUO_QUOTA_OPEN=1), bearer(data)
    assert send(client, headers).status_code == 201
    full = send(client, headers, 41)
    assert full.status_code == 403 and "1 draft or submission waiting at once" in full.json()["detail"]
    with registry.upload_lock(data, BOB):
        busy = send(client, bearer(data, BOB))
        assert busy.status_code == 409 and "another upload of yours" in busy.json()["detail"]
    for who, may, settings in ((ADA, 403, "nobody"), (ADA, 403, "reviewers"), (REVIEWER, 201, "reviewers")):
        client = hosted(data, SIUO_UPLOADS=settings)
        assert send(client, bearer(data, who), 42, model=f"Of-{who.id}").status_code == may, settings
        assert client.get(URL, headers=bearer(data, who)).status_code == 200  # following is no uploading


def test_what_arrives_is_limited_before_it_is_read(hosted: Over, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, headers = hosted(data, SIUO_UPLOAD_MB=1), bearer(data)
    assert client.post(URL, content=b"x" * 3_000_000).status_code == 401, "who is nobody is refused first"
    form = {"Content-Type": "multipart/form-data; boundary=b"} | headers
    assert client.post(URL, content=b"x" * 3_000_000, headers=form).status_code == 413
    chunks = client.post(URL, content=iter([b"x"] * 9), headers=form)  # without a length
    assert chunks.status_code == 411
    assert client.post(URL, content=b"{}", headers=headers | {"Content-Type": "application/json"}).status_code == 415
    for content in (b"", b"--b", b"--b\r\n\r\nx\r\n--b--", b'--b\r\nContent-Disposition: form-data; name="\xff\r\n'):
        assert client.post(URL, content=content, headers=form).status_code in (400, 422)
    nameless = headers | {"Content-Type": "multipart/form-data"}
    assert client.post(URL, content=b"x", headers=nameless).status_code == 400
    many = [("file", (f"{number}.json", b"{}")) for number in range(30)]
    assert client.post(URL, files=many, headers=headers).status_code == 400
    assert not arriving._arriving
    arriving._arriving.add(ADA.id or "")
    try:
        assert send(client, headers).status_code == 409
        arriving._arriving.update("abc")
        full = send(client, bearer(data, BOB))
        assert full.status_code == 503 and full.headers["retry-after"]
    finally:
        arriving._arriving.clear()
    assert len(states(data)) == 1


def test_locally_nothing_can_be_sent(at: Over, data: Path) -> None:
    client, headers = at(data), bearer(data)
    for answer in (send(client, headers), client.get(URL, headers=headers), client.get(f"{URL}/x", headers=headers)):
        assert answer.status_code == 403 and "siuo_dash submit" in answer.json()["detail"]
    assert len(states(data)) == 1 and local().id is None


def test_every_fact_is_read_from_its_words() -> None:
    said, wrong = stated.stated([(name, {"params_b": "7", "open_weights": "closed"}.get(name, "")) for name in FACTS])
    assert said.facts == {"params_b": 7.0, "open_weights": False} and wrong == []
    for name, fact in FACTS.items():
        assert stated.schema_of(fact)["description"], name
    for raw in ("nan", "inf", "1e999", "7B", ""):
        found, errors = stated.stated([("params_b", raw)])
        assert not found.facts and bool(errors) is bool(raw)
    assert [each.field for each in stated.stated([("model", "A"), ("model", "B")])[1]] == ["model"]
