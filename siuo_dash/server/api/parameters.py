"""What an address of the API may be asked with, declared once: read, checked, and described in openapi.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import NoBoard, NoRun
from siuo_dash.server.api.problems import Refused, hint_of
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry.tokens import LOOKS_LIKE_ONE
from siuo_dash.text import listed, spelled_out

Asked = dict[str, Any]
TEXT: Final[dict[str, Any]] = {"type": "string", "maxLength": 200}
_YES_NO: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One parameter. schema: JSON Schema of its value: a string, one of an `enum`, a boolean, or a number in bounds.

    known: raises NoBoard or NoRun for a value that the data do not have.
    """

    name: str
    help: str
    schema: Mapping[str, Any] = field(default_factory=TEXT.copy)
    place: Literal["query", "path"] = "query"
    required: bool = False
    known: Callable[[Store, Any], object] | None = None

    def read(self, raw: str) -> Any:
        """The value. ValueError says what is expected."""
        if self.schema["type"] == "boolean":
            if raw.lower() not in _YES_NO:
                raise ValueError("true or false")
            return _YES_NO[raw.lower()]
        if self.schema["type"] == "integer":
            least, most = self.schema["minimum"], self.schema["maximum"]
            if not raw.isascii() or not raw.isdigit() or len(raw) > 10 or not least <= int(raw) <= most:
                raise ValueError(f"a whole number from {least} to {most}")
            return int(raw)
        if "enum" in self.schema:
            if raw not in self.schema["enum"]:
                raise ValueError(f"one of {', '.join(self.schema['enum'])}")
            return raw
        if len(raw) > (most := self.schema["maxLength"]):
            raise ValueError(f"at most {most} characters")
        return raw


def flag(name: str, help: str) -> Parameter:
    """A parameter that is true or false, by default false."""
    return Parameter(name, help, {"type": "boolean", "default": False})


def one_of(name: str, help: str, allowed: Iterable[str], default: str) -> Parameter:
    """A parameter that is one of some words."""
    return Parameter(name, help, {"type": "string", "enum": list(allowed), "default": default})


def whole(name: str, help: str, least: int, most: int, default: int) -> Parameter:
    """A parameter that is a whole number in bounds."""
    return Parameter(name, help, {"type": "integer", "minimum": least, "maximum": most, "default": default})


METRIC: Final = one_of("metric", "By which metric.", METRICS, "safe")


def refuse_tokens(text: str) -> None:
    """Refuse an address that holds a token: addresses are kept in logs, histories and referers."""
    if LOOKS_LIKE_ONE.search(text):
        raise Refused(
            400,
            "the address holds a token, and addresses are kept in logs",
            hint="revoke that token on the upload page, and send another one in the header Authorization",
        )


def read(
    parameters: Sequence[Parameter], given: Sequence[tuple[str, str]], path: Mapping[str, str]
) -> tuple[Asked, list[dict[str, str]]]:
    """The values by name, with defaults, and all that is wrong with them. given: the query; path: what it says."""
    known = {each.name: each for each in parameters}
    asked: Asked = {each.name: each.schema.get("default") for each in parameters}
    wrong: list[dict[str, str]] = []
    seen: set[str] = set()
    for name, raw in [*given, *path.items()]:
        parameter = known.get(name)
        if parameter is None or (parameter.place == "path") is not (name in path):
            takes = listed((each.name for each in parameters if each.place == "query"), none="nothing")
            wrong.append(_error(name, "is not known here", f"this address takes {takes}"))
        elif name in seen:
            wrong.append(_error(name, "is there twice", "give it once"))
        else:
            seen.add(name)
            try:
                asked[name] = parameter.read(raw)
            except ValueError as error:
                wrong.append(_error(name, f"{raw[:40]!r} is not valid", f"give {error}"))
    missing = (each for each in parameters if each.required and each.name not in seen)
    return asked, wrong + [_error(each.name, "is missing", each.help) for each in missing]


def check(parameters: Sequence[Parameter], asked: Asked, wrong: list[dict[str, str]], store: Store | None) -> None:
    """Raise Refused with everything that is wrong, what the data do not have included."""
    found = list(wrong)
    for each in parameters:
        value = asked[each.name]
        if store is not None and each.known is not None and value is not None:
            try:
                each.known(store, value)
            except (NoBoard, NoRun) as error:
                found.append(_error(each.name, error.what, hint_of(error)))
    if found:
        names = listed(dict.fromkeys(each["field"] for each in found))
        raise Refused(400, f"wrong {'parameter' if len(found) == 1 else 'parameters'}: {names}", errors=found)


def _error(name: str, what: str, hint: str) -> dict[str, str]:
    return {"field": spelled_out(name[:60]), "message": spelled_out(what), "hint": hint}
