"""Lays a data directory as versions without a registry kept it: a folder for each state, log.jsonl, a journal."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.store.files import write_parquet
from tests.conftest import ROOT
from tests.make.runs import run_id_of

FOLDERS = {
    "publish": "submissions",
    "withdraw": "withdrawn",
    "restore": "submissions",
    "draft": "review/drafts",
    "submit": "review/pending",
    "request-changes": "review/drafts",
    "reject": "review/rejected",
    "approve": "submissions",
    "retract": "review/retracted",
    "supersede": "superseded",
}
"""{event: the folder that it took a run's file to}."""


class OldWriter:
    """Writes what the earlier version wrote, change by change; nothing of the program decides how."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.lines: list[bytes] = []
        for folder in ("submissions/.journal/claims", "submissions/.journal/incoming", "withdrawn"):
            (data_dir / folder).mkdir(parents=True)
        (data_dir / "submissions" / ".lock").touch()
        shutil.copy(ROOT / "data" / "samples.csv", data_dir)

    def path(self, folder: str, table: pa.Table) -> Path:
        return self.data_dir / folder / f"{run_id_of(table)}.parquet"

    def lay(self, folder: str, table: pa.Table, **footer: str) -> Path:
        """A run's file, without a line in the log."""
        path = self.path(folder, table)
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = {"siuo.content_hash": content_hash(table)} | {f"siuo.{name}": value for name, value in footer.items()}
        write_parquet(table, path, overwrite=True, metadata=stored)
        return path

    def line(self, event: str, table: pa.Table, by: str | None = None, **more: Any) -> bytes:
        """The next line of the log, not written yet."""
        record = {
            "at": f"2026-11-{1 + len(self.lines):02}T10:00:00.000000+00:00",
            "event": event,
            "run_id": run_id_of(table),
            "content_hash": content_hash(table),
            "by": by,
            "why": more.pop("why", None),
            "previous": hashlib.sha256(self.lines[-1]).hexdigest() if self.lines else None,
        }
        return json.dumps(record | more).encode()

    def log(self, line: bytes) -> None:
        self.lines.append(line)
        (self.data_dir / "log.jsonl").write_bytes(b"".join(each + b"\n" for each in self.lines))

    def note(self, *lines: bytes, name: str = "pending.json") -> None:
        """The note of a change that is under way, or (done.json) of the last one."""
        path = self.data_dir / "submissions" / ".journal" / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))

    def move(self, source: str, target: str, table: pa.Table) -> None:
        self.path(target, table).parent.mkdir(parents=True, exist_ok=True)
        self.path(source, table).rename(self.path(target, table))

    def change(
        self, event: str, table: pa.Table, by: str | None = None, source: str | None = None, **more: Any
    ) -> None:
        """One whole change: the file, the line, the note that it is done. source: the folder; None = a new run."""
        line = self.line(event, table, by, **more)
        if source is None:
            self.lay(FOLDERS[event], table)
        else:
            self.move(source, FOLDERS[event], table)
        self.log(line)
        self.note(line, name="done.json")
