"""A container, really built and run: a base image of Debian's own packages by debootstrap, buildah, and crun.

No registry and no daemon is asked. Needs root.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.conftest import ROOT

BASE = "SIUO_TEST_BASE"
"""Names an image with Python to build on, where this machine has one."""
HELP = "needs root and Debian's packages buildah, crun and debootstrap"
OWN_BASE = "localhost/siuo-test-base:latest"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# crun refuses a machine with both kinds of cgroups: it is shown the newer kind alone.
_CRUN = (
    *("unshare", "--mount", "sh", "-c"),
    'umount --recursive /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec crun --cgroup-manager=disabled "$@"',
    "crun",
)


def buildable() -> bool:
    """Whether this machine can build and run one."""
    return os.getuid() == 0 and all(map(shutil.which, ("buildah", "crun", "debootstrap")))


def base_image() -> str:
    """An image with Python: SIUO_TEST_BASE, or Debian's own, which is made once. Skips where no mirror answers."""
    if given := os.environ.get(BASE):
        return given
    if subprocess.run(["buildah", "inspect", "--type", "image", OWN_BASE], capture_output=True, check=False).returncode:
        with tempfile.TemporaryDirectory(prefix="siuo-base-") as made:
            packages = "--include=python3,python3-venv,ca-certificates"
            command = ["debootstrap", "--variant=minbase", packages, "bookworm", made]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no mirror of Debian answers: {done.stdout[-300:]}")
            shutil.copy(CERTIFICATES, f"{made}{CERTIFICATES}")  # of a network that reads what passes through it
            name = _said("buildah", "from", "scratch")
            _said("buildah", "add", "--quiet", name, made, "/")
            _said("buildah", "config", "--env", f"PIP_CERT={CERTIFICATES}", name)
            _said("buildah", "commit", "--quiet", "--rm", name, OWN_BASE)
    return OWN_BASE


def build() -> dict[str, Any]:
    """`make container`; what the image says of itself, as docker names it."""
    # chroot: no cgroups and no network of its own are needed to build.
    settings = {"BUILDAH_ISOLATION": "chroot"} | os.environ | {"PIP_NO_BUILD_ISOLATION": "0"}
    command = ["make", "container", "BUILDER=buildah", f"BASE={base_image()}"]
    subprocess.run(command, cwd=ROOT, env=settings, check=True, timeout=3600)
    said: dict[str, Any] = json.loads(_said("buildah", "inspect", "--type", "image", "localhost/siuo-dash"))
    return dict(said["Docker"]["config"])


@contextmanager
def filesystem() -> Iterator[Path]:
    """The image's files."""
    name = _said("buildah", "from", "--pull-never", "localhost/siuo-dash")
    try:
        yield Path(_said("buildah", "mount", name))
    finally:
        subprocess.run(["buildah", "rm", name], capture_output=True, check=True)


class Container:
    """A running container."""

    def __init__(self, name: str, user: str, environment: Sequence[str]) -> None:
        self.name = name
        self._as = ["--user", user, *(part for each in environment for part in ("--env", each))]

    def run(self, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """A command in it, as its user."""
        words = [*_CRUN, "exec", *self._as, self.name, *command]
        return subprocess.run(words, input=stdin, capture_output=True, check=False, timeout=300)

    def get(self, path: str) -> str:
        """What it answers at an address; "" while it does not."""
        code = f"from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8501{path}').read().decode())"
        return self.run("python", "-c", code).stdout.decode()


@contextmanager
def running(folder: Path, root: Path, image: dict[str, Any], volume: Path) -> Iterator[Container]:
    """The image as docs/containers.md runs it: nothing can be written but the volume and /tmp, nothing is allowed."""
    name = f"siuo-test-{os.getpid()}"
    bundle = Path(tempfile.mkdtemp(dir=folder))
    subprocess.run(["crun", "spec"], cwd=bundle, check=True)
    spec = json.loads((bundle / "config.json").read_text())
    uid, gid = map(int, image["User"].split(":"))
    process = {"terminal": False, "user": {"uid": uid, "gid": gid}, "args": image["Cmd"], "env": image["Env"]}
    spec["process"] |= process | {"capabilities": {}, "noNewPrivileges": True}
    spec["root"] = {"path": str(root), "readonly": True}
    spec["mounts"] += [
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
        {"destination": "/data", "type": "bind", "source": str(volume), "options": ["bind", "nosuid", "nodev"]},
    ]
    (bundle / "config.json").write_text(json.dumps(spec))
    with (bundle / "log").open("wb") as log:
        process_ = subprocess.Popen([*_CRUN, "run", "--bundle", bundle, name], stdout=log, stderr=log)
    try:
        container = Container(name, image["User"], image["Env"])
        deadline = monotonic() + 300
        while container.get("/healthz") != "ok\n\n":
            sleep(0.1)
            if process_.poll() is not None or monotonic() > deadline:
                raise ConnectionError((bundle / "log").read_text(errors="replace")[-3000:])
        yield container
    finally:
        subprocess.run([*_CRUN, "kill", name, "TERM"], capture_output=True, check=False)
        process_.wait(timeout=300)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
