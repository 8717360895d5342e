"""What other sites may read, show and frame, how much an address may ask, and that no name becomes markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from siuo_dash.report import citations
from siuo_dash.server import guards
from siuo_dash.server.api import addresses, showing
from siuo_dash.server.api.described import document
from siuo_dash.server.api.problems import Refused
from siuo_dash.server.api.routes import ENDPOINTS, routes
from siuo_dash.server.api.sharing import PREFIX
from tests.make.runs import judged_run, make_run, run_id_of, run_table, share
from tests.make.stores import make_data, with_results
from tests.server.api.conftest import Client

Over = Callable[..., Client]
ELSEWHERE = {"Origin": "https://elsewhere.example"}
EMBED = f"{PREFIX}/embed/leaderboard"
NASTY = '</title></svg><script>alert(1)</script>" onload="alert(2)\' {x} &amp; \u202egpj.exe\u200b \x07 ]]>'


def test_other_sites_read_without_cookies(hosted: Over) -> None:
    client = hosted()
    for path in ("/boards", "/leaderboard", "/openapi.json", "/results.parquet", "/", "/nothing", "/runs/none"):
        answer = client.get(f"{PREFIX}{path}", headers=ELSEWHERE)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers and "set-cookie" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert {"ETag", "Link", "X-Total-Count"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"} | ELSEWHERE
    before = client.options(f"{PREFIX}/results.parquet", headers=asked)
    assert before.status_code == 204 and "Range" in before.headers["access-control-allow-headers"]
    assert before.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "authorization" not in before.headers["access-control-allow-headers"].lower()


def test_other_sites_send_nothing_and_follow_nothing(hosted: Over) -> None:
    client = hosted()
    for method, path in (
        ("POST", "/submissions"),
        ("GET", "/submissions"),
        ("GET", "/submissions/x"),
        ("OPTIONS", "/submissions"),
        ("POST", "/boards"),
        ("DELETE", "/boards"),
    ):
        answer = client.request(method, f"{PREFIX}{path}", headers=ELSEWHERE)
        assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers, (method, path)
    for path in ("/", "/healthz", "/_stcore/host-config", "/api/v2/boards", "/api/v1", "/x/api/v1/boards"):
        assert client.get(path, headers=ELSEWHERE).status_code == 403, path


def test_locally_no_other_site_reads(at: Over) -> None:
    client = at()
    for path in ("/boards", "/embed/leaderboard", "/openapi.json"):
        assert client.get(f"{PREFIX}{path}", headers=ELSEWHERE).status_code == 403
        answer = client.get(f"{PREFIX}{path}")
        assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    # A name of another site that points here reads nothing, with or without an Origin.
    assert client.get(f"{PREFIX}/boards", headers={"Host": "rebound.example:8501"}).status_code == 421


def test_only_the_embedded_leaderboard_is_framed(hosted: Over, tmp_path: Path) -> None:
    client = hosted(make_data(tmp_path / "data", run_table("One-7B")))
    run_id = run_id_of(run_table("One-7B"))
    for each in ENDPOINTS:
        if each.method == "GET":
            answer = client.get(f"{PREFIX}{each.path.format(run_id=run_id, chart='heatmap')}")
            policy = answer.headers["content-security-policy"]
            is_framed = each is showing.EMBEDDED
            assert policy.endswith("frame-ancestors *" if is_framed else "frame-ancestors 'none'")
            assert ("x-frame-options" in answer.headers) is not is_framed
            assert policy.startswith(
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
            )
            assert {name.lower() for name, _ in guards.always()} - {"x-frame-options"} <= set(answer.headers)
    assert client.get("/api/v1/embedded").headers["x-frame-options"] == "DENY"


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_no_name_becomes_markup(at: Over, tmp_path: Path) -> None:
    nasty = judged_run(NASTY, f"judge {NASTY}", {1001 + place: [True] * 3 for place in range(9)})
    client = at(with_results(tmp_path / "data", nasty, make_run("Plain-7B", share(9), judge=f"judge {NASTY}")))
    run_id = next(run["run_id"] for run in client.get(f"{PREFIX}/runs").json() if run["model"] != "Plain-7B")
    badge = client.get(f"{PREFIX}/runs/{run_id}/badge.svg")
    assert badge.headers["content-type"] == "image/svg+xml"
    root = ET.fromstring(badge.content)
    names = [each.tag.split("}")[1] for each in root.iter()]
    assert set(names) == {"svg", "title", "rect", "path", "g", "text"} and names.count("text") == 2
    assert not any(name[:2] == "on" or "href" in name for each in root.iter() for name in each.attrib)
    assert "</script>" in str(root[0].text) and "\\u202e" in str(root[0].text) and "\\u0007" in str(root[0].text)
    page = client.get(EMBED, params={"board": client.get(f"{PREFIX}/boards").json()[0]["board"]})
    found = Tags(page.text)
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "iframe", "img", "object", "form", "button", "base"})
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert {
        attributes["href"].split("?")[0] for tag, attributes in found.tags if tag == "a" and attributes["href"]
    } == {
        "../../../run",
        "../../../",
    }
    assert "alert(1)" in found.words and "\u202e" not in page.text and "\x07" not in page.text


def test_the_badge_and_the_table_say_what_the_leaderboard_does(at: Over) -> None:
    client = at()
    rows = client.get(f"{PREFIX}/leaderboard").json()
    page = client.get(f"{EMBED}?board=human-3").text
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh][ >].*?</t[dh]>", page)]
    for row in rows[:3]:
        badge = client.get(f"{PREFIX}/runs/{row['run_id']}/badge.svg").text
        rate = row["safe"]
        assert f"{100 * rate['rate']:.1f}% · rank {row['rank']} of 15" in badge
        assert f"{100 * rate['rate']:.1f} ({100 * rate['low']:.1f}–{100 * rate['high']:.1f})" in cells
    assert len(re.findall("<tr>", page)) == 1 + len(rows)
    other = client.get(f"{PREFIX}/runs/{rows[0]['run_id']}/badge.svg?metric=mcqa").text
    assert "Multiple choice" in other and "rank" in other
    unjudged = next(row["run_id"] for row in rows if row["mcqa"] is None)
    assert "not judged" in client.get(f"{PREFIX}/runs/{unjudged}/badge.svg?metric=mcqa").text


def test_what_pages_offer_to_copy_leads_there(at: Over) -> None:
    client, site = at(), "https://siuo.example.org"
    run_id = client.get(f"{PREFIX}/runs").json()[0]["run_id"]
    badge = citations.badge_markdown(site, run_id, "safe")
    picture, page = badge.removeprefix("[![SIUO](").removesuffix(")").split(")](")
    assert client.get(picture.removeprefix(site)).headers["content-type"] == "image/svg+xml"
    assert page == f"{site}/run?run={run_id}"
    ((tag, frame),) = Tags(citations.embed_html(site, "human-3", "mcqa", partial=True)).tags
    assert tag == "iframe" and frame["title"] and str(frame["src"]).startswith(f"{site}{EMBED}?")
    assert "Multiple choice: Human judges" in client.get(str(frame["src"]).removeprefix(site)).text
    hostile = citations.embed_html(site, '"><script>', "safe&x=1", partial=False)
    assert [tag for tag, _ in Tags(hostile).tags] == ["iframe"]


def test_a_partial_run_has_no_rank(at: Over, tmp_path: Path) -> None:
    client = at(make_data(tmp_path / "data", make_run("Part", [True, None]), make_run("Whole", share(9))))
    part = next(run["run_id"] for run in client.get(f"{PREFIX}/runs").json() if run["model"] == "Part")
    assert "100.0% · not ranked" in client.get(f"{PREFIX}/runs/{part}/badge.svg").text


def test_an_address_may_ask_so_much(hosted: Over, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(addresses, "monotonic", lambda: now[0])
    client = hosted(SIUO_API_PER_MINUTE=6)
    url = f"{PREFIX}/nothing-of-the-data?x=1"
    boards = f"{PREFIX}/boards?x=1"  # refused before any data are read
    assert [client.get(boards).status_code for _ in range(7)] == [400] * 6 + [429]
    refused = client.get(boards)
    assert refused.headers["retry-after"] == "10" and "6 requests a minute" in refused.json()["detail"]
    assert refused.headers["access-control-allow-origin"] == "*"
    now[0] += 9.9
    assert client.get(boards).status_code == 429
    now[0] += 0.2
    assert [client.get(boards).status_code for _ in range(2)] == [400, 429]
    assert client.get("/healthz").status_code != 429 and client.get(url).status_code == 404
    now[0] += 3600
    assert [client.get(f"{PREFIX}/compare").status_code for _ in range(4)] == [400] * 3 + [429]
    # A proxy states the address; of IPv6 a line's whole network counts as one.
    for mine, other in (("198.51.100.1", "198.51.100.2"), ("2001:db8:0:1::1", "2001:db8:0:2::1")):
        scope: dict[str, Any] = {"client": (mine, 1)}
        for _ in range(6):
            addresses.must_have_room(scope, 1)
        with pytest.raises(Refused):
            addresses.must_have_room({"client": (mine.replace("::1", "::2"), 1)}, 1)
        addresses.must_have_room({"client": (other, 1)}, 1)


def test_thousands_of_addresses_are_not_kept(hosted: Over, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(SIUO_API_PER_MINUTE=6)
    monkeypatch.setattr(addresses, "_MOST_KNOWN", 100)
    for number in range(1_000):
        addresses.must_have_room({"client": (f"10.0.{number // 250}.{number % 250}", 1)}, 6)
    assert len(addresses._left) <= 100


def test_locally_there_is_no_limit(at: Over) -> None:
    at()
    for _ in range(2_000):
        addresses.must_have_room({"client": ("127.0.0.1", 1)}, 5)


def test_openapi_names_every_route_and_each_of_its_parameters(at: Over) -> None:
    found = document(ENDPOINTS)
    assert found == at().get(f"{PREFIX}/openapi.json").json()
    served = {(method, route.path) for route in routes() for method in route.methods or () if method != "HEAD"}
    declared = {(method.upper(), f"{PREFIX}{path}") for path, each in found["paths"].items() for method in each}
    rest = {(method, path) for method, path in served if path == "/api/{rest:path}"}
    assert served - declared - rest == {("GET", "/api"), ("GET", PREFIX)} and declared <= served
    operations = [each for path in found["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for path, methods in found["paths"].items():
        for each in methods.values():
            placed = {one["name"] for one in each.get("parameters", ()) if one["in"] == "path"}
            assert placed == set(re.findall(r"{(\w+)}", path)) and each["summary"].endswith(".")
            assert all(one["schema"]["type"] and one["description"] for one in each.get("parameters", ()))
            assert any(status.startswith("2") for status in each["responses"])
    known = set(found["components"]["schemas"])
    assert set(re.findall(r"'#/components/schemas/(\w+)'", str(found))) <= known


def test_the_page_explains_every_address_that_reads(at: Over, hosted: Over) -> None:
    words = at().get(f"{PREFIX}/").text
    for each in ENDPOINTS:
        assert (f"<code>GET {PREFIX}{each.path}</code>" in words) is (each.make is not None)
    assert (
        "local mode" in words
        and "SIUO_TOKEN" not in words
        and not {"script", "form"} & {tag for tag, _ in Tags(words).tags}
    )
    assert "SIUO_TOKEN" in hosted().get(f"{PREFIX}/").text
