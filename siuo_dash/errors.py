"""The project's errors: each names the thing, the place and the next step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


class SiuoError(Exception):
    """Something a person can act on.

    what: the thing that is wrong. where: file, row or setting. hint: the next step.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class CatalogueError(SiuoError):
    """The catalogue of samples is missing or contradicts itself."""


class SchemaError(SiuoError):
    """A Parquet file does not hold what the schema says."""


class SourceError(SiuoError):
    """A published figure contradicts itself or names no source."""


class NoBoard(SiuoError):
    """The asked board does not exist."""


class NoSampleSet(SiuoError):
    """The asked sample set is not installed, or nothing says which one is meant."""


class NoRun(SiuoError):
    """The asked run does not exist."""


class FilterError(SiuoError):
    """A filter holds a value that is not understood."""


class SubmissionError(SiuoError):
    """A submission cannot be read, validated or published."""


class StoreError(SiuoError):
    """The data directory is not there, the disk refuses, or the store cannot be read, locked, kept or restored."""


class NotAllowed(SiuoError):
    """This person may not do what was asked."""


class BenchmarkTextError(SiuoError):
    """The benchmark's own text or pictures cannot be fetched, read or kept."""


class EvaluationError(SiuoError):
    """An evaluation cannot be begun, or cannot go on."""


class ConstructionError(SiuoError):
    """New samples cannot be made, kept, reviewed or frozen."""


class SettingsError(SiuoError):
    """The program is set up in a way that it cannot be served: every fault, one a line.

    exit_code: ends a start that is refused: sysexits' EX_CONFIG, after which a service manager need not try again.
    """

    exit_code = 78


@dataclass(frozen=True)
class Finding:
    """One thing found while reading a file: where it is, what is wrong, what to do.

    kind: groups findings of one sort. count: how many findings it stands for. details: lines below it.
    """

    severity: Severity
    message: str
    hint: str = ""
    file: str = ""
    row: int | None = None
    question_id: int | None = None
    field: str = ""
    kind: str = ""
    count: int = 1
    details: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The finding without its severity, as `validate --json` prints it."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("severity", "kind", "count")}
        return kept | {"details": list(self.details)}

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.file,
                f"row {self.row}" if self.row is not None else "",
                f"question_id {self.question_id}" if self.question_id is not None else "",
                self.field,
            )
            if part
        )
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text
