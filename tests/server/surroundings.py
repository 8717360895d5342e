"""A server whose disk is slow and whose clock is off, as a test says while it runs."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

COMPILER: Final = shutil.which("cc") or ""
HELP: Final = "a slow disk and a clock that is off are made by a small library, and there is no C compiler here"
_FIELDS: Final = ("delay", "offset", "slowed", "asked")


class Surroundings:
    """What a server that runs with `environment` meets, from its next operation on."""

    def __init__(self, environment: dict[str, str], shared: mmap.mmap) -> None:
        self.environment = environment
        self._shared = shared

    def slow(self, milliseconds: float) -> None:
        """Each operation on a file of the data directory takes this much longer."""
        self._write("delay", int(1_000 * milliseconds))

    def clock(self, days: float) -> None:
        """The clock is ahead by this many days; behind, where they are negative."""
        self._write("offset", int(86_400 * days))

    @property
    def slowed(self) -> int:
        """How many operations took longer so far."""
        return self._read("slowed")

    @property
    def asked(self) -> int:
        """How often a server asked for the time so far."""
        return self._read("asked")

    def _write(self, field: str, value: int) -> None:
        struct.pack_into("q", self._shared, 8 * _FIELDS.index(field), value)

    def _read(self, field: str) -> int:
        return int(struct.unpack_from("q", self._shared, 8 * _FIELDS.index(field))[0])


@contextmanager
def surroundings(folder: Path, data: Path) -> Iterator[Surroundings]:
    """A quick disk and the right clock, to begin with. data: the directory whose files can be slow."""
    library, control = folder / "surroundings.so", folder / "surroundings.bin"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    control.write_bytes(bytes(8 * len(_FIELDS)))
    with control.open("r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
        environment = {"LD_PRELOAD": library, "SIUO_TEST_CONTROL": control, "SIUO_TEST_SLOW": data}
        yield Surroundings({name: str(value) for name, value in environment.items()}, shared)
