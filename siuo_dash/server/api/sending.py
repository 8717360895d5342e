"""Results from programs: checked, kept and reviewed as on the upload page, for the owner of a token."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from siuo_dash.analysis import preview, twins
from siuo_dash.benchmark.names import similar
from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.errors import Finding, NoRun, SubmissionError
from siuo_dash.ingest.reader_process import validate
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import upload
from siuo_dash.report.records import submission_report
from siuo_dash.server.api import schemas
from siuo_dash.server.api.arriving import form, holder, one_at_a_time
from siuo_dash.server.api.endpoint import JSON, Endpoint, json_of
from siuo_dash.server.api.parameters import Asked, Parameter
from siuo_dash.server.api.problems import Refused, failure
from siuo_dash.server.api.sharing import PREFIX, SUBMISSIONS
from siuo_dash.server.api.stated import OTHERS, SWITCHES, Stated, schema_of, stated
from siuo_dash.settings.paths import data_dir
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Actor, AlreadyPublished, Submitted
from siuo_dash.ui import identity, page

# As many as are read at the same time; whoever comes then waits here, not in the threads of other requests.
_READING: Final = anyio.CapacityLimiter(2)
_LOOKING: Final = anyio.CapacityLimiter(2)
_NEVER_KEPT: Final = {"Cache-Control": "no-store"}


async def _submit(request: Request, _asked: Asked) -> Response:
    actor = await holder(request)
    identity.must_let_upload(actor)
    with one_at_a_time(actor):
        files, fields = await form(request)
        said, wrong = stated(fields)
        if not files:
            hint = "send the result files as `file`, as often as there are files"
            wrong.append(Finding("error", "there is no file", hint=hint, field="file"))
        if wrong:
            raise Refused(422, "the form has errors", errors=[each.as_dict() for each in wrong])
        report, sent = await anyio.to_thread.run_sync(_taken, actor, files, said, limiter=_READING)
    if sent is None:
        return Response(json_of(report | {"state": None}), 200, _NEVER_KEPT, JSON)
    place = {"Location": f"{PREFIX}{SUBMISSIONS}/{sent.run_id}"}
    return Response(json_of(report | {"state": sent.state}), 201, _NEVER_KEPT | place, JSON)


def _taken(actor: Actor, files: list[UploadedFile], said: Stated) -> tuple[dict[str, Any], Submitted | None]:
    """What would be public once it is approved, and what became of it; Refused with every finding where one is an
    error.
    """
    store = page.the_store()
    store.refresh()
    try:
        with registry.upload_lock(store.data_dir, actor):
            submission = validate(files, store.sets, said.mapping, said.sample_set)
            known = suggested(submission.reading.known)
            metadata = replace(known, submitted_at=datetime.now(UTC), **said.facts)
            more = _found(store, submission, metadata, said) if submission.ok else []
            report = submission_report(submission, None, more)
            if not report["ok"]:
                raise Refused(422, "this cannot be published as it is", errors=report.pop("errors"), more=report)
            table = submission.to_table(metadata)
            if said.dry_run:
                return report, None
            put = registry.save_draft if said.draft else registry.submit
            sent = put(store.data_dir, table, actor, limits=identity.limits(), corrects=said.corrects)
    except AlreadyPublished as error:
        raise Refused(409, error.what, hint=error.hint, more={"run_id": error.existing_run_id}) from None
    except SubmissionError as error:
        raise Refused(409, error.what, hint=error.hint) from None
    except NoRun as error:
        raise Refused(404, error.what, hint=f"{PREFIX}{SUBMISSIONS} lists yours") from None
    return report | {"run_id": sent.run_id}, sent


def _found(store: Store, submission: Submission, metadata: RunMetadata, said: Stated) -> list[Finding]:
    """What is wrong with what was stated, a judge's name that no run has, and runs with the same responses."""
    found = submission.check_metadata(metadata)
    judge, judges = metadata.judge.strip(), preview.judges(store)
    if "generation" in submission.tasks and judge and judge not in judges and not said.new_board:
        alike = {each: judges[each] for each in similar(judge, tuple(judges))}
        hint = "correct the name, or state new_board=true if it is meant"
        found.append(Finding("error", upload.judge_words(judge, alike).rstrip("."), hint=hint, field="judge"))
    if not any(each.severity == "error" for each in found):
        found += twins.findings(store, submission.to_table(metadata))
    return found


