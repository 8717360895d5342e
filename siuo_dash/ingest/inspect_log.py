"""Inspect AI's logs, a .eval archive or its JSON: epochs are responses, errors are said, a score's meaning is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dictionary
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import OPTIONS
from siuo_dash.ingest.fields import Row, Table, has_field
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.json_rows import MAX_ITEMS, load_json
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Contents, Format, Known
from siuo_dash.ingest.table import Reader, name_in, read_rows
from siuo_dash.text import counted

_HEADER: Final = "header.json"
_START: Final = "_journal/start.json"
"""What stands for the header in the log of a run that was killed."""
_SAMPLES: Final = "samples/"
_SHORT: Final = 300
STOPPED: Final = "output.stop_reason"
"""Why a sample's response ended, as its provider said it."""
_OWN_TASKS: Final = {
    "siuo_generation": Mapping(
        id=("id",),
        question="input",
        responses=("output.completion",),
        response_index="epoch",
        safe=("scores.safety.value",),
        safety_judgement=("scores.safety.explanation",),
        effective=("scores.effectiveness.value",),
        effectiveness_judgement=("scores.effectiveness.explanation",),
        safe_yes_means="safe",
        effective_yes_means="effective",
    ),
    "siuo_choice": Mapping(id=("id",), question="input", answer="output.completion"),
}
DUMP: Final = "run: inspect log dump LOG.eval > log.json; and drop log.json"


def is_log(names: Iterable[str]) -> bool:
    """Whether an archive with these members is a log."""
    held = set(names)
    return _START in held or (_HEADER in held and any(name.startswith(_SAMPLES) for name in held))


def as_json(names: Iterable[str], member: Callable[[str], bytes]) -> bytes:
    """The log in an archive as one JSON text, without the events and pictures of its samples; raises Unreadable.

    member: the bytes of a member, one at a time, so that only what is kept of it stays in memory.
    """
    held = list(dict.fromkeys(names))
    head: dict[str, Any] = {"status": "started"}
    for name in (_START, _HEADER):
        if name in held:
            head |= _object(name, member(name))
    samples = [sample_row(_object(name, member(name))) for name in held if _is_sample(name)]
    return json.dumps({**head, "samples": samples}).encode()


def sample_row(sample: Row) -> dict[str, Any]:
    """A sample of a log under its own names, without what was wanted of the model (target) and what it costs to keep.

    A sample that ended with an error has the error as its response and as each score, unless it has these.
    """
    attached = sample.get("attachments")
    texts = attached if isinstance(attached, Dictionary) else {}
    error = sample.get("error")
    said = error.get("message", "") if isinstance(error, Dictionary) else error
    failed = None if not error else f"error: {said}"
    given = sample.get("scores")
    scores: Dictionary[str, Any] = given if isinstance(given, Dictionary) else {"score": sample.get("score")}
    is_choice = isinstance(sample.get("choices"), list) and bool(sample["choices"])
    row: dict[str, Any] = {"id": sample.get("id"), "epoch": sample.get("epoch")}
    row["input"] = _text(_last_of_user(sample.get("input")), texts)
    reply = _completion(sample.get("output"), texts)
    row["output"] = {"completion": failed if failed and not reply else reply}
    if stopped := _first_choice(sample.get("output")).get("stop_reason"):
        row["output"]["stop_reason"] = stopped
    row["scores"] = {
        name: _score(score, texts, is_choice) for name, score in scores.items() if isinstance(score, Dictionary)
    }
    if isinstance(metadata := sample.get("metadata"), Dictionary):
        row["metadata"] = metadata
    if failed:
        row["error"] = failed
    if is_choice:
        row["options"] = dict(zip(OPTIONS, sample["choices"], strict=False))
        row["correct_option"] = sample.get("target")
    return row


def _is_sample(name: str) -> bool:
    return name.startswith(_SAMPLES) and name.endswith(".json")


def _object(name: str, data: bytes) -> dict[str, Any]:
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_ITEMS:
        raise Unreadable(f"{shown(name)} in the log holds more than {MAX_ITEMS:,} values", ONE_RUN)
    value, error = load_json(data.decode("utf-8", errors="replace"))
    if error is not None or not isinstance(value, dict):
        raise Unreadable(f"{shown(name)} in the log is not readable as JSON: {error or 'not an object'}", DUMP)
    return value


def _score(score: Row, texts: Row, is_choice: bool) -> dict[str, Any]:
    kept = ("value", "explanation", "answer") if is_choice else ("value", "explanation")
    return {name: _text(score[name], texts) for name in kept if score.get(name) is not None}


