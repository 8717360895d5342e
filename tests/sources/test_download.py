"""One file over HTTP from a real server that fails, stalls and breaks off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from siuo_dash.errors import BenchmarkTextError
from siuo_dash.sources.download import Patience, download
from tests.sources.benchmark_server import Kind, Site, Step, served

BODY = os.urandom(300_000)
QUICK = Patience(stall=0.3, tries=3, pause=0.0)


@pytest.fixture
def site() -> Iterator[Site]:
    with served({"/file": BODY}) as running:
        yield running


def fetch(site: Site, target: Path, *, path: str = "/file", most: int = 10**6, flaw: str | None = None) -> None:
    download(f"{site.address}{path}", target, most=most, flaw=lambda content: flaw, patience=QUICK)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole(site: Site, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    download(
        f"{site.address}/file",
        tmp_path / "f",
        most=10**6,
        flaw=lambda content: None,
        patience=QUICK,
        progress=lambda have, whole: heard.append((have, whole)),
    )
    assert (tmp_path / "f").read_bytes() == BODY
    assert leftovers(tmp_path) == ["f"]
    assert heard[-1] == (len(BODY), len(BODY))
    assert heard == sorted(heard)


def test_a_truncated_answer_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut", after=100_000), Step("cut", after=150_000)]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert site.requests("/file") == ["", "bytes=100000-", "bytes=250000-"]


def test_progress_renews_the_patience(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut", after=30_000) for _ in range(9)]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert len(site.requests("/file")) == 10


def test_a_server_that_stalls_is_left_and_asked_again(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("hang", after=50_000)]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert site.requests("/file") == ["", "bytes=50000-"]


def test_a_later_call_goes_on_where_this_one_gave_up(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut", after=200_000), *(Step("status", status=503) for _ in range(3))]
    with pytest.raises(BenchmarkTextError, match=r"answered 503 \(3 tries\); run the command again"):
        fetch(site, tmp_path / "f")
    assert leftovers(tmp_path) == [".f.part", ".f.part-of"]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert site.requests("/file")[-1] == "bytes=200000-"
    assert leftovers(tmp_path) == ["f"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut", after=200_000), *(Step("status", status=500) for _ in range(3))]
    with pytest.raises(BenchmarkTextError):
        fetch(site, tmp_path / "f")
    site.files["/file"] = BODY[::-1]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY[::-1]


@pytest.mark.parametrize("kind", ["no ranges", "wrong part"])
def test_servers_that_cannot_resume_are_asked_for_the_whole(site: Site, tmp_path: Path, kind: Kind) -> None:
    site.steps["/file"] = [Step("cut", after=100_000), Step(kind)]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_weak_tag_is_no_proof_that_the_file_is_the_same(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut", after=100_000, weak=True)]
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert site.requests("/file") == ["", ""]


def test_busy_servers_are_asked_again_and_refusals_are_not(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("status", status=429, headers={"Retry-After": "0"}), Step("status", status=502)]
    fetch(site, tmp_path / "f")
    assert len(site.requests("/file")) == 3
    with pytest.raises(BenchmarkTextError, match="answered 404 Not Found; check the address"):
        fetch(site, tmp_path / "g", path="/nowhere")
    assert len(site.requests("/nowhere")) == 1


def test_nobody_there(tmp_path: Path) -> None:
    with served({}) as gone:
        address = gone.address
    with pytest.raises(BenchmarkTextError, match=r"no connection .*3 tries"):
        download(f"{address}/file", tmp_path / "f", most=10, flaw=lambda content: None, patience=QUICK)


def test_content_that_is_not_sound_is_not_kept(site: Site, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkTextError, match="this is no picture"):
        fetch(site, tmp_path / "f", flaw="this is no picture")
    assert len(site.requests("/file")) == 1, "the server would send the same again"
    assert leftovers(tmp_path) == []


def test_an_answer_without_a_length_is_judged_by_its_content(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("cut without length", after=1_000)]
    flaw = lambda content: None if content == BODY else "cut off"  # noqa: E731
    download(f"{site.address}/file", tmp_path / "f", most=10**6, flaw=flaw, patience=QUICK)
    assert (tmp_path / "f").read_bytes() == BODY


def test_too_large_is_refused_before_and_while_it_comes(site: Site, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkTextError, match="300,000 bytes, more than 1,000"):
        fetch(site, tmp_path / "f", most=1_000)
    site.steps["/file"] = [Step("cut without length", after=300_000)]
    with pytest.raises(BenchmarkTextError, match="larger than 100,000 bytes"):
        fetch(site, tmp_path / "f", most=100_000)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x", "/etc/hostname", ""])
def test_only_http_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkTextError, match="not an http or https address"):
        download(url, tmp_path / "f", most=10, flaw=lambda content: None, patience=QUICK)


@pytest.mark.parametrize("to", ["file:///etc/hostname", "ftp://127.0.0.1:9/x"])
def test_a_redirect_cannot_lead_elsewhere(site: Site, tmp_path: Path, to: str) -> None:
    site.steps["/file"] = [Step("redirect", headers={"Location": to})] * 3
    with pytest.raises(BenchmarkTextError):
        fetch(site, tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_a_redirect_inside_http_is_followed(site: Site, tmp_path: Path) -> None:
    site.steps["/file"] = [Step("redirect", headers={"Location": f"{site.address}/other"})] * 9
    site.files["/other"] = b"there"
    fetch(site, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"there"
