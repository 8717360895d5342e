"""Choices that pages share: board, metric, filters, runs. Each is bound to the URL and travels between pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import streamlit as st

from siuo_dash.analysis import board_list, queries
from siuo_dash.analysis.filters import HEALTH, WEIGHTS, Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import EVIDENCE, METRICS, Metric
from siuo_dash.report.boards import caveat
from siuo_dash.report.export import Provenance
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted, listed
from siuo_dash.ui import address, display, frame, page
from siuo_dash.ui.display import plain

Id = TypeVar("Id", bound=str)
ALL_BOARDS: Final = "all"
NO_PAGE: Final = "no_page"
"""In the address of the home page: the page that was asked for and is none."""
_BOARD_SHOWN: Final = "board-shown"
"""The board of the last page that shows any board."""


@dataclass(frozen=True)
class View:
    """What a page is asked to show: a board by a metric, and which of its runs."""

    store: Store
    board: board_list.Board
    metric: Metric
    filters: Filters = field(default_factory=Filters)
    rank_partial: bool = False

    @property
    def catalogue(self) -> Catalogue:
        """The samples of the board's set."""
        return self.store.sets[self.board.sample_set]

    @cached_property
    def labels(self) -> dict[str, str]:
        """{run_id: what people read} of all runs."""
        return run_labels(self.store)

    @cached_property
    def boards(self) -> dict[str, str]:
        """{board id: label} of all boards."""
        return board_labels(self.store)

    @property
    def caveat(self) -> str:
        """What a reader must know about the board's judge; plain text."""
        return caveat(self.store, self.board, self.metric)

    def provenance(self, filters: str = "", board: str = "", warning: str = "") -> Provenance:
        """Where an export of figures by the metric comes from; without other words, the view's filters and board."""
        words, place = filters or self.filters.sentence(), board or self.board.label
        return Provenance(self.store.version, place, words, warning, self.metric.label)


def board_labels(store: Store) -> dict[str, str]:
    """{board id: label} of all boards."""
    return {board.id: board.label for board in board_list.boards(store)}


def row() -> Any:
    """A line of choices, which wraps where it is too long for the window."""
    return st.container(horizontal=True, vertical_alignment="bottom")


def choose_view(store: Store, *, samples: bool = False, both: bool = False, filters: bool = True) -> View | None:
    """Board, metric and filters in the line of controls; None, and words for it, where there is no run.

    samples: only boards that have verdicts for each sample, as pages need that show nothing without them. both: only
    boards that have runs judged by Safe and by Effective; then there is no metric to choose.
    """
    board = choose_board(store, samples=samples, both=both)
    if board is None:
        page.no_run_yet()
        return None
    metric = METRICS["safe_and_effective"] if both else choose_metric(store, board)
    if not filters:
        return View(store, board, metric, Filters(board=board.id))
    chosen, rank_partial = choose_filters(store, board)
    return View(store, board, metric, chosen, rank_partial)


def choose(label: str, options: Mapping[Id, str], *, key: str, default: Id | None = None, **more: Any) -> Id:
    """One of a few options beside each other, {id: what people read}. The key is its name in the address, too."""
    first = next(iter(options)) if default is None else default
    more = {"required": True, **more}
    shown = cast(Mapping[str, str], options)
    return cast(Id, address.one(st.segmented_control, label, shown, name=key, default=first, **more))


def choose_from(label: str, options: Mapping[str, str], *, key: str, default: str = "", **more: Any) -> str:
    """One of many options in a list, {id: what people read}. The key is its name in the address, too."""
    first = default or next(iter(options))
    return address.one(st.selectbox, label, options, name=key, default=first, **more)


def choose_several(label: str, options: Mapping[Id, str], *, key: str, pills: bool = False, **more: Any) -> list[Id]:
    """Any number of options, {id: what people read}. The key is its name in the address, too."""
    if pills:
        more = {"selection_mode": "multi", **more}
    widget = st.pills if pills else st.multiselect
    shown = cast(Mapping[str, str], options)
    return cast(list[Id], address.several(widget, label, shown, name=key, **more))


