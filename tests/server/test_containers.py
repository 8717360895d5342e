"""docs/containers.md: the files of a container, a Hugging Face Space and Streamlit's cloud, with their settings."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.make import container
from tests.make.files import as_json, judged
from tests.server.instance import running

CONTAINERFILE = (ROOT / "hosting" / "Containerfile").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")


def test_everybody_reads_and_nobody_uploads_as_the_files_have_it(tmp_path: Path) -> None:
    """The container's variables, the cloud's options and secrets: the server starts without a sign-in provider."""
    variables = dict(re.findall(r"\b(SIUO_\w+)=(\S+)", CONTAINERFILE))
    options, secrets = (tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", GUIDE, re.M | re.S))
    assert variables == {f"SIUO_{name.upper()}": value for name, value in secrets["siuo"].items()}
    assert "--host 0.0.0.0" in CONTAINERFILE.replace('", "', " ") and options["server"]["address"] == "0.0.0.0"
    names = [name.lower() for name in options["server"]["allowedHosts"]]
    said = {"server.address": "0.0.0.0", "secrets.files": str(tmp_path / "none.toml")}
    environment = variables | {"STREAMLIT_SERVER_ALLOWED_HOSTS": " ".join(names)}
    with running(tmp_path, options=said, environment=environment) as server:
        page = server.get("/", host=names[0])
        assert page.status == 200 and "GPT-4o" in page.text and server.get("/healthz", host=names[0]).text == "ok\n"
        assert server.get("/", host="elsewhere.example.org").status == 421
        refused = server.get("/api/v1/submissions", method="POST", body=b"x", host=names[0])
        assert refused.status in (401, 403), refused.text
        assert server.get("/oauth2callback?code=x", host=names[0]).status in (302, 303, 307, 400, 404)


def test_a_space_says_which_port_the_container_answers_on() -> None:
    header = (ROOT / "hosting" / "huggingface" / "README.md").read_text(encoding="utf-8").split("---")[1]
    told = dict(line.split(": ", 1) for line in header.strip().splitlines())
    (exposed,) = re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.M)
    assert (told["sdk"], told["app_port"]) == ("docker", exposed) and f'"--port", "{exposed}"' in CONTAINERFILE
    assert f"127.0.0.1:{exposed}/healthz" in CONTAINERFILE and "\nUSER 1000:1000\n" in CONTAINERFILE


@pytest.mark.heavy
def test_a_space_has_all_that_its_container_copies() -> None:
    # 0: pip builds with what is here, and asks no registry.
    offline = os.environ | {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    subprocess.run(["make", "space"], cwd=ROOT, env=offline, check=True, timeout=600)
    names = sorted(path.name for path in (ROOT / "build" / "space").iterdir())
    assert names[:3] == ["Dockerfile", "README.md", "requirements.txt"] and len(names) == 4
    assert re.fullmatch(r"siuo_dash-.*-py3-none-any\.whl", names[3])


@pytest.mark.heavy
@pytest.mark.skipif(not container.buildable(), reason=container.HELP)
def test_the_container_is_built_and_runs_as_the_guide_says(tmp_path: Path) -> None:
    image, volume = container.build(), tmp_path / "volume"
    assert image["User"] == "1000:1000" and list(image["Volumes"]) == ["/data"]
    kind, *healthy = image["Healthcheck"]["Test"]
    volume.mkdir()
    os.chown(volume, 1000, 1000)
    run = ("siuo-dash", "submit", "/tmp/results.json", "--model", "Kept-7B", "--judge", "human")
    with container.filesystem() as root:
        with container.running(tmp_path, root, image, volume) as first:
            assert kind == "CMD" and first.run(*healthy).returncode == 0
            assert first.run("id", "-u").stdout == b"1000\n"
            able = first.run("cat", "/proc/self/status").stdout.decode()
            assert re.search(r"^CapEff:\s*0+$", able, re.M) and re.search(r"^CapBnd:\s*0+$", able, re.M)
            for place in ("/", "/opt/siuo-dash", "/etc", "/home"):
                assert b"Read-only" in first.run("touch", f"{place}/x").stderr
            assert "GPT-4o" in first.get("/") and "GPT-4o" in first.get("/api/v1/leaderboard?board=human-3")
            assert first.run("tee", "/tmp/results.json", stdin=as_json(judged(safe=90, effective=80))).returncode == 0
            sent = first.run(*run)
            assert b"published" in sent.stdout, sent.stderr
            assert '"Kept-7B"' in first.get("/api/v1/runs?search=kept")
        with container.running(tmp_path, root, image, volume) as second:
            assert '"Kept-7B"' in second.get("/api/v1/runs?search=kept")
            assert second.run("ls", "/tmp/results.json").returncode != 0
