"""Hosted, in real browsers, with a real provider of identities: sign in, send, decide, follow what becomes of it."""

# The fixtures of tests/browser/hosted.py are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.driver import settled
from tests.browser.hosted import (
    EXAMPLE,
    events_of,
    fill_in,
    hosted,
    press,
    provider,
    run_file,
    see,
    visit,
    write,
)
from tests.make.registry import events, runs_in

pytestmark = pytest.mark.browser


def on_the_board(page: Page, address: str, model: str) -> bool:
    page.goto(f"{address}/?q={model}&board=All runs, without ranks")
    settled(page)
    return page.get_by_text("No run passes these filters").count() == 0


def test_from_a_file_to_the_board_by_way_of_a_reviewer(hosted: tuple[str, Path], visit: Any) -> None:
    address, data = hosted
    sender = visit("submitter", "upload").page
    fill_in(sender, EXAMPLE, "Walker-VL-9B", "example-judge")
    assert sender.get_by_role("button", name="Publish", exact=True).count() == 0
    press(sender, "Send for review")
    see(sender.get_by_text("Waiting for review", exact=False).first)
    (run_id,) = runs_in(data, "pending")
    assert run_id.startswith("walker-vl-9b-") and runs_in(data, "published") == []

    # Nobody else sees it: not on the board, not by its address, not in a list.
    reader = visit().page
    assert not on_the_board(reader, address, "walker")
    for path in (
        f"run?run={run_id}",
        f"review?submission={run_id}",
        f"upload?section=My submissions&submission={run_id}",
    ):
        reader.goto(f"{address}/{path}")
        settled(reader)
        assert "Walker-VL" not in reader.inner_text("body"), path

    judge = visit("reviewer", "review").page
    see(judge.get_by_text("Sent by submitter@", exact=False))
    for words in ("Responses", "Earlier submissions of this person", "Decide"):
        see(judge.get_by_role("heading", name=words))
    see(judge.get_by_text("the first run of the new board", exact=False))
    press(judge, "Approve")
    see(judge.get_by_text("is published.", exact=False))
    see(judge.get_by_text("Nothing waits for review"))
    assert runs_in(data, "published") == [run_id] and runs_in(data, "pending") == []
    assert events_of(data, run_id)[-1] == ("approve", "reviewer@example.org")
    assert events_of(data, run_id)[0][1] == "submitter@example.org"
    assert on_the_board(reader, address, "walker")


def test_a_submission_is_sent_back_corrected_and_rejected(hosted: tuple[str, Path], visit: Any, tmp_path: Path) -> None:
    _, data = hosted
    sender = visit("submitter", "upload").page
    fill_in(sender, run_file(tmp_path, 70, "Sent-Back-7B"), "Sent-Back-7B")
    press(sender, "Keep as draft")
    see(sender.get_by_text("Only you see it", exact=False))
    (run_id,) = runs_in(data, "draft")

    # Another person sees nothing of the draft, whatever they ask for.
    other = visit("other", f"upload?section=My submissions&submission={run_id}").page
    see(other.get_by_text("You have sent nothing yet"))
    assert "sent-back" not in other.inner_text("body").casefold()
    judge = visit("reviewer", f"review?submission={run_id}").page
    see(judge.get_by_text("Nothing waits for review"))

    sender.goto(f"{hosted[0]}/upload?section=My submissions&submission={run_id}")
    settled(sender)
    press(sender, "Send for review")
    see(sender.get_by_text("waits for review now", exact=False))

    judge.reload()
    settled(judge)
    press(judge, "Ask for changes")
    see(judge.get_by_text("Nothing was decided", exact=False))
    write(judge, "Words to the submitter", "Name the decoding settings.")
    press(judge, "Ask for changes")
    see(judge.get_by_text("is a draft of its submitter again", exact=False))

    sender.reload()
    settled(sender)
    see(sender.get_by_text("Draft.", exact=False).first)
    assert "Name the decoding settings." in [event.why for event in events(data) if event.run_id == run_id]
    press(sender, "Correct")
    see(sender.get_by_text("This corrects", exact=False))
    settled(sender)
    see(sender.get_by_text("A reviewer said: Name the decoding settings."))
    sender.get_by_text("More (optional)", exact=False).click()
    write(sender, "Note", "temperature 0")
    press(sender, "Send for review")
    see(sender.get_by_text("Waiting for review", exact=False).first)

    judge.reload()
    settled(judge)
    see(judge.get_by_text("temperature 0", exact=False))
    write(judge, "Words to the submitter", "The verdicts are not a judge's.")
    press(judge, "Reject")
    see(judge.get_by_text("is rejected", exact=False))
    assert len(runs_in(data, "rejected")) == 1
    assert not on_the_board(other, hosted[0], "sent-back")


def test_a_sign_in_leads_back_to_the_page_that_asked_for_it(hosted: tuple[str, Path], visit: Any) -> None:
    page = visit(path="upload?section=My submissions").page
    page.get_by_role("button", name="Sign in").last.click()
    page.get_by_role("link", name="other", exact=True).click()
    see(page.get_by_text("You have sent nothing yet"))
    assert page.url.startswith(f"{hosted[0]}/upload?")