def choose_board(
    store: Store, *, all_runs: bool = False, samples: bool = False, both: bool = False, width: int = 0
) -> board_list.Board | None:
    """The board chooser. Key and URL name: board. None: all runs, or no board yet.

    samples: only the boards with verdicts for each sample; both: only those with runs judged by Safe and by Effective.
    Those with the most such runs come first; where another board was chosen on another page, the page says which one
    it shows instead.
    """
    known = board_list.boards(store)
    boards, some = board_list.offered(store, samples=samples, both=both), samples or both
    if not boards:
        return None
    options = {board.id: board_option(board, board.part(samples=samples, both=both)) for board in boards}
    aliases = {name: board.id for board in boards for name in (board.label, board.protocol.label)}
    if all_runs:
        options[ALL_BOARDS] = "All runs (unranked)"
        aliases |= {"All runs, without ranks": ALL_BOARDS}
    others = {name: board for board in known if board.id not in options for name in (board.id, board.protocol.label)}
    wanted = address.chosen("board") or st.session_state.get(_BOARD_SHOWN, [])
    asked = next((others[name] for name in wanted if name in others), None)
    if asked is not None:
        why = f"{asked.label} has published totals only, no verdicts for each sample."
        if both:
            why = f"{asked.label} has no run judged by both Safe and Effective."
        frame.note(f"{why} Showing {boards[0].label} instead.")
    chosen = address.one(
        st.selectbox,
        "Judged by",
        options,
        name="board",
        key="board-samples" if samples else "board-both" if both else "board",
        default=boards[0].id,
        aliases=aliases,
        quiet=asked is not None,
        label_visibility="collapsed",
        width=width or width_of(options[_shown(options, aliases, boards[0].id)]),
    )
    if not some:
        st.session_state[_BOARD_SHOWN] = [chosen]
    return next((board for board in boards if board.id == chosen), None)


def _shown(options: Mapping[str, str], aliases: Mapping[str, str], default: str) -> str:
    asked = [aliases.get(name, name) for name in address.chosen("board")]
    return next((name for name in asked if name in options), default)


def width_of(words: str) -> int:
    """Pixels for a list whose chosen option is not cut, as far as the line has room for it."""
    return min(470, max(250, 62 + 7 * len(words)))


def board_option(board: board_list.Board, part: int) -> str:
    """A board as the chooser offers it: its name, and how many of its runs are of use there."""
    if part != board.runs:
        return f"{board.label} ({part:,} of {counted(board.runs, 'run')})"
    return f"{board.label} ({counted(board.runs, 'run')})"


def choose_metric(
    store: Store, board: board_list.Board | None, *, samples: bool = False, judged: Sequence[str] = (), of: str = ""
) -> Metric:
    """The metric chooser: those that a run of the board is judged by. Key and URL name: metric.

    samples: judged sample by sample. judged: the metrics' ids, where they are not those of a board; of: whose they are.
    """
    judged = judged or board_list.metrics_judged(store, board.id if board else None, per_sample=samples) or ["safe"]
    of = of or "on this board"
    missing = [metric.label for metric in METRICS.values() if metric.id not in judged]
    options = {name: METRICS[name].label for name in judged}
    aliases = {metric.label: metric.id for metric in METRICS.values()}
    asked = [name for name in address.chosen("metric") if aliases.get(name, name) not in judged]
    if asked and (known := METRICS.get(aliases.get(asked[0], asked[0]))):
        frame.note(f"{known.label} is not judged {of}. Showing {options[judged[0]]}.")
    help = f"Not judged {of}: {listed(missing)}" if missing else None
    chosen = address.one(
        st.segmented_control,
        "Metric",
        options,
        name="metric",
        key=f"metric-{'-'.join(judged)}",
        default=judged[0],
        aliases=aliases,
        quiet=bool(asked),
        required=True,
        help=help,
        label_visibility="collapsed",
    )
    return METRICS[chosen]


