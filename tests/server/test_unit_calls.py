"""The unit's filter of system calls: everything that the service loads and does goes on under it."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.driver import ROOT

UNIT = ROOT / "hosting" / "siuo-dash@.service"
NUMBERS = Path(f"/usr/include/{platform.machine()}-linux-gnu/asm/unistd_64.h")

pytestmark = [
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed"),
    pytest.mark.skipif(not NUMBERS.is_file(), reason="the kernel's headers, which number the calls, are not installed"),
]
LOADED = "numpy pandas pyarrow duckdb scipy.stats streamlit siuo_dash.server.application".split()
PROGRAM = """
import ctypes, errno, importlib, struct, sys
allowed = [int(number) for number in sys.argv[1].split(",")]
program = [(0x20, 0, 0, 0)]
for number in allowed:
    program += [(0x15, 0, 1, number), (6, 0, 0, 0x7fff0000)]
program += [(6, 0, 0, 0x00050000 | getattr(errno, sys.argv[2]) if sys.argv[2] else 0x80000000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("@HP", len(program), ctypes.addressof(code)), 0, 0) == 0
for name in sys.argv[3].split(","):
    importlib.import_module(name)
from pathlib import Path
from siuo_dash.ingest.reader_process import UploadedFile, validate
from siuo_dash.store.catalogue_file import read_catalogue
example = Path("examples/example-generation.json")
assert validate([UploadedFile(example.name, example.read_bytes())], read_catalogue(Path("data/samples.csv"))).ok
"""
"""Puts the filter on itself, as systemd puts it on a service, loads what the service loads, and reads a file."""


def said(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)


def calls(group: str) -> set[str]:
    """The names of a group's system calls, as this systemd has them."""
    done = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:]]
    inside = [calls(word) if word.startswith("@") else {word} for word in words if word and not word.startswith("#")]
    return set().union(*inside)


def allowed() -> list[int]:
    names: set[str] = set()
    for line in said("SystemCallFilter"):
        groups = set().union(*map(calls, line.removeprefix("~").split()))
        names = names - groups if line.startswith("~") else names | groups
    numbers = dict(re.findall(r"#define __NR_(\w+)\s+(\d+)", NUMBERS.read_text("utf-8")))
    return sorted(int(numbers[name]) for name in names if name in numbers)


def test_the_service_lives_under_the_units_filter() -> None:
    error = (said("SystemCallErrorNumber") or [""])[0]
    listed = ",".join(map(str, allowed()))
    words = [sys.executable, "-c", PROGRAM, listed, error, ",".join(LOADED)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr[-2_000:])
