"""A real hosted server asked by real programs: every command of docs/api.md, `submit --server`, and its log."""

from __future__ import annotations

import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.errors import SiuoError
from siuo_dash.server.api.charting import CHARTS
from siuo_dash.server.api.routes import ENDPOINTS
from siuo_dash.store.registry import Actor, tokens
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.make.files import as_json, judged
from tests.make.program import run
from tests.make.registry import states
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.test_start import settings
from tests.test_docs import shown_commands

ADA = Actor("ada@example.org")
SITE = "https://siuo.example.org"
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
OURS = [command for page, command in shown_commands() if page == "api.md" and not command.startswith("siuo ")]


@dataclass
class Site:
    """The server, its data directory, a folder with result files, and a token of ADA's."""

    server: Instance
    data: Path
    folder: Path
    token: str

    def submit(self, *words: str, file: Path | None = None, **environment: str) -> tuple[int, str]:
        """What the command line makes of it, in this process: the exit code, and all that it says."""
        said = ["--model", "Job-7B", "--judge", "human", "--server", self.server.address, *words]
        path = str(file or self.folder / "results.json")
        done = CliRunner().invoke(program, ["submit", path, *said], env={"SIUO_TOKEN": self.token} | environment)
        assert done.exception is None or isinstance(done.exception, SystemExit | SiuoError), done.exception
        return done.exit_code, done.output + (str(done.exception) if isinstance(done.exception, SiuoError) else "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("api")
    data = copy_data(folder / "data")
    (folder / "results.json").write_bytes(as_json(judged(safe=40)))
    with serving(Provider(), free_port()) as provider:
        environment = settings(provider.secrets_file(folder))
        with running(folder, data, environment=environment) as server:
            token, _ = tokens.make(data, ADA, "job", 7)
            yield Site(server, data, folder, token)


def test_the_document_names_every_address_and_no_other() -> None:
    listed = set(re.findall(r"`(/[\w/{}.]*)`(?=[,: |])", PAGE.split("## Read")[1].split("Rates are")[0]))
    assert listed == {each.path for each in ENDPOINTS} - {"/"}
    assert {path for path in re.findall(r"/api/v1(/[\w./-]+)", PAGE)} <= {
        "/openapi.json",
        *(each.path.format(run_id="RUN_ID", chart=chart) for each in ENDPOINTS for chart in CHARTS),
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here (Debian: apt-get install curl)")
def test_every_command_of_the_document_runs(site: Site) -> None:
    assert len(OURS) == 9
    (site.folder / "results.json").write_bytes(as_json(judged(safe=41)))
    before = len(states(site.data))
    for command in OURS:
        words = [word.replace(SITE, site.server.address) for word in shlex.split(command)]
        words = [word.replace("$SIUO_TOKEN", site.token) for word in words]
        if words[0] == "curl":
            done = subprocess.run(
                [*words[:1], "-sS", *words[1:]],
                cwd=site.folder,
                capture_output=True,
                text=True,
                check=True,
                timeout=300,
            )
            if "-o" not in words:
                found = json.loads(done.stdout)
                assert isinstance(found, list) or found.get("ok") or found["status"] == 409, command
        else:
            done = run(*words[2:], cwd=site.folder, environment=os.environ | {"SIUO_TOKEN": site.token})
            assert done.returncode == 0 and states(site.data)[done.stdout.splitlines()[-1]] == "pending", done
    assert len(states(site.data)) == before + 1, "sent once: the second is known by its content"
    size = (site.folder / "results.parquet").stat().st_size
    assert size > 10_000 and (site.folder / "etag.txt").read_text().startswith('"')
    verdicts, pages, chart = (
        code.replace(SITE, site.server.address) for code in re.findall(r"```python\n(.*?)```", PAGE, re.S)
    )
    done = run(code=verdicts)
    assert done.returncode == 0 and "Safe-RLHF-V" in done.stdout, done.stderr
    done = run(code=f"{pages.replace('limit=500', 'limit=4')}print(len(runs))")
    assert (done.stdout, done.returncode) == ("15\n", 0), done.stderr
    done = run(code=f"{chart.replace('tradeoff.html', str(site.folder / 'tradeoff.html'))}print(len(figure.data))")
    assert done.returncode == 0 and (site.folder / "tradeoff.html").is_file(), done.stderr


def test_a_job_sends_what_it_states_and_reads_what_is_wrong(site: Site) -> None:
    tried = site.submit("--dry-run", "--params-b", "7", "--open", "--evaluated-on", "2026-11-01")
    assert tried[0] == 0 and tried[1].splitlines()[-1] == "not sent: --dry-run", tried
    assert re.search(r"Safe +2[34]\.\d\d%", tried[1])
    code, sent = site.submit("--json", "--params-b", "7", "--organization", "A lab", file=_other(site, 44))
    assert code == 0 and json.loads(sent)["state"] == "pending"
    code, again = site.submit(file=_other(site, 44))
    assert code == 1 and "not sent: you sent the same content before" in again
    code, judge = site.submit("--judge", "nobody-9", file=_other(site, 45))
    assert code == 1 and "error: judge: No run was judged by “nobody-9”" in judge
    assert site.submit("--judge", "nobody-9", "--new-board", file=_other(site, 45))[0] == 0
    code, other_set = site.submit("--set", "old-v1", file=_other(site, 46))
    assert code == 1 and "error: sample_set: there is no sample set 'old-v1'; one of siuo-167" in other_set
    code, on_set = site.submit("--set", "siuo-167", "--dry-run", "--json", file=_other(site, 46))
    assert code == 0 and json.loads(on_set)["sample_set"] == "siuo-167"
    broken = site.folder / "broken.json"
    broken.write_text("{")
    code, refused = site.submit(file=broken)
    assert code == 1 and "error: broken.json" in refused


def _other(site: Site, safe: int) -> Path:
    path = site.folder / f"results-{safe}.json"
    path.write_bytes(as_json(judged(safe=safe)))
    return path


def test_a_token_goes_nowhere_else(site: Site) -> None:
    for server, said in (
        ("http://siuo.example.org", "no address of a dashboard"),
        ("ftp://127.0.0.1", "no address of a dashboard"),
        (f"https://ada:{site.token[:9]}@siuo.example.org", "no address of a dashboard"),
        (f"{site.server.address}/?x=1", "no address of a dashboard"),
        (f"http://127.0.0.1:{free_port()}", "cannot be reached"),
    ):
        code, words = site.submit("--server", server)
        assert code == 1 and said in words and site.token not in words
    for token, said in (("", "SIUO_TOKEN: this variable is not set"), ("x", "this holds no token")):
        assert said in site.submit(SIUO_TOKEN=token)[1]
    code, unknown = site.submit(SIUO_TOKEN="siuo_" + "a" * 43)
    assert code == 1 and "not known, or was revoked" in unknown
    assert site.submit("--all-runs")[0] == 2
    assert "--token" not in CliRunner().invoke(program, ["submit", "--help"]).output
    asked: list[str] = []
    with redirecting(asked, f"{site.server.address}/api/v1/submissions") as address:
        code, moved = site.submit("--server", address)
    assert code == 1 and "sends elsewhere" in moved and len(asked) == 1


class redirecting:
    """A server on this machine that sends everybody elsewhere, and notes who came."""

    def __init__(self, asked: list[str], to: str) -> None:
        class Elsewhere(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(307)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_the_operator_lists_and_ends_a_person_s_tokens(site: Site) -> None:
    token, made = tokens.make(site.data, Actor("gone@example.org"), "old \u202e job", 7)
    command = ["tokens", "--of", "Gone@example.org", "--data", str(site.data)]
    listed = CliRunner().invoke(program, command).output
    assert "old   job" in listed and made.token_id not in listed and token not in listed
    ended = CliRunner().invoke(program, [*command, "--revoke"]).output
    assert "revoked 1 token of gone@example.org" in ended
    answer = site.server.get("/api/v1/submissions", authorization=f"Bearer {token}")
    assert answer.status == 401
    assert CliRunner().invoke(program, ["tokens", "--of", "nobody"]).exit_code == 2


def test_no_token_is_in_the_server_s_log(site: Site) -> None:
    for path in (f"/api/v1/boards?token={site.token}", f"/api/v1/x/{site.token}", f"/?{site.token}", f"/{site.token}"):
        site.server.get(path, referer=f"https://elsewhere.example/?{site.token}")
    site.server.get("/api/v1/submissions", authorization=f"Bearer {site.token}x")
    said = site.server.log.read_text(encoding="utf-8") + site.server.printed
    assert '"path": "/api/v1/submissions"' in said and site.token[:20] not in said


def test_health_is_answered_while_much_is_asked(site: Site) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(site.server.get("/api/v1/leaderboard?search=a").status)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert site.server.get("/healthz").text == "ok\n"
    for thread in threads:
        thread.join()
    assert answers == [200] * 12
