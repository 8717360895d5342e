"""Other labels than the project's, from a file: used for the session only, or refused with everything that is wrong."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Page, expect

from siuo_dash.benchmark.labels import LABEL_COLUMNS
from tests.browser.conftest import OpenPage
from tests.browser.driver import settled

ROOT = Path(__file__).resolve().parents[2]


def rows() -> list[dict[str, str]]:
    with (ROOT / "data" / "samples.csv").open(encoding="utf-8", newline="") as lines:
        return [{name: row[name] for name in LABEL_COLUMNS} for row in csv.DictReader(lines)]


def as_csv(records: list[dict[str, str]]) -> bytes:
    body = io.StringIO()
    writer = csv.DictWriter(body, list(LABEL_COLUMNS))
    writer.writeheader()
    writer.writerows(records)
    return body.getvalue().encode()


def drop(page: Page, name: str, body: bytes) -> None:
    field = page.get_by_test_id("stFileUploader")
    field.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": body})


def test_other_labels_are_used_in_this_session_only(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/capabilities?part=labels")
    ours = "given by two readers"
    expect(page.get_by_text(ours).first).to_be_visible()
    drop(page, "mine.csv", as_csv([row | {"primary_dimension": "knowledge"} for row in rows()]))
    expect(page.get_by_text("mine.csv").first).to_be_visible()
    settled(page)
    expect(page.get_by_text(ours)).to_have_count(0)
    # All samples are knowledge now, on this page and on the next; nobody else sees that.
    expect(page.get_by_text("mine.csv").first).to_be_visible()
    elsewhere = open_page(f"{dashboard}/capabilities?part=labels")
    expect(elsewhere.get_by_text(ours).first).to_be_visible()
    page.get_by_role("button", name="Use the project's own labels again").click()
    expect(page.get_by_text(ours).first).to_be_visible()


def test_labels_with_faults_are_refused_with_all_of_them(dashboard: str, open_page: OpenPage) -> None:
    wrong = rows()
    wrong[0]["primary_dimension"] = "luck"
    wrong[3]["needs_knowledge"] = "perhaps"
    wrong[7]["question_id"] = "1999"
    page = open_page(f"{dashboard}/capabilities?part=labels")
    drop(page, "wrong.csv", as_csv(wrong))
    expect(page.get_by_text("These labels cannot be used.")).to_be_visible()
    settled(page)
    grid = page.get_by_test_id("stDataFrame").first.locator('[role="row"]')
    grid.first.wait_for(state="attached")
    told = " ".join(grid.all_text_contents())
    for words in ("luck", "perhaps", "1999"):
        assert words in told
    expect(page.get_by_text("given by two readers").first).to_be_visible()
