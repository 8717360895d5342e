"""The systemd unit, as far as it can be tried without systemd running; and the commands with the unit's settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic
from typing import Any

import pytest

from siuo_dash import settings
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.oidc.provider import Provider, serving
from tests.server.instance import copy_data, running

UNIT = ROOT / "hosting" / "siuo-dash@.service"
CLI = ROOT / "hosting" / "siuo-dash-cli"
GUIDE = ROOT / "docs" / "hosting.md"
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.xdist_group("serving")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit for this clone, under an instance's name."""
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not at hand (Debian: apt-get install systemd)")
    text = UNIT.read_text(encoding="utf-8").replace("/opt/siuo-dash/.venv/bin/", f"{Path(sys.executable).parent}/")
    path = tmp_path / "siuo-dash@8501.service"
    path.write_text(text.replace("/opt/siuo-dash", str(ROOT)), encoding="utf-8")
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_understands_the_unit(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_gives_the_service_little(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", str(unit))  # 20 is 2.0 of 10
    assert done.returncode == 0, done.stdout[-500:]


def directives() -> dict[str, list[str]]:
    """What the unit says, by name."""
    said: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            said.setdefault(name, []).append(value)
    return said


def test_wrong_settings_end_it_and_whatever_may_pass_is_tried_again() -> None:
    said = directives()
    assert said["Restart"] == ["always"]
    assert said["RestartPreventExitStatus"] == [str(settings.EXIT_CODE)] == ["78"]  # and not 69: the provider is away
    assert said["StartLimitIntervalSec"] == ["0"]


def test_nobody_else_reads_what_the_service_writes() -> None:
    said = directives()
    assert (said["StateDirectory"], said["StateDirectoryMode"], said["UMask"]) == (["siuo-dash"], ["0750"], ["0077"])
    # Backups lie where the service itself cannot reach them.
    assert said["ProtectSystem"] == ["strict"] and said["ReadWritePaths"] == ["/var/lib/siuo-dash"]
    assert "/var/backups/siuo-dash" in GUIDE.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Machine:
    """A machine set up as docs/hosting.md has it, in a folder: what would need root or another user only notes that."""

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "opt" / "siuo-dash"

    @property
    def data(self) -> Path:
        return self.folder / "var" / "lib" / "siuo-dash"

    @property
    def etc(self) -> Path:
        return self.folder / "etc" / "siuo-dash"

    def here(self, text: str) -> str:
        """The same words, with this machine's places."""
        return re.sub(r"(?<![\w/])/(?=(opt|etc|var/lib|var/backups)/siuo-dash)", f"{self.folder}/", text)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command; those that the project installs, and those that would need root, are this machine's own."""
        return subprocess.run(
            words, cwd=self.folder, env=os.environ | {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"} | environment,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def noted(self) -> list[str]:
        """What was to be done as another user, or to services."""
        path = self.folder / "noted"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def put(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "var" / "backups").mkdir(parents=True)
    (made.program / ".venv" / "bin").mkdir(parents=True)
    for name in ("siuo_dash", ".streamlit", "data", "hosting"):
        (made.program / name).symlink_to(ROOT / name)
    python(made, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    made.etc.mkdir(parents=True)
    (made.etc / "environment").write_text("STREAMLIT_SERVER_ALLOWED_HOSTS=siuo.example.org\n", encoding="utf-8")
    copy_data(made.data)
    note = f'echo "$(basename "$0") $*" >>"{tmp_path}/noted"\n'
    made.put("id", "#!/bin/sh\necho 0\n")
    made.put("sudo", '#!/bin/sh\n[ "$1" != -u ] || shift 2\nexec "$@"\n')
    made.put("systemctl", f"#!/bin/sh\n{note}")
    made.put("runuser", f'#!/bin/sh\necho "runuser $1 $2 $3" >>"{tmp_path}/noted"\nshift 3\nexec "$@"\n')
    made.put("siuo-dash-cli", made.here(CLI.read_text(encoding="utf-8")))
    return made


def python(machine: Machine, text: str) -> None:
    path = machine.program / ".venv" / "bin" / "python"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def told(machine: Machine, *words: str, **environment: str) -> dict[str, Any]:
    """What the program would be started with."""
    python(
        machine,
        f"""#!{sys.executable}
import json, os, sys
umask = os.umask(0)
print(json.dumps({{"environment": dict(os.environ), "arguments": sys.argv[1:], "umask": umask, "folder": os.getcwd()}}))
""",
    )
    done = machine.run("siuo-dash-cli", *words, **environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_commands_have_the_units_settings(machine: Machine) -> None:
    (machine.etc / "environment").write_text(
        "# the site\n\n  STREAMLIT_SERVER_ALLOWED_HOSTS=siuo.example.org\n; more\n"
        'SIUO_REVIEWERS="a@example.org b@example.org"\nSIUO_UPLOADS=reviewers\nSIUO_QUOTA_OPEN=3\nSIUO_QUOTA_OPEN=4  \n'
        "SIUO_ISSUER='https://x.example/?a=b'\nSIUO_SIGN_IN_HOURS=12",
        encoding="utf-8",
    )
    unit = dict(each.split("=", 1) for each in directives()["Environment"])
    assert unit["STREAMLIT_SECRETS_FILES"] == "%d/secrets.toml"
    credential, _, file = directives()["LoadCredential"][0].partition(":")
    assert credential == "secrets.toml"
    expected = {name: machine.here(value) for name, value in (unit | {"STREAMLIT_SECRETS_FILES": file}).items()} | {
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "siuo.example.org",
        "SIUO_REVIEWERS": "a@example.org b@example.org",
        "SIUO_UPLOADS": "reviewers",
        "SIUO_QUOTA_OPEN": "4",
        "SIUO_ISSUER": "https://x.example/?a=b",
        "SIUO_SIGN_IN_HOURS": "12",
    }
    words = ("verify", "--json", "a b", "", "x=y", "$HOME", "*", "'")
    # What the operator's own shell says of the dashboard, or of Python, counts for nothing.
    found = told(
        machine, *words, SIUO_MODE="local", SIUO_DATA="/elsewhere", PYTHONPATH="/elsewhere", SIUO_UPLOAD_MB="1"
    )
    told_of = found["environment"]
    assert {name: value for name, value in told_of.items() if name not in ("PATH", "LANG", "LC_CTYPE")} == expected
    assert found["arguments"] == ["-m", "siuo_dash", *words]
    assert found["folder"] == str(machine.program) == machine.here(directives()["WorkingDirectory"][0])
    assert found["umask"] == int(directives()["UMask"][0], 8)
    assert machine.noted() == [f"runuser -u {directives()['User'][0]} --"]


def test_settings_alone_are_checked_by_root_who_can_read_the_secrets(machine: Machine) -> None:
    assert told(machine, "check-settings")["arguments"] == ["-m", "siuo_dash", "check-settings"]
    assert machine.noted() == []
    told(machine, "verify", "check-settings")
    assert machine.noted() == ["runuser -u siuo-dash --"]


def test_the_services_settings_are_checked_and_its_data_examined(machine: Machine) -> None:
    wrong = machine.run("siuo-dash-cli", "check-settings")
    assert wrong.returncode == settings.EXIT_CODE and "no reviewer is named" in wrong.stderr
    port = free_port()
    (machine.etc / "secrets.toml").write_text(
        '[siuo]\nreviewers = ["somebody@example.org"]\n'
        '[auth]\nredirect_uri = "https://siuo.example.org/oauth2callback"\n'
        f'cookie_secret = "{token_urlsafe(32)}"\nclient_id = "dashboard-4711"\nclient_secret = "{token_urlsafe(32)}"\n'
        f'server_metadata_url = "http://127.0.0.1:{port}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    with serving(Provider(), port):
        right = machine.run("siuo-dash-cli", "check-settings")
    assert (right.returncode, right.stderr) == (0, "") and right.stdout.startswith("hosted: 1 reviewer;")
    assert machine.run("siuo-dash-cli", "verify").stdout.startswith("sound")
    (machine.data / "samples.csv").unlink()
    assert machine.run("siuo-dash-cli", "verify").returncode == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("SIUO_UPLOADS=nobody\nwords\n", "line 2: this is not NAME=value"), ("=x\n", "line 1: this is not NAME=value"),
     ("SIUO_REVIEWERS=a \\\nb\n", "line 1: write it without a backslash")],
)  # fmt: skip
def test_a_line_that_would_be_read_otherwise_is_refused(machine: Machine, text: str, words: str) -> None:
    (machine.etc / "environment").write_text(text, encoding="utf-8")
    done = machine.run("siuo-dash-cli", "verify")
    assert done.returncode == 78 and words in done.stderr and not machine.noted()


def test_what_is_missing_is_said(machine: Machine) -> None:
    machine.put("id", "#!/bin/sh\necho 1000\n")
    done = machine.run("siuo-dash-cli", "verify")
    assert done.returncode == 77 and "sudo siuo-dash-cli verify" in done.stderr
    machine.put("id", "#!/bin/sh\necho 0\n")
    (machine.etc / "environment").unlink()
    done = machine.run("siuo-dash-cli", "verify")
    assert done.returncode == 78 and f"{machine.etc}/environment cannot be read" in done.stderr
    assert not machine.noted()


def test_the_script_can_be_run_and_is_plain_sh() -> None:
    assert os.access(CLI, os.X_OK)
    assert subprocess.run(["sh", "-n", CLI], check=False, timeout=20).returncode == 0


def shown(section: str) -> list[list[str]]:
    """The command lines of each shell block of a section of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    assert text.count(f"\n## {section}\n") == 1
    part = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    return [[line for line in block.splitlines() if line] for block in blocks]


def follow(machine: Machine, lines: list[str]) -> None:
    """Do what is shown; whose a file becomes is the only thing left out."""
    for line in lines:
        done = machine.run("sh", "-c", machine.here(line).replace(" -o siuo-dash -g siuo-dash", ""))
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def files(folder: Path) -> Mapping[str, bytes]:
    """What lies in a folder, without the program's own notes."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".")}


def test_backup_and_restore_work_as_they_are_shown(machine: Machine) -> None:
    make, bring_back = shown("Backup and restore")
    submitted = machine.run(
        "siuo-dash-cli",
        "submit",
        str(ROOT / "examples" / "example-generation.json"),
        "--model",
        "Kept-7B",
        "--judge",
        "gpt-4o",
    )
    assert submitted.returncode == 0, submitted.stderr
    before = files(machine.data / "submissions")
    assert len(before) == 1
    follow(machine, make)
    backups = machine.folder / "var" / "backups" / "siuo-dash"
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700
    (backup,) = backups.iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for name in before:
        (machine.data / "submissions" / name).unlink()
    assert machine.run("siuo-dash-cli", "verify").returncode == 1
    follow(machine, [re.sub(r"siuo-\d{4}-\d\d-\d\d\.tar", backup.name, line) for line in bring_back])
    assert files(machine.data / "submissions") == before
    services = [line for line in machine.noted() if line.startswith("systemctl")]
    assert services == ["systemctl stop siuo-dash@8501 siuo-dash@8502", "systemctl start siuo-dash@8501 siuo-dash@8502"]


def test_a_new_version_brings_its_runs_and_leaves_the_uploads(machine: Machine) -> None:
    shutil.rmtree(machine.data)
    (machine.data / "submissions").mkdir(parents=True)
    (machine.data / "submissions" / "somebody.parquet").write_bytes(b"theirs")
    for name in ("samples.csv", "results.parquet"):
        (machine.data / name).write_bytes(b"old")
    (lines,) = shown("A new version")
    assert [line for line in lines if "/data/" not in line and ".new" not in line] == [
        "cd /opt/siuo-dash",
        "sudo git pull",
        "sudo make .venv/run",
        "sudo systemctl restart siuo-dash@8501 && sudo systemctl restart siuo-dash@8502",
    ]
    follow(machine, [line for line in lines if not re.search(r"git|make|^cd", line)])
    assert not list(machine.data.glob(".*"))
    assert files(machine.data) == {
        "samples.csv": (ROOT / "data" / "samples.csv").read_bytes(),
        "results.parquet": (ROOT / "data" / "results.parquet").read_bytes(),
        "submissions/somebody.parquet": b"theirs",
    }
    # Each is replaced in one step: nobody reads half a file.
    assert sum(" mv " in line for line in lines) == 2


def test_started_means_that_it_can_serve(tmp_path: Path) -> None:
    await_health = [sys.executable, "-m", "siuo_dash.server.await_health"]
    data = copy_data(tmp_path / "data")
    with running(tmp_path, data, wait=False) as server:
        url = f"{server.address}/healthz"
        assert subprocess.run([*await_health, url], cwd=ROOT, check=False, timeout=120).returncode == 0
        shutil.rmtree(data)
        late = subprocess.run(
            [*await_health, url, "0"], cwd=ROOT, check=False, timeout=60, capture_output=True, text=True
        )
        assert late.returncode == 1 and "the data directory cannot be read" in late.stderr
    away = subprocess.run([*await_health, url, "0"], cwd=ROOT, check=False, timeout=60, capture_output=True, text=True)
    assert away.returncode == 1 and "refused" in away.stderr


def test_nobody_waits_for_a_dashboard_that_has_ended() -> None:
    """The start that is refused ends with its own status, and is not held up by who waits for it."""
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(78)"])
    deadline = monotonic() + 60
    while Path(f"/proc/{ended.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert monotonic() < deadline
    command = [sys.executable, "-m", "siuo_dash.server.await_health", f"http://127.0.0.1:{free_port()}/healthz"]
    for waited in (False, True):  # also once it has been waited for, and is known to nobody
        done = subprocess.run(
            [*command, "600"],
            cwd=ROOT,
            env=os.environ | {"MAINPID": str(ended.pid)},
            check=False,
            timeout=60,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and "the dashboard has ended" in done.stderr
        assert waited or ended.wait() == 78
