"""The systemd unit, as far as it can be tried without systemd running; and the commands with the unit's settings."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest

from siuo_dash.errors import SettingsError
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.oidc.provider import Provider, serving
from tests.server.instance import copy_data, running

UNIT = ROOT / "hosting" / "siuo-dash@.service"
ENVIRONMENT = ROOT / "hosting" / "environment"
GUIDE = ROOT / "docs" / "hosting.md"
ANALYZE = shutil.which("systemd-analyze")


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
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=300)


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
    assert (
        said["RestartPreventExitStatus"] == [str(SettingsError.exit_code)] == ["78"]
    )  # and not 69: the provider is away
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
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            words,
            cwd=self.folder,
            env=os.environ | {"PATH": path} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def siuo(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`siuo` as the guide gives it to a shell."""
        return self.run("sh", "-c", f'{self.here(siuo_function())}\nsiuo "$@"', "sh", *words, **environment)

    def noted(self) -> list[str]:
        """What was to be done as another user, or to services."""
        path = self.folder / "noted"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def put(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


# What a transient service gets: nothing of the caller's environment, and only what is said here.
SYSTEMD_RUN = """#!{python}
import os, shlex, sys
environment = {{"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}}
words = sys.argv[1:]
while words[0].startswith("-"):
    option = words.pop(0)
    name, _, value = (words.pop(0) if option == "-p" else option.lstrip("-")).partition("=")
    if name == "EnvironmentFile":
        lines = [line.strip() for line in open(value)]
        environment |= dict(shlex.split(line)[0].split("=", 1) for line in lines if line and line[0] not in "#;")
    elif name == "UMask":
        os.umask(int(value, 8))
    elif name == "uid":
        print("as", value, file=open({noted!r}, "a"))
    elif name not in ("pipe", "wait", "quiet", "collect"):
        sys.exit(f"{{name}} is not known here")
os.chdir("/")
os.execve(words[0], words, environment)
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "var" / "backups").mkdir(parents=True)
    (made.program / "hosting").mkdir(parents=True)
    (made.program / "data").symlink_to(ROOT / "data")
    (made.program / "hosting" / "environment").write_text(made.here(ENVIRONMENT.read_text(encoding="utf-8")))
    # The installation makes the program known to every Python of this environment, whatever folder it runs in.
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["siuo-dash"]
    module, _, name = entry.partition(":")
    known = f"import os\nos.environ['PYTHONPATH'] = {str(ROOT)!r}\nsys.path.insert(0, {str(ROOT)!r})\n"
    program(made, f"{known}from {module} import {name}\nsys.exit({name}())\n")
    made.etc.mkdir(parents=True)
    (made.etc / "environment").write_text("STREAMLIT_SERVER_ALLOWED_HOSTS=siuo.example.org\n", encoding="utf-8")
    copy_data(made.data)
    made.put("sudo", '#!/bin/sh\n[ "$1" != -u ] || shift 2\nexec "$@"\n')
    made.put("systemctl", f'#!/bin/sh\necho "$(basename "$0") $*" >>"{tmp_path}/noted"\n')
    made.put("systemd-run", SYSTEMD_RUN.format(python=sys.executable, noted=str(tmp_path / "noted")))
    return made


def program(machine: Machine, text: str) -> None:
    """Put the program where the guide's `pip install --editable` puts it."""
    path = machine.program / ".venv" / "bin" / "siuo-dash"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\n{text}", encoding="utf-8")
    path.chmod(0o755)


TELL = """
import json, os
umask = os.umask(0)
print(json.dumps({"environment": dict(os.environ), "arguments": sys.argv[1:], "umask": umask}))
"""


def test_commands_have_the_units_settings(machine: Machine) -> None:
    (machine.etc / "environment").write_text(
        "# the site\n\n  STREAMLIT_SERVER_ALLOWED_HOSTS=siuo.example.org\n; more\n"
        'SIUO_REVIEWERS="a@example.org b@example.org"\nSIUO_UPLOADS=reviewers\nSIUO_QUOTA_OPEN=3\nSIUO_QUOTA_OPEN=4\n',
        encoding="utf-8",
    )
    program(machine, TELL)
    words = ("verify", "--json", "a b", "", "x=y", "$HOME", "*", "'")
    # What the operator's own shell says of the dashboard, or of Python, counts for nothing.
    done = machine.siuo(*words, SIUO_MODE="local", SIUO_DATA="/elsewhere", PYTHONPATH="/elsewhere", SIUO_UPLOAD_MB="1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {
        name: value for name, value in found["environment"].items() if name not in ("PATH", "LANG", "LC_CTYPE")
    } == {
        "SIUO_MODE": "hosted",
        "SIUO_DATA": str(machine.data),
        "HOME": str(machine.data),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STREAMLIT_SECRETS_FILES": str(machine.etc / "secrets.toml"),
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "siuo.example.org",
        "SIUO_REVIEWERS": "a@example.org b@example.org",
        "SIUO_UPLOADS": "reviewers",
        "SIUO_QUOTA_OPEN": "4",
    }
    assert found["arguments"] == list(words)
    said = directives()
    assert found["umask"] == int(said["UMask"][0], 8) and machine.noted() == [f"as {said['User'][0]}"]
    # The same files in the same order; the service's secrets are its own, whatever the files say.
    assert (
        said["EnvironmentFile"] == re.findall(r"EnvironmentFile=(\S+)", siuo_function()) and "Environment" not in said
    )
    assert said["LoadCredential"] == ["secrets.toml:/etc/siuo-dash/secrets.toml"]
    assert " --secrets.files %d/secrets.toml " in said["ExecStart"][0]


def test_the_services_settings_are_checked_and_its_data_examined(machine: Machine) -> None:
    (check,) = [line for block in shown(SET_UP) for line in block if "check-settings" in line]
    command = ("sh", "-c", machine.here(check))
    wrong = machine.run(*command)
    assert wrong.returncode == SettingsError.exit_code and "no reviewer is named" in wrong.stderr
    port = free_port()
    (machine.etc / "secrets.toml").write_text(
        '[siuo]\nreviewers = ["somebody@example.org"]\n'
        '[auth]\nredirect_uri = "https://siuo.example.org/oauth2callback"\n'
        f'cookie_secret = "{token_urlsafe(32)}"\nclient_id = "dashboard-4711"\nclient_secret = "{token_urlsafe(32)}"\n'
        f'server_metadata_url = "http://127.0.0.1:{port}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    with serving(Provider(), port):
        right = machine.run(*command)
    assert (right.returncode, right.stderr) == (0, "") and right.stdout.startswith("hosted: 1 reviewer;")
    assert machine.noted() == [], "settings are checked by root, who can read the secrets"
    assert machine.siuo("verify").stdout.startswith("sound")
    (machine.data / "samples.csv").unlink()
    assert machine.siuo("verify").returncode == 1
    assert machine.noted() == ["as siuo-dash"] * 2


def shown(section: str) -> list[list[str]]:
    """The command lines of each shell block of a section of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    assert text.count(f"\n## {section}\n") == 1
    part = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    return [[line for line in block.replace("\\\n", " ").splitlines() if line] for block in blocks]


SET_UP = "Set it up (Debian 12; Python 3.11 or later)"


def siuo_function() -> str:
    """The lines of the guide that name the long command."""
    (block,) = shown("Commands")
    return "\n".join(block[: block.index("}") + 1])


def follow(machine: Machine, lines: list[str]) -> None:
    """Do what is shown; whose a file becomes is the only thing left out."""
    for line in lines:
        done = machine.run(
            "sh", "-c", machine.here(f"{siuo_function()}\n{line}").replace(" -o siuo-dash -g siuo-dash", "")
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def files(folder: Path) -> Mapping[str, bytes]:
    """What lies in a folder, without the program's own notes."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".")}


def test_backup_and_restore_work_as_they_are_shown(machine: Machine) -> None:
    make, bring_back = shown("Backup and restore")
    submitted = machine.siuo(
        "submit",
        str(ROOT / "examples" / "example-generation.json"),
        "--model",
        "Kept-7B",
        "--judge",
        "gpt-4o",
    )
    assert submitted.returncode == 0, submitted.stderr
    before = files(machine.data / "runs")
    assert len(before) == 1
    follow(machine, make)
    backups = machine.folder / "var" / "backups" / "siuo-dash"
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700
    (backup,) = backups.iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for name in before:
        (machine.data / "runs" / name).unlink()
    assert machine.siuo("verify").returncode == 1
    follow(machine, [re.sub(r"siuo-\d{4}-\d\d-\d\d\.tar", backup.name, line) for line in bring_back])
    assert files(machine.data / "runs") == before
    services = [line for line in machine.noted() if line.startswith("systemctl")]
    assert services == ["systemctl stop siuo-dash@8501 siuo-dash@8502", "systemctl start siuo-dash@8501 siuo-dash@8502"]


def test_a_new_version_brings_its_runs_and_leaves_the_uploads(machine: Machine) -> None:
    shutil.rmtree(machine.data)
    (machine.data / "runs").mkdir(parents=True)
    (machine.data / "runs" / "somebody.parquet").write_bytes(b"theirs")
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
        "runs/somebody.parquet": b"theirs",
    }
    # Each is replaced in one step: nobody reads half a file.
    assert sum(" mv " in line for line in lines) == 2


def wait_until_well(port: int, process: int) -> subprocess.CompletedProcess[str]:
    """What systemd runs after the start of an instance. process: the id of its main process."""
    command = shlex.split(directives()["ExecStartPost"][0].replace("%i", str(port)))
    return subprocess.run(
        command, env=os.environ | {"MAINPID": str(process)}, check=False, timeout=150, capture_output=True, text=True
    )


def test_started_means_that_it_can_serve(tmp_path: Path) -> None:
    data = copy_data(tmp_path / "data")
    with running(tmp_path, data, wait=False) as server:
        well = wait_until_well(server.port, server.process.pid)
        assert (well.returncode, well.stdout.splitlines()[-1]) == (0, "ok")
        assert server.get("/healthz").status == 200
        shutil.rmtree(data)
        ill = wait_until_well(server.port, ended())
        assert ill.returncode == 1 and "the data directory cannot be read" in ill.stdout


def test_nobody_waits_for_a_dashboard_that_has_ended() -> None:
    """The start that is refused ends with its own status, and is not held up by who waits for it."""
    done = wait_until_well(free_port(), ended())
    assert done.returncode == 1 and "onnect" in done.stderr and "process" in done.stderr.casefold()


def ended() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(78)"])
    process.wait()
    return process.pid
