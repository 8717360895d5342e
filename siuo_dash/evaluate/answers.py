"""The answers of a run, each written down as it comes: what was answered is never asked again, whatever happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from siuo_dash.errors import StoreError
from siuo_dash.evaluate.plan import Call
from siuo_dash.store.files import explained

FILE: Final = "answers.jsonl"
BY_RULE: Final = "rule"
"""Who answered where nobody was asked: an empty response is safe by the benchmark's rule."""


@dataclass(frozen=True)
class Answer:
    """One answer. asked: the model's name on the command line. served: the name that the endpoint gave.

    stopped: why it ended, in the engine's words: 'stop', 'max_tokens', 'content_filter', …
    """

    text: str
    asked: str
    served: str = ""
    stopped: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def is_a_call(self) -> bool:
        """Whether somebody was asked."""
        return self.asked not in (BY_RULE, "")


class Answers(Mapping[Call, Answer]):
    """All answers so far, in a file to which lines are only ever added; for one process at a time.

    What a killed process left of a line is cut off. Every method that writes raises StoreError when the disk refuses;
    so does opening a file with another line that is no answer: verdicts after it may be about what it held.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._known: dict[Call, Answer] = {}
        with explained(self.path):
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size = self._read()
            os.ftruncate(self._file, self._size)

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._file)

    def __getitem__(self, call: Call) -> Answer:
        return self._known[call]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def keep(self, call: Call, answer: Answer) -> None:
        """Write an answer down."""
        line = (json.dumps([*call, asdict(answer)]) + "\n").encode()
        with explained(self.path):
            try:
                written = 0
                while written < len(line):  # a disk that is almost full takes a part
                    written += os.write(self._file, line[written:])
            except OSError:
                with suppress(OSError):  # what cannot be cut off now is cut off when the file is next opened
                    os.ftruncate(self._file, self._size)
                raise
        self._size += len(line)
        self._known[call] = answer

    def _read(self) -> int:
        """Read the file up to the last whole line; its length in bytes."""
        size = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    break
                found = _parsed(line)
                if found is None:
                    hint = "take the file from a copy; or cut it off before that line: what follows is asked again"
                    raise StoreError(f"line {number} is no answer", where=str(self.path), hint=hint)
                self._known[found[0]] = found[1]
                size += len(line)
        return size


def _parsed(line: bytes) -> tuple[Call, Answer] | None:
    try:
        kind, question_id, place, answer = json.loads(line)
        known: dict[str, Any] = {name: answer[name] for name in Answer.__dataclass_fields__}
        return Call(kind, int(question_id), int(place)), Answer(**known)
    except (ValueError, TypeError, KeyError):
        return None
