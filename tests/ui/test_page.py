"""What pages stand in: words that Markdown cannot read, one state of the data a visit, errors in words."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as strategies
from markdown_it import MarkdownIt

from siuo_dash.errors import NoRun, StoreError
from siuo_dash.text import is_hidden
from siuo_dash.ui import background, display, page
from tests.make.runs import make_run
from tests.make.stores import add, make_data


@pytest.fixture(autouse=True)
def _no_cache() -> Iterator[None]:
    yield
    st.cache_resource.clear()


@given(strategies.text(strategies.characters(codec="utf-8"), max_size=40))
def test_plain_words_are_shown_as_they_are(words: str) -> None:
    tokens = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .parse(f"**x {display.plain(words)} x**")
    )
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 1
    kinds = {child.type for child in inline[0].children or []}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close"}
    shown = "".join(child.content for child in inline[0].children or []).replace("\u2060", "")
    printable = "".join(letter if letter.isprintable() and not is_hidden(letter) else " " for letter in words)
    assert shown.split() == f"x {printable} x".split()


@pytest.mark.parametrize("words", [":smile:", ":red[x]", ":material/home:", "$x$", "a | b", "<b>", "&lt;"])
def test_streamlits_own_markup_is_escaped_too(words: str) -> None:
    escaped = display.plain(words)
    for letter in ":[]$|<&":
        assert escaped.count(letter) == escaped.count(f"\\{letter}")


@pytest.mark.parametrize(
    "words", ["https://evil.example", "HTTP://evil.example", "www.evil.example", "me@evil.example"]
)
def test_a_bare_address_is_not_made_a_link(words: str) -> None:
    # The patterns of the GitHub flavour's autolinks, which look at the text once escapes are gone.
    shown = display.plain(words).replace("\\", "")
    assert shown.replace("\u2060", "") == words
    assert not re.search(r"https?://[-.\w]+|www\.[-.\w]+|[-.\w+]+@[-\w]+\.[-\w]+", shown, re.IGNORECASE)


def test_a_visit_sees_one_state_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(tmp_path / "data", make_run("First", [True]), shipped=True)
    monkeypatch.setenv("SIUO_DATA", str(data))
    count = "SELECT COUNT(*) FROM runs"
    shipped = 98
    with page.guard():
        store = page.open_store()
        version = store.version
        add(data, make_run("Second", [True]))
        other_visitor = threading.Thread(target=store.refresh)
        other_visitor.start()
        other_visitor.join()
        assert (store.frame(count).iloc[0, 0], store.version) == (shipped + 1, version)
    assert (store.frame(count).iloc[0, 0], store.version == version) == (shipped + 2, False)


def test_only_the_projects_own_errors_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    def fail(error: Exception) -> None:
        raise error

    with page.guard():
        fail(NoRun("there is no run 'x'"))
    assert "NoRun: there is no run 'x'" in caplog.text
    with pytest.raises(ZeroDivisionError), page.guard():
        fail(ZeroDivisionError())


def test_background_work_is_done_once_a_key() -> None:
    done: list[int] = []

    def work() -> int:
        done.append(1)
        return len(done)

    first, second = background.later(work, "a", 1), background.later(work, "a", 1)
    assert first is second
    assert (first.result(), background.later(work, "a", 2).result()) == (1, 2)
    assert background.when_ready(first, "words") == 1


def test_background_work_that_failed_is_told_and_then_tried_again() -> None:
    """As after a cluster that did not answer: the data's version, and so the key, stay the same."""
    away, asked = [True], threading.Event()

    def work() -> str:
        asked.wait()
        if away[0]:
            raise StoreError("the cluster does not answer")
        return "there"

    failed = background.later(work, "away", 1)
    asked.set()
    wait([failed])
    told = background.later(work, "away", 1)
    assert told is failed, "a page that waited says why; with another try in its place it would wait for ever"
    away[0] = False
    assert background.later(work, "away", 1).result() == "there"
