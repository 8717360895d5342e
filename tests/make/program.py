"""The program in a process of its own, as a shell starts it, but with everything loaded only once.

A process that has loaded the command line and Streamlit copies itself for each command and each server. What a start
by a shell adds is Python's own: tests/cli/test_rankings.py, tests/settings/test_start.py and tests/server/test_start.py
keep such starts.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOADED = ["siuo_dash.cli", "siuo_dash.ui.start_check", "siuo_dash.server.application", "streamlit.web.cli"]
LOADED += ["inspect_ai", "inspect_ai.agent._acp.server", "inspect_ai.model._providers.anthropic", "fastapi", "openai"]
_COPIES = multiprocessing.get_context("forkserver")
_COPIES.set_forkserver_preload([*LOADED, __name__])


def needs_engine() -> None:
    """Skip the module where the engine is not installed; loading it to find out would take seconds in each process."""
    if find_spec("inspect_ai") is None:
        pytest.skip("the engine is an extra: make evaluate", allow_module_level=True)


class Program:
    """`python -m command…`, running; what subprocess.Popen has, as far as the tests need it.

    code: Python's own, in place of a module; the command is its arguments. out, err: files for what it writes.
    """

    def __init__(
        self,
        *command: object,
        code: str = "",
        cwd: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        out: Path | str = os.devnull,
        err: Path | str = os.devnull,
    ) -> None:
        self.args = [str(part) for part in command]
        wanted = dict(os.environ if environment is None else environment)
        self._process = _COPIES.Process(target=_run, args=(self.args, code, str(cwd), wanted, str(out), str(err)))
        # The copy would run the file of __main__ first, which after a test by AppTest is a page's script.
        own, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = own

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self.returncode) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run(*command: object, timeout: float = 300, **how: Any) -> subprocess.CompletedProcess[str]:
    """A command from its start to its end, and what it wrote; subprocess.TimeoutExpired when it does not end."""
    with tempfile.TemporaryDirectory(prefix="siuo-program-") as folder:
        written = [Path(folder, name) for name in ("out", "err")]
        program = Program(*command, out=written[0], err=written[1], **how)
        try:
            code = program.wait(timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            raise
        out, err = (path.read_text(encoding="utf-8") for path in written)
    return subprocess.CompletedProcess(program.args, code, out, err)


def _run(command: list[str], code: str, cwd: str, environment: dict[str, str], out: str, err: str) -> None:
    for stream, path in ((0, os.devnull), (1, out), (2, err)):
        target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, stream)
        os.close(target)
    sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing took it away
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = ["" if code else cwd, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if code:
            sys.argv = ["-c", *command]
            exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = command
            if command[0] in sys.modules and not hasattr(sys.modules[command[0]], "__path__"):
                del sys.modules[command[0]]  # or runpy warns that it is loaded already
            runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # which a process of multiprocessing leaves out
