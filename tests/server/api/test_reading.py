"""What programs read is what the command line prints and the page shows, and only what is public."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urljoin

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from siuo_dash.analysis import board_list, comparison
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli import rankings
from siuo_dash.cli.app import program
from siuo_dash.errors import StoreError
from siuo_dash.report import records
from siuo_dash.report.compare_exports import comparison_export
from siuo_dash.report.export import Provenance
from siuo_dash.server.api.parameters import Parameter, check
from siuo_dash.server.api.routes import ENDPOINTS
from siuo_dash.server.api.sharing import PREFIX
from siuo_dash.store import registry, sample_sets
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Actor
from siuo_dash.ui import leaderboard
from tests.make.runs import judged_run, make_run, run_id_of, run_table, share, totals_table
from tests.make.sample_sets import make_set
from tests.make.stores import demo, make_data, shipped
from tests.server.api.conftest import Client

At = Callable[..., Client]
OWNER, REVIEWER = Actor("owner@example.org"), Actor("reviewer@example.org", reviewer=True)


@pytest.fixture(scope="module")
def store() -> Store:
    return shipped()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with runs of every kind, which nobody changes."""
    return demo(tmp_path_factory.mktemp("demo") / "data")


def get(client: Client, path: str, **query: str) -> Any:
    answer = client.get(f"{PREFIX}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def printed(monkeypatch: pytest.MonkeyPatch, store: Store, *words: str) -> bytes:
    monkeypatch.setattr(rankings, "open_store", lambda _: store)
    answer = CliRunner().invoke(program, list(words))
    assert answer.exit_code == 0, answer.output
    return answer.stdout_bytes


def test_boards_and_runs_are_those_of_the_command_line(at: At, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client = at()
    assert client.get(f"{PREFIX}/boards").content == printed(monkeypatch, store, "boards", "--format", "json")
    assert client.get(f"{PREFIX}/runs").content == printed(monkeypatch, store, "runs", "--json")


def test_runs_come_in_pages_and_the_answer_says_how_many_there_are(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    client = at()
    whole = client.get(f"{PREFIX}/runs")
    assert (len(whole.json()), whole.headers["x-total-count"], "link" in whole.headers) == (98, "98", False)
    asked: list[tuple[int, dict[str, str]]] = [(40, {}), (7, {"board": "human-3"}), (1, {"search": "qwen-vl"})]
    for limit, query in asked:
        every = get(client, "/runs", **query)
        url, found = f"{PREFIX}/runs?{urlencode(query | {'limit': str(limit)})}", []
        while url:
            answer = client.get(url)
            assert (
                answer.headers["x-total-count"] == str(len(every)) and answer.headers["etag"] == whole.headers["etag"]
            )
            assert 0 < len(answer.json()) <= limit
            found += answer.json()
            url = urljoin(url, answer.links["next"]["url"]) if answer.links else ""
        assert found == every
    behind = client.get(f"{PREFIX}/runs?offset=98")
    assert (behind.json(), behind.headers["x-total-count"], behind.links) == ([], "98", {})
    for wrong in ("limit=0", "limit=1001", "limit=-1", "limit=1.5", "limit=%C2%B2", "offset=-1", "offset=99999999999"):
        refused = client.get(f"{PREFIX}/runs?{wrong}")
        assert refused.status_code == 400 and "a whole number from" in refused.text, wrong
    # A store that has grown: whoever asks as before gets the first of them, and is told.
    limits = [each for path in ENDPOINTS if path.path == "/runs" for each in path.parameters if each.name == "limit"]
    monkeypatch.setitem(cast(dict[str, Any], limits[0].schema), "default", 90)
    cut = client.get(f"{PREFIX}/runs")
    assert (cut.json(), cut.headers["x-total-count"]) == (whole.json()[:90], "98")
    assert cut.headers["link"] == '<?limit=90&offset=90>; rel="next"'


@pytest.mark.parametrize("board", [*(each.id for each in board_list.boards(shipped())), "all"])
def test_api_command_line_and_page_agree_on_every_board(
    at: At, store: Store, monkeypatch: pytest.MonkeyPatch, board: str
) -> None:
    client = at()
    metrics = list(METRICS) if board in ("human-3", "all") else ["safe"]
    for metric in metrics:
        answer = client.get(f"{PREFIX}/leaderboard", params={"board": board, "metric": metric})
        words = ("leaderboard", "--board", board, "--metric", metric, "--format", "json")
        assert answer.content == printed(monkeypatch, store, *words)
        if board == "all":
            continue
        view = leaderboard._View(
            store, store.version, board_list.find_board(store, board), METRICS[metric], Filters(board=board), False
        )
        leaderboard._later_ranges(view).result()
        page = leaderboard._rows(replace(view, ranges=True)).to_dict("records")
        api = answer.json()
        assert [row["run_id"] for row in page] == [row["run_id"] for row in api]
        for shown, read in zip(page, api, strict=True):
            assert shown["health"] == read["health"]
            for name in ("rank", "rank_low", "rank_high"):
                assert read[name] == (None if shown[name] != shown[name] else shown[name])
            for each in METRICS:
                if read[each] is None:
                    assert shown[f"{each}_n"] == 0
                else:
                    assert {part: shown[f"{each}_{part}"] for part in read[each]} == read[each]


def test_the_parameters_are_those_of_the_command_line(at: At, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client = at()
    for query, words in (
        ({"search": "qwen", "plain": "true"}, ("--search", "qwen", "--plain")),
        ({"board": "Human judges · 3 responses", "partial": "true"}, ("--board", "human-3", "--partial")),
        ({"search": "%"}, ("--search", "%")),
    ):
        answer = client.get(f"{PREFIX}/leaderboard", params=query)
        assert answer.content == printed(monkeypatch, store, "leaderboard", *words, "--format", "json")


def test_a_run_whole_agrees_with_its_verdicts(at: At, shown: Path) -> None:
    client = at(shown)
    for run in get(client, "/runs")[::3]:
        whole, verdicts = get(client, f"/runs/{run['run_id']}"), get(client, f"/runs/{run['run_id']}/samples")
        assert {name: whole[name] for name in run} == run
        judged = [metric for metric in METRICS.values() if run[metric.id]]
        assert set(whole["places"]) == {metric.id for metric in judged}
        if run["evidence"] != "per_sample":
            assert verdicts["samples"] == []
            continue
        flagged = {row["question_id"] for row in verdicts["samples"] if row["flags"]}
        assert len(flagged) >= max(whole["health"].values(), default=0)
        for metric in judged:
            known = [row[metric.column] for row in verdicts["samples"] if row["task"] == metric.task]
            graded = [verdict for verdict in known if verdict is not None]
            assert (sum(graded), len(graded)) == (run[metric.id]["k"], run[metric.id]["n"])
            parts = [rate for rate in whole["domains"][metric.id].values() if rate]
            assert sum(rate["k"] for rate in parts) == run[metric.id]["k"]


def test_a_comparison_is_the_page_s(at: At, store: Store) -> None:
    client = at()
    ids = [run["run_id"] for run in get(client, "/leaderboard", board="human-3")][:2]
    paired = [run["run_id"] for run in get(client, "/runs") if run["evidence"] == "per_sample"][:2]
    for first, second in (ids, paired, [ids[0], paired[0]]):
        read = get(client, "/compare", first=first, second=second)
        found = comparison.compare(store, first, second)
        page = comparison_export(found, (first, second), Provenance("", "", "")).data.to_dict("records")
        assert read["warning"] == found.warning
        assert [name for name, each in read["overall"].items() if each] == [row["metric"] for row in page]
        for row in page:
            own = read["overall"][row["metric"]]
            assert [own[name] for name in ("difference", "low", "high", "p")] == [
                row[name] for name in ("difference", "low", "high", "p")
            ]
            assert (own["first"]["k"], own["second"]["n"]) == (row["first_k"], row["second_n"])
            assert (own["paired"] is not None) == row["paired"]


def test_the_file_holds_every_verdict_and_no_words(at: At, store: Store, tmp_path: Path) -> None:
    answer = at().get(f"{PREFIX}/results.parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.schema.metadata == {records.VERSION: store.version.encode()}
    frame = table.to_pandas()
    own = store.frame("SELECT run_id, safe_k, safe_n, mcqa_n FROM runs ORDER BY run_id")
    counted = frame[frame["task"] == "generation"].groupby("run_id")["safe"].agg(["sum", "count"])
    for row in own.itertuples():
        if row.safe_n:
            assert tuple(counted.loc[row.run_id]) == (row.safe_k, row.safe_n)
    assert sorted(set(frame["run_id"])) == own["run_id"].tolist()
    data = make_data(tmp_path / "data", run_table("Talkative-7B"), totals_table("Counted-1B"))
    content = at(data).get(f"{PREFIX}/results.parquet").content
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    assert b"politely" not in content and not any("politely" in str(row) for row in rows)
    totals = [row for row in rows if row["model"] == "Counted-1B"]
    assert len(totals) == 5 and {row["response_count"] for row in totals} == {None}


def test_the_file_is_the_same_wherever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs_there = [run_table("One-7B"), make_run("Two-7B", share(9)), totals_table("Three-7B")]
    files = []
    for number, order in enumerate((runs_there, runs_there[::-1])):
        if number:
            monkeypatch.setattr("siuo_dash.analysis.public_verdicts.AT_ONCE", 500)
        found = Store(make_data(tmp_path / f"{number}", *order))
        with found.reading():
            files.append(records.public_file(found))
    assert files[0] == files[1]


def addresses(client: Client, run_id: str) -> list[tuple[str, bytes, int]]:
    """Every address that reads, asked about a run: (address, body, status)."""
    found = []
    for each in ENDPOINTS:
        if each.make is not None:
            query = {"first": run_id, "second": run_id[::-1]} if each.path == "/compare" else {}
            query |= {"runs": run_id} if "{chart}" in each.path else {}
            answer = client.get(f"{PREFIX}{each.path.format(run_id=run_id, chart='heatmap')}", params=query)
            found.append((each.path, answer.content, answer.status_code))
    return found


def test_what_is_not_public_is_at_no_address(at: At, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", run_table("Public-7B"))
    hidden = {}
    for name in ("draft", "pending", "rejected", "withdrawn", "superseded"):
        put = registry.save_draft if name == "draft" else registry.submit
        hidden[name] = put(data, run_table(f"Hidden-{name}-7B"), OWNER).run_id
    registry.reject(data, hidden["rejected"], REVIEWER, "no")
    for name in ("withdrawn", "superseded"):
        registry.approve(data, hidden[name], REVIEWER)
    client = at(data)
    known = addresses(client, hidden["withdrawn"])
    assert {status for path, _, status in known if "run_id" in path} == {200}, "it was public"
    registry.withdraw(data, hidden["withdrawn"], OWNER, "it was wrong")
    again = registry.submit(data, run_table("Hidden-new-7B"), OWNER, corrects=hidden["superseded"])
    registry.approve(data, again.run_id, REVIEWER)
    nobody = "no-run-at-all-0123abcd"
    nowhere = addresses(client, nobody)
    for name, run_id in hidden.items():
        for (path, body, status), (_, other, same) in zip(addresses(client, run_id), nowhere, strict=True):
            assert f"Hidden-{name}".encode() not in body and status == same, (name, path)
            for said, other_said in ((run_id, nobody), (run_id[::-1], nobody[::-1])):
                body, other = body.replace(said.encode(), b""), other.replace(other_said.encode(), b"")
            assert body == other  # as if there were no such run
    table = pq.read_table(io.BytesIO(client.get(f"{PREFIX}/results.parquet").content))
    assert sorted(set(table["model"].to_pylist())) == ["Hidden-new-7B", "Public-7B"]


def test_every_answer_is_as_openapi_says(at: At, shown: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="no JSON Schema here: requirements-dev.txt brings it")
    client = at(shown)
    document = get(client, "/openapi.json")
    ids = [run["run_id"] for run in get(client, "/runs")]
    for each in ENDPOINTS:
        if each.make is None or each.media != "application/json":
            continue
        schema = dict(document["paths"][each.path]["get"]["responses"]["200"]["content"][each.media]["schema"])
        for run_id in ids[::4] if "{run_id}" in each.path else ids[-1:]:
            query = {"first": run_id, "second": ids[0]} if each.path == "/compare" else {}
            body = get(client, each.path.format(run_id=run_id, chart="heatmap"), **query)
            jsonschema.validate(body, schema | {"components": document["components"]})


def test_an_etag_names_the_data(at: At, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", run_table("One-7B"), run_table("Two-7B"))
    client = at(data)
    one = run_id_of(run_table("One-7B"))
    paths = ["/boards", "/leaderboard", "/runs", f"/runs/{one}", f"/runs/{one}/badge.svg", "/results.parquet"]
    tags = {path: client.get(f"{PREFIX}{path}").headers["etag"] for path in paths}
    for path, tag in tags.items():
        for known in (tag, f'"other", W/{tag}', "*"):
            answer = client.get(f"{PREFIX}{path}", headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert client.get(f"{PREFIX}{path}", headers={"If-None-Match": '"other"'}).status_code == 200
    # A wrong question is wrong, whatever whoever asks knows already.
    assert client.get(f"{PREFIX}/boards?x=1", headers={"If-None-Match": "*"}).status_code == 400
    assert client.get(f"{PREFIX}/runs/none", headers={"If-None-Match": "*"}).status_code == 404
    registry.withdraw(data, one, registry.local(), "it was wrong")
    for path, tag in tags.items():
        answer = client.get(f"{PREFIX}{path}", headers={"If-None-Match": tag})
        assert answer.status_code == (404 if one in path else 200)
        assert answer.headers.get("etag") != tag


def test_parts_of_the_file(at: At, tmp_path: Path) -> None:
    client = at(make_data(tmp_path / "data", run_table("One-7B")))
    url = f"{PREFIX}/results.parquet"
    whole = client.get(url)
    size, tag = len(whole.content), whole.headers["etag"]
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, part in (
        ("bytes=0-3", whole.content[:4]),
        ("bytes=-8", whole.content[-8:]),
        (f"bytes={size - 4}-", whole.content[-4:]),
        (f"bytes=10-{size * 2}", whole.content[10:]),
        (f"bytes=-{size * 2}", whole.content),
    ):
        answer = client.get(url, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, part)
        first = size - len(part) if asked.startswith("bytes=-") or asked.endswith("-") else int(asked[6:].split("-")[0])
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
        assert client.get(url, headers={"Range": asked, "If-Range": tag}).status_code == 206
        assert client.get(url, headers={"Range": asked, "If-Range": '"older"'}).status_code == 200
        assert client.get(url, headers={"Range": asked, "If-Range": f"W/{tag}"}).status_code == 200
    for asked in ("bytes=5-2", "bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=x-", "bytes=0-" + "9" * 40):
        assert client.get(url, headers={"Range": asked}).content == whole.content
    for asked in (f"bytes={size}-", "bytes=-0"):
        answer = client.get(url, headers={"Range": asked})
        assert answer.status_code == 416 and answer.headers["content-range"] == f"bytes */{size}"
    assert client.get(f"{PREFIX}/boards", headers={"Range": "bytes=0-3"}).status_code == 200
    head = client.head(url)
    assert head.status_code == 200 and head.headers["content-length"] == str(size)


def test_everything_wrong_is_said_at_once(at: At) -> None:
    client = at()
    answer = client.get(f"{PREFIX}/leaderboard?metric=best&board=nowhere&plain=perhaps&colour=red&search=a&search=b")
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert (body["title"], body["status"]) == ("Bad Request", 400)
    assert {each["field"] for each in body["errors"]} == {"metric", "board", "plain", "colour", "search"}
    assert all(each["message"] and each["hint"] for each in body["errors"])
    assert "human-3" in next(each["hint"] for each in body["errors"] if each["field"] == "board")
    for path in ("/embed/leaderboard", "/samples"):  # of one board; over all, each sample was passed by 0 of 0 runs
        several = client.get(f"{PREFIX}{path}?board=all")
        assert several.status_code == 400 and "human-3" in several.json()["errors"][0]["hint"], path
    same = client.get(f"{PREFIX}/runs").json()[0]["run_id"]
    assert "itself" in client.get(f"{PREFIX}/compare?first={same}&second={same}").text


def test_every_answer_names_the_sample_set_where_ids_of_two_sets_look_alike(at: At, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    sample_sets.add(data, make_set(tmp_path / "fresh"))
    ids = [1001, 1002, 1003]
    for name, verdict in (("siuo-167", True), ("fresh-v1", False)):
        verdicts = dict.fromkeys(ids, verdict)
        make_data(data, judged_run("Same-7B", "human", verdicts, text=lambda *_: None, sample_set=name))
    client = at(data)
    table = pq.read_table(io.BytesIO(client.get(f"{PREFIX}/results.parquet").content)).to_pandas()
    assert table.groupby(["sample_set", "question_id"])["safe"].sum().tolist() == [0, 0, 0, 1, 1, 1]
    sets = {"siuo-167", "fresh-v1"}
    assert {each["sample_set"] for each in get(client, "/boards")} == sets
    runs_there = get(client, "/runs")
    assert {each["sample_set"]: each["safe"]["k"] for each in runs_there} == {"siuo-167": 3, "fresh-v1": 0}
    for run in runs_there:
        assert get(client, f"/runs/{run['run_id']}")["sample_set"] == run["sample_set"]
        assert get(client, f"/runs/{run['run_id']}/samples")["sample_set"] == run["sample_set"]
        assert get(client, "/leaderboard", board=run["board"])[0]["sample_set"] == run["sample_set"]
        assert {each["sample_set"] for each in get(client, "/samples", board=run["board"])} == {run["sample_set"]}


def test_samples_are_counted_on_a_board_that_has_verdicts_for_each(at: At) -> None:
    client = at()
    counted = get(client, "/samples")  # the first board of all has totals only: each sample passed by 0 of 0 runs
    assert {each["passed"]["n"] for each in counted} == {10}
    assert [each["passed"]["k"] for each in counted] != sorted(each["passed"]["k"] for each in counted)
    hardest = [each["passed"]["k"] for each in get(client, "/samples", order="hardest")]
    assert hardest == sorted(hardest) and hardest[0] < hardest[-1]
    for query, field, words in (
        ("board=human-3", "board", "meta-llama"),
        ("metric=effective", "metric", "safe"),
        ("board=human-3&metric=mcqa", "board", "meta-llama"),
    ):
        answer = client.get(f"{PREFIX}/samples?{query}")
        assert answer.status_code == 400, query
        [error] = answer.json()["errors"]
        assert error["field"] == field and words in error["hint"], error


def test_where_nothing_was_published_there_is_no_board(at: At, tmp_path: Path) -> None:
    client = at(make_data(tmp_path / "data"))
    assert get(client, "/boards") == get(client, "/leaderboard") == get(client, "/runs") == []
    assert {(each["passed"]["k"], each["passed"]["n"]) for each in get(client, "/samples")} == {(0, 0)}
    answer = client.get(f"{PREFIX}/embed/leaderboard")
    assert answer.status_code == 404 and "no board" in answer.json()["detail"]


def test_a_question_that_cannot_be_asked_is_no_wrong_parameter(store: Store) -> None:
    def away(*_: object) -> None:
        raise StoreError("the cluster does not answer")

    board = Parameter("board", "A board.", known=away)
    with pytest.raises(StoreError):  # 503 to whoever asks, and not 400
        check([board], {"board": "human-3"}, [], store)


def test_an_unreadable_directory_is_said_without_its_place(at: At, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", run_table("One-7B"))
    client = at(data)
    assert get(client, "/boards")
    data.rename(tmp_path / "gone")
    answer = client.get(f"{PREFIX}/boards")
    assert answer.status_code == 503 and str(tmp_path) not in answer.text and "try again" in answer.json()["detail"]
    (tmp_path / "gone").rename(data)
    assert get(client, "/boards")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/runs/", "/runs/a/b/c", "/boards/", "/../healthz", "/%2e%2e/x"])
def test_an_address_that_is_none(at: At, path: str) -> None:
    answer = at().get(f"{PREFIX}{path}")
    if path in ("", "/"):
        assert answer.status_code == (200 if path else 307)
    else:
        assert answer.status_code == 404 and answer.json()["detail"].endswith(f"{PREFIX}/ says what there is")
