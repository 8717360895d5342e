"""The address holds a page's choices: ids and values that a link gives, a copied link keeps and Back undoes.

Streamlit can bind a widget to the address, but writes what people read there, and drops what it does not know. Here an
address holds ids, labels of older links are understood, and a value that is not known is named on the page. A choice
has one value in the session: an address decides when its page is opened, the widgets after that, and `write` follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, TypeVar

import streamlit as st

from siuo_dash.text import listed
from siuo_dash.ui import streamlit_private

V = TypeVar("V")
_VALUES: Final = "address-values"
_UNKNOWN: Final = "address-unknown"
_PAGE: Final = "address-page"
_COUNT: Final = "address-visits"


@dataclass
class _Visit:
    """One run of a page: whether the address decides, whether what it does not name goes back to its default."""

    follows: bool
    back: bool
    wanted: dict[str, list[str]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)


_current: ContextVar[_Visit | None] = ContextVar("address", default=None)


def arrive(url: str) -> None:
    """Begin a run of the page with this address; to be called before any widget is drawn."""
    new = st.session_state.get(_PAGE) != url
    if new:
        st.session_state[_PAGE] = url
        st.session_state[_COUNT] = visit() + 1
    back = streamlit_private.went_back()
    if new or back:
        st.session_state[_UNKNOWN] = {}
    _current.set(_Visit(follows=new or back, back=back))


def page() -> str:
    """The address of the page that this session shows."""
    return str(st.session_state.get(_PAGE, ""))


def visit() -> int:
    """How many pages this session has opened."""
    return int(st.session_state.get(_COUNT, 0))


def chosen(name: str) -> list[str]:
    """The ids of a choice as they were chosen last, or as the address of this page asks; empty = the default."""
    _take_over(name)
    return list(_values().get(name, []))


def choose(name: str, ids: Iterable[str]) -> None:
    """Set a choice, as if a person had made it; for callbacks and before its widget is drawn."""
    _take_over(name)
    _values()[name] = list(ids)
    st.session_state.get(_UNKNOWN, {}).pop(name, None)


def one(
    widget: Callable[..., Any],
    label: str,
    options: Mapping[str, str],
    *,
    name: str,
    default: str,
    key: str = "",
    aliases: Mapping[str, str] | None = None,
    quiet: bool = False,
    **more: Any,
) -> str:
    """One of several options, {id: what people read}, by a widget of Streamlit that takes a list of options.

    name: in the address. key: of the widget, where two pages offer other options under one name. aliases: {what an
    older link may say: id}, beside the options' labels. quiet: the page itself says what it shows for an unknown value.
    """
    asked = _known(name, options, aliases, quiet=quiet)
    picked = _widget(widget, label, options, name, key or name, asked[0] if asked else default, **more)
    value = picked if picked in options else default
    _want(name, [] if value == default else [value], asked)
    return str(value)


def several(
    widget: Callable[..., Any],
    label: str,
    options: Mapping[str, str],
    *,
    name: str,
    default: Sequence[str] = (),
    key: str = "",
    aliases: Mapping[str, str] | None = None,
    **more: Any,
) -> list[str]:
    """Any number of options, {id: what people read}; see `one`."""
    asked = _known(name, options, aliases)
    picked = _widget(widget, label, options, name, key or name, asked or list(default), **more)
    value = [str(each) for each in picked]
    _want(name, [] if value == list(default) else value, asked)
    return value


def value(
    widget: Callable[..., Any], label: str, *, name: str, default: V, read: Callable[[list[str]], Any], **more: Any
) -> V:
    """What a widget holds that is no choice among options: a text, a switch, a number, a range.

    read: of what the address says, one of `text`, `switch`, `number` and `span`; ValueError where it means nothing.
    """

    def changed() -> None:
        choose(name, _written(st.session_state[name]))

    asked = chosen(name)
    held: Any = default
    try:
        held = read(asked) if asked else default
    except ValueError:
        if name in _visit().read:
            st.session_state.setdefault(_UNKNOWN, {})[name] = asked
    st.session_state[name] = held[: more.get("max_chars")] if isinstance(held, str) else held
    picked: V = widget(label, key=name, on_change=changed, **more)
    _want(name, [] if picked == default else _written(picked), asked)
    return picked


def text(values: list[str]) -> str:
    """Words of an address."""
    return values[0]


def switch(values: list[str]) -> bool:
    """Whether a switch of an address is on."""
    if (said := values[0].casefold()) not in ("true", "false"):
        raise ValueError(said)
    return said == "true"


def number(values: list[str]) -> float:
    """A number of an address that is not negative."""
    found = float(values[0])
    if not 0 <= found < inf:
        raise ValueError(values[0])
    return found


def span(values: list[str]) -> tuple[int, int]:
    """A range of an address, in whole percent."""
    low, high = sorted(int(min(number([each]), 100)) for each in (values * 2)[:2])
    return low, high


def _written(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return [str(each) for each in value]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [] if value in (None, "") else [f"{value:.15g}" if isinstance(value, float) else str(value)]


def tabs(options: Mapping[str, str], *, name: str) -> tuple[str, Any]:
    """Tabs, {id: what people read}: which one is open, and where its content goes. Only that one is to be drawn."""
    parts: dict[str, Any] = {}

    def widget(_: str, ids: Sequence[str], *, format_func: Callable[[str], str], key: str, on_change: Any) -> str:
        st.session_state[key] = format_func(st.session_state[key])  # Streamlit keeps the label of the open one
        parts.update(zip(ids, st.tabs([*map(format_func, ids)], key=key, on_change=on_change), strict=True))
        return next(id_ for id_, part in parts.items() if part.open)

    opened = one(widget, "", options, name=name, default=next(iter(options)))
    return opened, parts[opened]


def held(name: str, options: Mapping[str, str], aliases: Mapping[str, str] | None = None) -> str:
    """A choice that rows of a list or buttons make, so that no widget holds it; '' = none of the options is chosen."""
    asked = _known(name, options, aliases)
    _want(name, asked[:1], asked)
    return asked[0] if asked else ""


def held_several(name: str, options: Mapping[str, str], aliases: Mapping[str, str] | None = None) -> list[str]:
    """Any number of options that no widget of this page holds, each once; see `held`."""
    asked = _known(name, options, aliases)
    _want(name, asked, asked)
    return asked


def is_alone(chart: str) -> bool:
    """Whether the address asks for this chart of the page and nothing else; one that is not there is named."""
    if asked := st.query_params.get("chart") == chart:
        _visit().wanted["chart"] = [chart]
    return asked


def keep(name: str) -> None:
    """Keep a choice in the address of a page that has no widget for it now."""
    _want(name, chosen(name), chosen(name))


def unknown() -> list[str]:
    """What the address asks for and this dashboard does not have, a sentence each."""
    found: Mapping[str, list[str]] = st.session_state.get(_UNKNOWN, {})
    if "chart" in st.query_params and "chart" not in _visit().wanted:
        found = {**found, "chart": st.query_params.get_all("chart")}
    return [
        f"The link asks for {name} {listed(f'“{value}”' for value in values)}, which this dashboard does not have."
        for name, values in found.items()
    ]


def query() -> dict[str, list[str]]:
    """The choices of this page as its address will hold them, for links to the same page with one of them changed."""
    wanted = _visit().wanted
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in wanted}
    return others | {name: values for name, values in wanted.items() if values}


def write() -> None:
    """Put the choices of this run into the address, in one step that Back undoes."""
    if (wanted := query()) != {name: st.query_params.get_all(name) for name in st.query_params}:
        streamlit_private.write_query(wanted)


def _visit() -> _Visit:
    if (current := _current.get()) is None:
        _current.set(current := _Visit(follows=False, back=False))
    return current


def _values() -> dict[str, list[str]]:
    values: dict[str, list[str]] = st.session_state.setdefault(_VALUES, {})
    return values


def _take_over(name: str) -> None:
    if not (visit := _visit()).follows or name in visit.read:
        return
    visit.read.add(name)
    if asked := st.query_params.get_all(name):
        _values()[name] = asked
    elif visit.back:
        _values().pop(name, None)


def _known(
    name: str, options: Mapping[str, str], aliases: Mapping[str, str] | None, *, quiet: bool = False
) -> list[str]:
    """The chosen ids that are options; what is not is remembered where the address asked for it."""
    asked = chosen(name)
    if not asked:
        return []
    known = {value: value for value in asked if value in options}
    if len(known) < len(set(asked)):  # a label, or an id in other letters; of thousands of runs that is a long list
        ids = {text.casefold(): id_ for id_, text in options.items()}
        ids |= {text.casefold(): id_ for text, id_ in (aliases or {}).items()} | {
            id_.casefold(): id_ for id_ in options
        }
        known |= {value: ids[value.casefold()] for value in asked if value not in known and value.casefold() in ids}
    found = [known[value] for value in asked if value in known]
    missing = [value for value in asked if value not in known]
    if missing and not quiet and name in _visit().read and st.query_params.get_all(name):
        st.session_state.setdefault(_UNKNOWN, {})[name] = missing
    return list(dict.fromkeys(found))


def _widget(
    widget: Callable[..., Any], label: str, options: Mapping[str, str], name: str, key: str, value: Any, **more: Any
) -> Any:
    def changed(*arguments: Any) -> None:
        picked = st.session_state[key]
        choose(name, [] if picked is None else [picked] if isinstance(picked, str) else picked)
        if also is not None:
            also(*arguments)

    also = more.pop("on_change", None)
    st.session_state[key] = value
    how: Any = options.__getitem__
    return widget(label, list(options), format_func=how, key=key, on_change=changed, **more)


def _want(name: str, value: list[str], asked: list[str]) -> None:
    """What the address shall say; a value that is not known stays in it until another is chosen."""
    unknown_here = name in st.session_state.get(_UNKNOWN, {})
    _visit().wanted[name] = st.query_params.get_all(name) if unknown_here and value in ([], asked) else value
