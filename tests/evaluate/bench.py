"""A made-up benchmark beside a made-up server, and the program started there: what tests of commands that ask share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.evaluate.server import KEY, Server
from tests.make.program import Program

MODEL, JUDGE, SMALL = (f"openai-api/fake/{name}" for name in ("vl", "judge", "small"))


@dataclass
class Bench:
    """folder: for all that a test writes; data: the data directory in it. key: what the program sends."""

    folder: Path
    data: Path
    server: Server
    key: str = KEY

    def start(self, command: list[str]) -> Program:
        """A command in a process of its own; what it writes is in the folder's `out` and `err`."""
        environment = os.environ | {"FAKE_API_KEY": self.key, "HOME": str(self.folder)}
        out, err = self.folder / "out", self.folder / "err"
        return Program("siuo_dash", *command, environment=environment, out=out, err=err)

    def answered(self) -> int:
        """Good answers that the server gave so far."""
        return sum(self.server.kinds.values())
