"""What is wrong with a request, as problem details (RFC 9457): the thing, the place, the next step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from siuo_dash.errors import FilterError, NoBoard, NoRun, NotAllowed, SiuoError, SubmissionError
from siuo_dash.server.api.schemas import ref
from siuo_dash.server.api.sharing import PREFIX

MEDIA: Final = "application/problem+json"
_STATUS: Final[dict[type[SiuoError], int]] = {
    NoRun: 404,
    NoBoard: 404,
    FilterError: 400,
    NotAllowed: 403,
    SubmissionError: 422,
}
_READ: Final[dict[type[SiuoError], str]] = {NoRun: f"{PREFIX}/runs lists the runs"}
"""The next step where the error's own words are for the command line."""


class Refused(Exception):
    """A request that is not carried out.

    errors: all that is wrong, with `message` and where it helps `field`, `file`, `row` and `hint`, as findings have
    them. more: further members.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        hint: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": f"{detail}; {hint}" if hint else detail,
            **({"errors": [dict(each) for each in errors]} if errors else {}),
            **(more or {}),
        }
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        """The problem as an answer; it is never kept by a cache."""
        body = json.dumps(self.body, indent=1, ensure_ascii=False, allow_nan=False, default=str).encode(
            "utf-8", "replace"
        )
        return Response(body, self.status, {"Cache-Control": "no-store"} | self.headers, MEDIA)


def wrong(parameter: str, what: str, hint: str) -> Refused:
    """What to answer where one parameter does not fit the others."""
    return Refused(400, f"wrong parameter: {parameter}", errors=[{"field": parameter, "message": what, "hint": hint}])


def refused(error: SiuoError) -> Refused:
    """What to answer to an error of the project. Places on the server's disk are for its log, not for visitors."""
    kind: type[SiuoError] | None = next((known for known in _STATUS if isinstance(error, known)), None)
    if kind is None:
        return Refused(503, "the results cannot be read at the moment", hint="try again in a minute")
    return Refused(_STATUS[kind], error.what, hint=hint_of(error))


def hint_of(error: SiuoError) -> str:
    """The next step for a program that asks over HTTP."""
    return _READ.get(type(error), error.hint)


def failure(words: str) -> dict[str, Any]:
    """A problem as openapi.json describes an answer."""
    return {"description": words, "content": {MEDIA: {"schema": ref("Problem")}}}
