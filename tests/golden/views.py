"""Which pages are looked at, and in which states of their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

from tests.golden.pages import Browser, View, choices
from tests.golden.stores import slug

METRICS: Final = ("Safe", "Effective", "Safe & Effective", "Multiple choice")
DOMAINS: Final = ("Mean of domains", "Self-harm", "Dangerous behavior", "Morality", "Privacy violation")
GROUPS: Final = ("Primary dimension", "Needs knowledge", "Needs reasoning")
PARTS_OF_PAGES: Final = {"domains": ("all", "tests", "subcategories"), "capabilities": ("differences", "labels")}
"""Tabs beside the first one, which a page draws when they are opened."""
ORDERS: Final = ("Model, A to Z", "Organization, A to Z", "Size, largest first", "Health, most flags first")
ALL_RUNS: Final = "All runs, without ranks"
SECTIONS: Final = ("Health", "Samples", "Responses", "Judges")
FILTERS: Final[dict[str, dict[str, str | list[str]]]] = {
    "search": {"q": "qwen"},
    "search-demo": {"q": "alpha"},
    "open": {"weights": "Open"},
    "closed": {"weights": "Closed"},
    "large": {"size_from": "10.0", "unknown_sizes": "false"},
    "small": {"size_to": "10.0"},
    "per-sample": {"evidence": ["Per sample"]},
    "totals": {"evidence": ["Totals only"]},
    "clean": {"health": "No flags"},
    "flagged": {"health": "Any flag"},
    "cut-off": {"health": "No closing punctuation"},
    "verified": {"verified": "true"},
    "partial": {"partial": "true"},
    "lab": {"organization": ["Example Lab"]},
    "nothing": {"q": "no such run"},
}
SAMPLE_FILTERS: Final[dict[str, dict[str, str | list[str]]]] = {
    "domain": {"domain": ["Morality", "Self-harm"]},
    "dimension": {"dimension": ["reasoning"]},
    "needs": {"needs": ["knowledge", "reasoning"]},
    "flag": {"flag": ["No closing punctuation"]},
    "differ": {"agreement": "Responses differ"},
    "find": {"find": "roof"},
    "hardest": {"order": "Hardest first"},
    "easiest": {"order": "Easiest first"},
}


class Views:
    """The views of one store; `everything`: every board with every metric and every run, else a choice of them."""

    def __init__(self, store: str, browser: Browser, examples: Path, *, everything: bool) -> None:
        self.store = store
        self.examples = examples
        self.everything = everything
        self.rich = everything or store == "demo"
        self.boards = choices(browser, "tradeoff", "board")
        self.detailed = [board for board in choices(browser, "domains", "board") if self._has_samples(browser, board)]
        self.runs = choices(browser, "run", "run")
        self.known = choices(browser, "samples", "runs")

    def _has_samples(self, browser: Browser, board: str) -> bool:
        """Whether the page of domains draws something for it by some metric."""
        metrics = ("Safe", "Multiple choice")
        return any(
            browser.open(View("domains", "", {"board": board, "metric": name})).get("plotly_chart") for name in metrics
        )

    def all(self) -> Iterator[View]:
        """Every view of the store."""
        if not self.everything and self.store not in ("shipped", "demo"):
            yield from self._one_of_each()
            return
        yield from self._rankings()
        yield from self._domains()
        yield from self._inspect()
        yield from self._reliability()
        if self.rich:
            yield from self._dressed()
        if self.store == "shipped":
            yield from (View("method", "whole"), View("review", "whole"))
            yield from self._upload()

    def _pairs(self, boards: Sequence[str], metrics: Sequence[str] = METRICS) -> Iterator[tuple[str, str]]:
        """Boards with metrics: all pairs, or the first board with each metric and the others with the first."""
        for board, metric in product(boards, metrics):
            if self.everything or board == boards[0] or metric == metrics[0]:
                yield board, metric

    def _crossed(self, page: str, boards: Sequence[str], **query: Any) -> Iterator[View]:
        for board, metric in self._pairs(boards):
            yield view(page, board, metric, board=board, metric=metric, **query)

    def _one_of_each(self) -> Iterator[View]:
        for page in ("leaderboard", "tradeoff", "findings", "domains", "capabilities", "samples"):
            yield view(page, "start", runs=self.runs[1:4])
            yield view(page, "wide", metric="Safe & Effective")
        yield view("run", "start", run=self.runs[1:2])
        yield view("compare", "two", runs=self.runs[1:3])
        yield view("compare", "many", mode="One baseline against many", baseline=self.runs[1:2])
        yield from (view("reliability", section, section=section) for section in SECTIONS)

    def _rankings(self) -> Iterator[View]:
        for page in ("leaderboard", "tradeoff", "findings"):
            yield view(page, "start")
            yield from self._crossed(page, self.boards)
        yield View("leaderboard", "plus-minus", plus_minus=True)
        for name, query in FILTERS.items():
            if self.rich or name in ("search", "large", "per-sample"):
                yield view("leaderboard", "all", name, board=ALL_RUNS, **query)
            if self.everything or name in ("search-demo", "partial", "large", "nothing"):
                yield view("leaderboard", "filter", name, **query)
                yield view("tradeoff", "filter", name, **query)
        for order in ORDERS:
            yield view("leaderboard", "order", order, sort=order)
        yield view("leaderboard", "columns", columns=["Rank", "Rank range", "Safe", "Badge", "Source"])
        yield view("leaderboard", "chosen", runs=self.runs[:3])
        yield view("tradeoff", "chosen", runs=self.runs[:3], mouse="Lasso: choose", intervals="false", lines="false")

    def _domains(self) -> Iterator[View]:
        yield view("domains", "start")
        yield view("capabilities", "start")
        yield from self._crossed("domains", self.detailed)
        for order in DOMAINS if self.everything else DOMAINS[:2]:
            yield view("domains", "order", order, sort=order)
        for name in ("search-demo", "partial", "flagged", "nothing") if self.rich else ():
            yield view("domains", "filter", name, **FILTERS[name])
            yield view("capabilities", "filter", name, **FILTERS[name])
        yield view("domains", "chosen", runs=self.known[1:4])
        yield view("capabilities", "chosen", runs=self.known[1:4])
        for page, parts in PARTS_OF_PAGES.items():
            yield from (view(page, "part", part, part=part) for part in parts)
        for group in GROUPS if self.detailed else ():
            for board, metric in self._pairs(self.detailed):
                if self.everything or group == GROUPS[0] or board == self.detailed[0]:
                    yield view("capabilities", board, metric, group, board=board, metric=metric, by=group)

    def _inspect(self) -> Iterator[View]:
        runs = self.runs
        step = 1 if self.everything else max(1, len(runs) // 6)
        for number, run in enumerate(runs[::step]):
            for metric in METRICS if self.everything or number == 1 else dict.fromkeys((METRICS[number % 4], "Safe")):
                yield view("run", f"{number:02d} {run}", metric, run=run, metric=metric)
        yield view("samples", "start")
        for board in self.detailed:
            yield view("samples", board, board=board, runs=self.known[:2])
        for name, query in SAMPLE_FILTERS.items():
            yield view("samples", name, **query)
            if self.rich:
                yield view("samples", name, "runs", runs=self.known[:3], **query)
        first = self.known[:1]
        for outcome in ("safe", "unsafe", "not safe and effective", "wrong"):
            yield view("samples", "outcome", outcome, runs=first, outcome=[f"{run}: {outcome}" for run in first])
        for sample in ("1001", "4007", "9016"):
            yield view("samples", "opened", sample, sample=sample, runs=self.known[:3])
        yield from self._compare()

    def _compare(self) -> Iterator[View]:
        yield view("compare", "start")
        runs, known = self.runs, self.known or self.runs
        pairs = [known[:2], known[2:4], runs[:2], runs[1:6:3], runs[-2:], [*known[1:4], *runs[:1]]]
        for number, runs in enumerate(pairs):
            for metric in METRICS if self.everything or number < 2 else METRICS[:1]:
                yield view("compare", "two", str(number), metric, board=ALL_RUNS, runs=runs, metric=metric)
        many = {"mode": "One baseline against many", "board": ALL_RUNS}
        for number, run in enumerate(self.runs[: None if self.everything else 5]):
            for metric in METRICS if self.everything or not number else ("Safe",):
                yield view("compare", "many", f"{number:02d}", metric, baseline=run, metric=metric, **many)
        yield view("compare", "chosen", baseline=self.runs[:1], runs=self.runs[:5], against="The chosen runs", **many)

    def _reliability(self) -> Iterator[View]:
        for section in SECTIONS:
            yield view("reliability", section, section=section)
            yield from (
                view("reliability", section, board, metric, section=section, board=board, metric=metric)
                for board, metric in self._pairs(self.boards, METRICS if self.everything else METRICS[:3:2])
            )
        yield view("reliability", "health of board", health_of="Of this board")
        for shown in ("Nobody passes", "Everybody passes", "Flagged responses dominate", "Better runs fail it"):
            yield view("reliability", "samples", shown, section="Samples", samples_shown=shown)
        yield view("reliability", "samples by flag", section="Samples", by_flag="No closing punctuation")

    def _dressed(self) -> Iterator[View]:
        """In the dark, and on narrower screens."""
        chosen = (self.known or self.runs)[:3]
        of = {"run": chosen[:1], "compare": chosen[:2]}
        for page in ("leaderboard", "tradeoff", "findings", "domains", "capabilities", "run", "compare"):
            name = "run" if page == "run" else "runs"
            query = {name: of.get(page, chosen)}
            yield View(page, "dark", query, dark=True)
            yield View(page, "narrow", query, width="narrow")
        yield View("tradeoff", "medium", width="medium")
        yield from (View("reliability", f"dark {section}", {"section": section}, dark=True) for section in SECTIONS)

    def _upload(self) -> Iterator[View]:
        yield View("upload", "start")
        judge = "human"
        about = {"Model": "Golden-7B", "Judge": judge}
        yield View("upload", "generation", files=(self.examples / "example-generation.json",), fields=about)
        mcqa = (self.examples / "example-multiple-choice.json",)
        yield View("upload", "multiple choice", files=mcqa, fields={"Model": "Golden-7B"})
        yield View("upload", "unmapped", files=(self.examples / "example-table.csv",))


def view(page: str, *names: str, **query: str | list[str]) -> View:
    """A page whose address carries these values, those that are empty left out."""
    return View(page, " ".join(slug(name) for name in names), {name: value for name, value in query.items() if value})
