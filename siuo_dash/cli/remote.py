"""Sending a run to a hosted dashboard, as whoever the token in SIUO_TOKEN belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siuo_dash.benchmark.fact_kinds import YesNo
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.output import print_line, print_table
from siuo_dash.cli.preview import files_of
from siuo_dash.errors import SubmissionError
from siuo_dash.settings import TOKEN
from siuo_dash.settings.auth import is_web
from siuo_dash.store.registry.tokens import LOOKS_LIKE_ONE
from siuo_dash.text import fraction, interval, percent

if TYPE_CHECKING:
    import httpx2

_SUBMISSIONS: Final = "/api/v1/submissions"
_PATIENCE: Final = {"connect": 20.0, "write": 120.0, "read": 900.0, "pool": 20.0}
"""Seconds. An answer comes once the files have been read, and others may be read before."""


def send(server: str, files: list[Path], stated: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether the run was taken, and the server's report or what is wrong, as docs/api.md has them.

    stated: facts and the form's other fields. SubmissionError without a token, for a server that is none or that cannot
    be reached, and for a token that is refused. The token goes to this server alone, in a header, over TLS.
    """
    import httpx2  # a second of imports that only this needs

    base, token = _address(server), _token()
    fields = {name: _words(name, value) for name, value in stated.items() if value not in (None, False)}
    sent = [("file", (each.name, each.data)) for each in files_of(files)]
    try:
        with httpx2.Client(
            headers={"Authorization": f"Bearer {token}", "User-Agent": "siuo-dash"}, timeout=httpx2.Timeout(**_PATIENCE)
        ) as client:
            _report(client.get(f"{base}{_SUBMISSIONS}"), server)  # a refusal comes before the files are sent
            return _report(client.post(f"{base}{_SUBMISSIONS}", data=fields, files=sent), server)
    except httpx2.HTTPError as error:
        what = f"the server cannot be reached ({type(error).__name__})"
        raise SubmissionError(what, where=server, hint="check the address and the network, then try again") from error


def print_report(report: Mapping[str, Any]) -> None:
    """Print what the server found and how the run scores."""
    for severity in ("errors", "warnings", "notes"):
        for each in report.get(severity, ()):
            place = ", ".join(str(each[name]) for name in ("file", "row", "question_id", "field") if each.get(name))
            words = "; ".join(filter(None, (str(each.get("message", "")), str(each.get("hint", "")))))
            print_line(f"{severity[:-1]}: {place}{': ' * bool(place)}{words}")
    rows = [
        (
            METRICS[name].label,
            percent(each["rate"], 2),
            interval(each["low"], each["high"], 2),
            fraction(each["k"], each["n"]),
        )
        for name, each in report.get("scores", {}).items()
        if name in METRICS
    ]
    if rows:
        print_table(("Score", "Rate", "95% interval", "Count"), rows)


def _report(answer: httpx2.Response, server: str) -> tuple[bool, dict[str, Any]]:
    if answer.status_code in (401, 403, 404) or not (answer.is_success or answer.is_client_error):
        raise SubmissionError(_problem(answer), where=server, hint="docs/api.md says what a job needs")
    try:
        found = answer.json()
    except ValueError:
        raise SubmissionError("this is no dashboard's API", where=server, hint="check the address") from None
    return answer.is_success, found if isinstance(found, dict) else {}


def _problem(answer: httpx2.Response) -> str:
    if answer.is_redirect:
        return f"the server sends elsewhere, to {answer.headers.get('location', '')[:200]}; nothing was sent there"
    try:
        return str(answer.json()["detail"])[:2_000]
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code}"


def _address(server: str) -> str:
    try:
        sound = is_web(server) and not set("?#@") & set(server)
    except ValueError:
        sound = False
    if not sound:
        what = "this is no address of a dashboard that a token may be sent to"
        raise SubmissionError(what, where=server, hint="give https://…, or http:// on this machine")
    return server.rstrip("/")


def _token() -> str:
    token = os.environ.get(TOKEN, "").strip()
    if not LOOKS_LIKE_ONE.fullmatch(token):
        what = "this holds no token" if token else "this variable is not set"
        raise SubmissionError(what, where=TOKEN, hint="make a token on the server's upload page, under Tokens")
    return token


def _words(name: str, value: Any) -> str:
    fact = FACTS.get(name)
    if isinstance(value, bool):
        return fact.words(value) if isinstance(fact, YesNo) else "true"
    return value.isoformat() if isinstance(value, date) else str(value)