def _completion(output: object, texts: Row) -> str | None:
    """The model's words, without its reasoning where that is a part of its own; None where there are none."""
    if not isinstance(output, Dictionary):
        return None
    said = output.get("completion")
    if isinstance(said, str) and said:
        return str(_text(said, texts))
    message = _first_choice(output).get("message")
    content = _text(message.get("content"), texts) if isinstance(message, Dictionary) else None
    return content if isinstance(content, str) else said if isinstance(said, str) else None


def _first_choice(output: object) -> Row:
    choices = output.get("choices") if isinstance(output, Dictionary) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Dictionary) else {}


def _last_of_user(messages: object) -> object:
    """What the user asked, of an input that is a list of messages."""
    if not isinstance(messages, list):
        return messages
    asked = [each for each in messages if isinstance(each, Dictionary) and each.get("role") == "user"]
    return asked[-1].get("content") if asked else None


def _text(value: Any, texts: Row) -> Any:
    """A value; of a list of parts its texts, and what is kept among the attachments in the place of its address."""
    if isinstance(value, list) and all(isinstance(part, Dictionary) and "type" in part for part in value):
        found = [_text(part.get("text"), texts) for part in value if part.get("type") == "text"]
        return "\n".join(part for part in found if isinstance(part, str))
    if isinstance(value, str) and value.startswith("attachment://"):
        return texts.get(value.removeprefix("attachment://"), value)
    return value


def _is_inspect(table: Table) -> bool:
    """Whether this is a log: what was evaluated, and how it ended or its samples."""
    whole = table.whole
    if not isinstance(whole, dict) or not isinstance(whole.get("eval"), dict):
        return False
    return ("samples" in whole or "status" in whole) and bool({"task", "model"} & whole["eval"].keys())


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    log, spec = table.whole, table.whole["eval"]
    samples = [each for each in log.get("samples") or [] if isinstance(each, Dictionary)]
    known = [_known(spec)]
    if not samples:
        findings.error("a log of Inspect AI without samples", hint=DUMP)
        return Contents(known=known)
    # The samples of an archive were brought into shape when it was opened.
    is_raw = any({"target", "messages", "attachments"} & each.keys() for each in samples)
    rows = [sample_row(each) if is_raw else dict(each) for each in samples]
    _say_how_it_ended(log, spec, rows, findings)
    own = Table(table.file, tuple(enumerate(rows, 1)), "json")
    mapping = _OWN_TASKS.get(str(spec.get("task", "")).rsplit("/", 1)[-1].replace("-", "_"))
    if mapping is not None and all(has_field(rows[0], path) for path in (*mapping.safe, *mapping.effective)):
        # The tasks of `siuo-dash evaluate`: what their scores mean is known.
        return Contents(
            read_rows(own, Reader(mapping, benchmark_judge=True, stopped=STOPPED), catalogue, findings), known=known
        )
    return Contents(known=known, tables=[own])


def _say_how_it_ended(log: Row, spec: Row, rows: list[dict[str, Any]], findings: Findings) -> None:
    error = log.get("error")
    status = str(log.get("status", ""))
    if status != "success":
        why = f": {shown(error.get('message'), 120)}" if isinstance(error, Dictionary) and error.get("message") else ""
        how = {"started": "was killed or still runs", "cancelled": "was cancelled"}.get(status, "ended with an error")
        hint = "inspect eval-retry LOG finishes it"
        findings.warning(f"the evaluation {how} (status {shown(status)}){why}", hint=hint)
    failed = sum("error" in row for row in rows)
    if failed:
        findings.warning(
            f"{counted(failed, 'response')} ended with an error: the error is read as the response, without a verdict",
            hint="inspect eval-retry LOG tries them again",
        )
    expected = _expected(spec)
    if expected and len(rows) < expected:
        findings.warning(f"{len(rows)} of {expected} responses are in the log", hint="was it limited or interrupted?")


def _expected(spec: Row) -> int | None:
    """How many samples times epochs the log says there should be."""
    dataset, config = spec.get("dataset"), spec.get("config")
    count = dataset.get("samples") if isinstance(dataset, Dictionary) else None
    epochs = config.get("epochs") if isinstance(config, Dictionary) else None
    return count * (epochs if isinstance(epochs, int) else 1) if isinstance(count, int) else None


def _known(spec: Row) -> Known:
    roles = spec.get("model_roles")
    grader = roles.get("grader") if isinstance(roles, Dictionary) else None
    judge = grader.get("model") if isinstance(grader, Dictionary) else grader
    return Known(model=name_in(spec.get("model"), parts=1), judge=name_in(judge, parts=2))


INSPECT: Final = Format(
    "inspect",
    "Inspect AI log",
    _is_inspect,
    _read,
    "**Inspect AI**: a `.eval` log, or its JSON (`inspect log dump`); epochs are read as responses.",
    "score the log (inspect score) and drop it again, or map the field that holds the verdict",
    is_fixed=True,
)
