"""The command line as anybody calls it, run in this process: `python -m siuo_dash …`."""

from __future__ import annotations

import hashlib
import io
import json
import os
import runpy
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock

from tests.golden.canonical import Output
from tests.golden.stores import slug

FORMATS: Final = ("table", "json", "csv", "latex", "markdown")
METRICS: Final = ("safe", "effective", "safe_and_effective", "mcqa")
_ABOUT: Final = ("--model", "Golden-7B", "--judge", "golden judge", "--params-b", "7", "--dry-run", "--json")
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "generation": ("example-generation.json",),
    "multiple choice": ("example-multiple-choice.json",),
    "both": ("example-generation.json", "example-multiple-choice.json"),
    "table": ("example-table.csv", "--mapping", "example-mapping.json"),
    "table unmapped": ("example-table.csv",),
    "template": ("template.csv",),
}
_PLAIN, _MIXED = ("official/siuo_gen-example-plain-gpteval", "official/siuo_gen-example-mixed-gpteval")
FIXTURES: Final[dict[str, tuple[str, ...]]] = {
    "official plain": (f"{_PLAIN}-merged-pro.json", "official/siuo_mcqa-example-plain.json"),
    "official mixed": (f"{_MIXED}-merged-pro.json", "official/siuo_mcqa-example-mixed.json"),
    "official apart": (f"{_MIXED}-safe-pro.json", f"{_MIXED}-effective-pro.json"),
    "vlmevalkit raw": ("vlmevalkit/ExampleVL-8B_SIUO_GEN.xlsx",),
    "vlmevalkit": ("vlmevalkit/ExampleVL-8B_SIUO_GEN_gpt-4o-mini_detailed.xlsx",),
    "vlmevalkit choice": tuple(f"vlmevalkit/ExampleVL-8B_SIUO_MCQ_{part}" for part in ("detailed.xlsx", "score.csv")),
    **{
        f"community {run}": tuple(f"community/{run}_baseline/siuo_167.{part}" for part in ("jsonl", "judged.jsonl"))
        for run in ("gemma3", "glm41v", "qwen3vl")
    },
}


class Terminal:
    """Runs commands over a data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str) -> tuple[object, str, str]:
        """The exit code, standard output and standard error."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        code: object = 0
        with (
            mock.patch.dict(os.environ, {"SIUO_DATA": str(self.data), "COLUMNS": "400"}),
            mock.patch.object(sys, "argv", ["siuo_dash", *arguments]),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
        ):
            try:
                runpy.run_module("siuo_dash", run_name="__main__", alter_sys=False)
            except SystemExit as end:
                code = end.code or 0
            return code, _written(out), _written(err)

    def said(self, *arguments: str) -> str:
        """All that a command says, as one text."""
        code, out, err = self.run(*arguments)
        return f"exit code {code}\n{out}" + (f"\nstandard error:\n{err}" if err else "")

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON that a command prints."""
        found: list[dict[str, Any]] = json.loads(self.run(*arguments)[1])
        return found

    def reading(self, *, everything: bool) -> Iterator[tuple[str, Output]]:
        """What the reading commands print."""
        for command in ("boards", "boards --format json", "runs", "runs --json", "runs --withdrawn", "verify --json"):
            yield self._output(*command.split())
        boards = [str(each["board"]) for each in self.listed("boards", "--format", "json")]
        for board in [*boards, "all"] if boards else ():
            for metric in METRICS:
                full = everything or (board == boards[0] and metric == "safe")
                kinds = FORMATS if full else ("csv", "json") if metric == "safe" else ("csv",)
                yield from (self._output(*_leaderboard(board, metric, kind)) for kind in kinds)
        for more in (["--partial"], ["--search", "a"], ["--search", "no such run"]):
            yield self._output("leaderboard", "--format", "csv", *more)

    def export(self, folder: Path) -> Iterator[tuple[str, Output]]:
        """The digests of what `export` writes, for the first runs one by one and together."""
        found = [str(each["run_id"]) for each in self.listed("runs", "--json")]
        for number, chosen in enumerate([*([run_id] for run_id in found[:4]), found[:3]] if found else []):
            target = folder / f"export-{number}.parquet"
            printed = self.said("export", *chosen, "--to", str(target))
            sha = hashlib.sha256(target.read_bytes()).hexdigest()
            yield f"export {number}", Output(f"{printed}\n{sha}".replace(str(folder), "TARGET"), "")

    def taking_in(self, name: str, files: Sequence[str], folder: Path) -> Iterator[tuple[str, Output]]:
        """What `validate` and `submit --dry-run` say of result files."""
        paths = [each if each.startswith("--") else str(folder / each) for each in files]
        yield f"validate {name}", Output(self.said("validate", *paths, "--json"))
        yield f"validate {name} words", Output(self.said("validate", *paths))
        yield f"submit {name}", Output(self.said("submit", *paths, *_ABOUT))

    def _output(self, *arguments: str) -> tuple[str, Output]:
        return slug(" ".join(arguments)), Output(self.said(*arguments))


def built(root: Path, folder: Path) -> str:
    """Whether `build` makes the shipped results anew, byte for byte."""
    made = folder / "built"
    made.mkdir()
    shutil.copy(root / "data" / "samples.csv", made)
    shutil.copytree(root / "data" / "sources", made / "sources")
    Terminal(made).run("build")
    new, shipped = (hashlib.sha256((at / "results.parquet").read_bytes()).hexdigest() for at in (made, root / "data"))
    return f"{new}\n{'as shipped' if new == shipped else 'not as shipped'}"


def _leaderboard(board: str, metric: str, kind: str) -> list[str]:
    return ["leaderboard", "--board", board, "--metric", metric, "--format", kind]


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw: io.BytesIO = stream.buffer  # type: ignore[assignment]
    return raw.getvalue().decode()
