"""Which runs the compare page compares: A, B or a family of runs, by a metric that all of them are judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import streamlit as st

from siuo_dash.analysis import baseline, board_list, comparison, queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.report.boards import caveat
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import address, controls, frame, page, run_choice
from siuo_dash.ui.display import plain

MODES: Final = {"two": "Two runs", "many": "One run against many"}
FAMILIES: Final = {"board": "All runs of its board", "chosen": "The other selected runs"}
_OLD_MODES: Final = {"One baseline against many": "many"}
_OLD_FAMILIES: Final = {"The chosen runs": "chosen"}


@dataclass(frozen=True)
class Choice:
    """What is compared: A (the first of `runs`, ids) with B (the second), or with a family of FAMILIES, by a metric.

    labels: {run_id: label} of all runs. judged: the metrics that both are judged by.
    """

    store: Store
    labels: dict[str, str]
    runs: Sequence[str]
    family: str
    metric: Metric
    judged: Sequence[str]


def choose(store: Store) -> Choice:
    """The choosers of A and B with the swap between them, and the metrics that both are judged by."""
    labels = run_labels(store)
    if old := run_choice.runs_chosen(labels, "baseline"):  # what A is called in older links and in rows of a list
        address.choose("runs", [*old, *run_choice.runs_chosen(labels)])
        address.choose("baseline", [])
    address.keep("baseline")
    many = address.held("mode", MODES, _OLD_MODES) == "many"
    family = (address.held("against", FAMILIES, _OLD_FAMILIES) or "board") if many else ""
    chosen = run_choice.runs_chosen(labels)
    board, best = _best(store, store.version)
    runs = address.several(
        partial(_choosers, store=store, labels=labels, family=family),
        "A and B",
        {run_id: labels[run_id] for run_id in [*chosen, *best, *_offered(store, store.version, "")]},
        name="runs",
        default=best,
        key="pair",
        aliases={label: run_id for run_id, label in labels.items()},
    )
    if best and not chosen:
        frame.note(f"No run is selected: these are the first two of “{board}”. Select others above.")
    sides = [side(store, store.version, run) for run in runs[: 1 if family else 2]]
    judged = [name for name in METRICS if all(side.counts[name].n for side in sides)]
    metric = METRICS[judged[0]] if judged else METRICS["safe"]
    if sides and judged:
        whom = "for both runs" if len(sides) > 1 else "for this run"
        metric = controls.choose_metric(store, None, judged=judged, of=whom)
    return Choice(store, labels, runs, family, metric, judged)


@st.cache_resource(max_entries=256, show_spinner=False)
def side(_store: Store, version: str, run_id: str) -> comparison.Side:
    """What a comparison needs to know of a run."""
    return comparison.side(_store, run_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def _offered(_store: Store, version: str, board: str) -> list[str]:
    """The runs that can be chosen, at most MOST_RUN_OPTIONS of them, those of the board before the others."""
    most = run_choice.MOST_RUN_OPTIONS
    own = baseline.runs_on_offer(_store, board, most) if board else []
    return list(dict.fromkeys([*own, *baseline.runs_on_offer(_store, None, most)]))[:most]


def _choosers(
    _label: str,
    options: Sequence[str],
    *,
    key: str,
    on_change: Callable[[], None],
    store: Store,
    labels: dict[str, str],
    family: str,
    **_: Any,
) -> list[str]:
    """A list for A, one for B, the swap between them; B may be a family of runs. Gives the selected runs' ids."""
    runs = [str(run) for run in st.session_state[key]]
    first, second = [*runs[:2], None, None][:2]

    def changed() -> None:
        a, b = st.session_state["run-a"], st.session_state["run-b"]
        address.choose("mode", ["many"] if b in FAMILIES else [])
        address.choose("against", [b] if b in FAMILIES else [])
        if b in FAMILIES:
            st.session_state[key] = list(dict.fromkeys([a, *runs[1:]]))
        else:
            b = first if a == b else b
            st.session_state[key] = list(dict.fromkeys(filter(None, [a, b, *runs[2:]])))
        on_change()

    families = {"board": FAMILIES["board"]} | ({"chosen": FAMILIES["chosen"]} if len(runs) > 2 or family else {})
    own = side(store, store.version, first).board if first else ""
    others = [run for run in dict.fromkeys([*runs, *_offered(store, store.version, own)]) if run != first]
    words = labels | families
    how: dict[str, Any] = {"format_func": words.__getitem__, "label_visibility": "collapsed", "width": 250}
    how |= {"index": None, "on_change": changed}
    st.session_state["run-a"], st.session_state["run-b"] = first, family or second
    st.selectbox("Run A", options, placeholder="A: select a run", key="run-a", required=bool(first), **how)
    st.button(
        "Swap A and B",
        icon=":material/swap_horiz:",
        key="icon-swap",
        help="Swap A and B",
        disabled=second is None or bool(family),
        on_click=compare,
        args=([second, first, *runs[2:]],),
    )
    how |= {"required": bool(family or second), "disabled": first is None}
    shown = [*families, *others] if first else []
    st.selectbox("Run B", shown, placeholder="B: select a run", key="run-b", **how)
    return runs


def compare(runs: list[str], mode: str = "two") -> None:
    """For buttons: these runs are selected, and the first is compared with the second or with its board."""
    address.choose("runs", runs)
    address.choose("mode", [mode] if mode == "many" else [])
    address.choose("against", [])


def suggest(choice: Choice) -> None:
    """What to compare the one selected run with: the best other run of its board, or all of them."""
    if not choice.runs:
        page.no_run_yet()
        return
    frame.answer("Select a second run, B.")
    run = choice.runs[0]
    _, best = _best(choice.store, choice.store.version, side(choice.store, choice.store.version, run).board)
    others = [other for other in best if other != run][:1]
    ways = [(choice.labels[other], [run, other], "two") for other in others]
    for words, runs, mode in [*ways, (FAMILIES["board"].lower(), [run], "many")]:
        label, icon = f"Compare {plain(choice.labels[run])} with {plain(words)}", ":material/compare_arrows:"
        st.button(label, icon=icon, key=f"suggest-{mode}", on_click=compare, args=(runs, mode))


@st.cache_resource(max_entries=64, show_spinner=False)
def _best(_store: Store, version: str, board: str = "") -> tuple[str, list[str]]:
    """The label of a board, and its best two runs; by default the board with the most runs with a verdict a sample."""
    boards = {each.id: each for each in board_list.boards(_store) if board in ("", each.id) and each.runs > 1}
    if not boards:
        return "", []
    chosen = max(boards.values(), key=lambda each: each.per_sample_runs)
    ranked = queries.ranking(_store, Filters(board=chosen.id), METRICS["safe"], rank_partial=True)
    return chosen.label, ranked.loc[ranked["rank"].notna(), "run_id"].astype(str).head(2).tolist()


def answer(choice: Choice, words: str, of: set[str], warning: str) -> None:
    """The verdict, with what must be known about the judge; across boards a warning."""
    known = {board.id: board for board in board_list.boards(choice.store)}
    only = known.get(next(iter(of))) if len(of) == 1 else None
    known_of_it = caveat(choice.store, only, choice.metric)
    frame.answer(f"**{plain(words)}**", plain(known_of_it))
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