async def _own(request: Request, _asked: Asked) -> Response:
    actor = await holder(request)
    found = await anyio.to_thread.run_sync(registry.own, data_dir(), actor, limiter=_LOOKING)
    return Response(json_of([_state(each, actor) for each in found]), 200, _NEVER_KEPT, JSON)


async def _one(request: Request, asked: Asked) -> Response:
    actor = await holder(request)
    try:
        found = await anyio.to_thread.run_sync(registry.one, data_dir(), asked["run_id"], actor, limiter=_LOOKING)
    except NoRun as error:
        raise Refused(404, error.what, hint=f"{PREFIX}{SUBMISSIONS} lists yours") from None
    return Response(json_of(_state(found, actor)), 200, _NEVER_KEPT, JSON)


def _state(sent: Submitted, me: Actor) -> dict[str, Any]:
    """A submission for its owner; which reviewer decided stays out of it."""
    return {
        "run_id": sent.run_id,
        "state": sent.state,
        "model": sent.model,
        "judge": sent.judge,
        "organization": sent.organization,
        "corrects": sent.supersedes,
        "history": [
            {
                "at": event.at,
                "event": event.event,
                "by": None if event.by is None else "you" if event.by == me.id else "a reviewer",
                "why": event.why,
            }
            for event in sent.history
        ],
    }


_TEXT: Final = {"type": "string"}
_FORM: Final = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "array", "items": {"type": "string", "format": "binary"}, "description": "The result files."},
        **{name: schema_of(fact) for name, fact in FACTS.items()},
        **{name: {"type": "boolean", "default": False, "description": words} for name, words in SWITCHES.items()},
        **{name: _TEXT | {"description": words} for name, words in OTHERS.items()},
    },
}
_SECURED: Final[dict[str, Any]] = {"security": [{"token": []}]}
_REFUSALS: Final = {
    "401": failure("There is no token, or it is unknown, revoked or expired."),
    "403": failure("This person may not send here, or a quota is reached; locally nobody may."),
}
_OF_FORM: Final = {
    status: failure(words)
    for status, words in {
        "404": "There is no such submission to correct.",
        "408": "The files took too long to arrive.",
        "409": "The same content is there already, or another upload of yours is under way.",
        "411": "Content-Length is missing.",
        "413": "The files are too large.",
        "415": "The files do not come as multipart/form-data.",
        "422": "It cannot be published as it is: `errors` says everything that is wrong, as the page does.",
    }.items()
}
_REPORT: Final = schemas.ref("Report")
ENDPOINTS: Final = (
    Endpoint(
        SUBMISSIONS,
        "Send the result files of one run for review. They are checked as on the upload page; the answer says how they "
        "score and what was found.",
        schema=_REPORT,
        respond=_submit,
        method="POST",
        cost=5,
        more=_SECURED
        | {
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
            "responses": {
                "200": {"description": "What a dry run would publish.", "content": {JSON: {"schema": _REPORT}}},
                "201": {"description": "It is kept, and waits for review.", "content": {JSON: {"schema": _REPORT}}},
            }
            | _REFUSALS
            | _OF_FORM,
        },
    ),
    Endpoint(
        SUBMISSIONS,
        "One's own submissions, newest first.",
        schema={"type": "array", "items": schemas.ref("Submission")},
        respond=_own,
        more=_SECURED | {"responses": _REFUSALS},
    ),
    Endpoint(
        f"{SUBMISSIONS}/{{run_id}}",
        "What became of one's own submission.",
        schema=schemas.ref("Submission"),
        respond=_one,
        parameters=(Parameter("run_id", "The submission's id.", place="path", required=True),),
        more=_SECURED | {"responses": _REFUSALS},
    ),
)