def choose_filters(store: Store, board: board_list.Board | None) -> tuple[Filters, bool]:
    """Search and filters, and whether partial runs are ranked. All of it in the URL; each is a chip to remove."""
    organizations = queries.organizations(store)
    search = find("Find a model", name="q", width=150)
    with frame.tools(), display.icon_menu("Filters", "filter_list", key="icon-filters"):
        help = "Leave out runs of a method: a defence, a training or a prompt applied to a base model"
        plain_only = switch("Plain models only", name="plain", help=help)
        by = choose_several("Organization", {name: name for name in organizations}, key="organization")
        weights = choose("Weights", WEIGHTS, key="weights")
        sizes = st.columns(2)
        low = _size(sizes[0].number_input, "Size from (B)", "size_from")
        high = _size(sizes[1].number_input, "Size to (B)", "size_to")
        unknown = switch("Keep runs of unknown size", name="unknown_sizes", default=True)
        evidence = choose_several("Evidence", EVIDENCE, key="evidence", pills=True, aliases=_OLD_EVIDENCE)
        health = choose_from("Health", HEALTH, key="health")
        help = "Published runs, and uploads that another person judged again or reproduced; no self-reported runs"
        verified = switch("Verified only", name="verified", help=help)
        help = "Runs that lack a verdict for some samples"
        partial = switch("Rank partial runs too", name="partial", help=help)
    if low is not None and high is not None and low > high:
        low, high = high, low
    filters = Filters(
        board=board.id if board else None,
        search=search,
        organizations=tuple(by),
        weights=weights,
        size_low=low,
        size_high=high,
        unknown_sizes=unknown,
        evidence=tuple(evidence),
        health=health,
        verified=verified,
        plain=plain_only,
    )
    _filter_chips(filters, rank_partial=partial)
    return filters, partial


_OLD_EVIDENCE: Final = {"Per sample": "per_sample", "Totals only": "totals"}
"""What older links say."""
_NAMES: Final = {
    "search": ("q",),
    "organizations": ("organization",),
    "size": ("size_from", "size_to", "unknown_sizes"),
}
"""{filter: its choices in the address}, where they are not called as the filter is."""


def _size(widget: Callable[..., Any], label: str, name: str) -> float | None:
    nothing: float | None = None
    read, how = address.number, {"min_value": 0.0, "step": 1.0, "value": None}
    return address.value(widget, label, name=name, default=nothing, read=read, **how)


def find(label: str, *, name: str, width: int, **more: Any) -> str:
    """A field for words to look for, which says itself what it is for; its name is that in the address."""
    how = {"placeholder": label, "max_chars": 100, "width": width, "label_visibility": "collapsed"}
    return address.value(st.text_input, label, name=name, default="", read=address.text, **how, **more) or ""


def switch(label: str, *, name: str, default: bool = False, **more: Any) -> bool:
    """Something that is on or off; its name is that in the address."""
    return address.value(st.toggle, label, name=name, default=default, read=address.switch, **more)


def _filter_chips(filters: Filters, *, rank_partial: bool) -> None:
    words = filters.parts() | ({"partial": "partial runs are ranked"} if rank_partial else {})
    remove_chips(words, _reset)


def remove_chips(words: Mapping[str, str], reset: Callable[[Iterable[str]], None]) -> None:
    """What is chosen, {id: words}, as chips that a press removes, and one for all of them; nothing where none is."""
    if not words:
        return
    with frame.chips(), st.container(horizontal=True, gap="xsmall", key="chosen-filters"):
        for name, text in words.items():
            label = f"{plain(text[:1].upper() + text[1:])}"
            st.button(label, icon=":material/close:", key=f"chip-{name}", help="Remove", on_click=reset, args=([name],))
        if len(words) > 1:
            st.button("Remove all", key="chip-all", type="tertiary", on_click=reset, args=(list(words),))


def _reset(filters: Iterable[str]) -> None:
    for name in [name for each in filters for name in _NAMES.get(each, (each,))]:
        address.choose(name, ())
