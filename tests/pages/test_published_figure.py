"""A published figure on the upload page: from what is typed to a run of totals; and through the review."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from siuo_dash.store.engine.database import Store
from tests.make.pages import OpenApp, OpenAs, words

PAGE = "contribute/upload.py"
ABOUT = {"Model": "Alpha-7B", "Judge": "gpt-4o", "Link or citation": "doi:10.1234/x"}


def fill(app: AppTest, texts: dict[str, str]) -> AppTest:
    for label, text in texts.items():
        fields = [*app.text_input, *app.selectbox]
        next(each for each in fields if each.label.rstrip(" *") == label).set_value(text)
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def is_ready(app: AppTest, label: str) -> bool:
    return not next(button for button in app.button if button.label == label).disabled


def test_a_rate_is_refused_or_shown_as_its_count_and_published(data: Path, open_app: OpenApp) -> None:
    app = open_app(data, PAGE, section="Published figure")
    assert not app.exception and not app.error and not is_ready(app, "Publish")  # an empty form is no mistake
    app = fill(app, ABOUT | {"Safe": "53.2%", "Effective": "0.5"})
    errors = "\n".join(error.value for error in app.error)
    assert "the nearest are 88 (52.69%) and 89 (53.29%)" in errors.replace("\\", "")
    assert "fraction or a percentage" in errors and not is_ready(app, "Publish")
    app = fill(app, {"Safe": "53.29 %", "Effective": "116"})
    assert "is 89 of 167" in words(app) and "No run was judged by “gpt-4o”" in words(app)
    assert not is_ready(app, "Publish"), "a new board is asked about"
    app = press(app, "Open a new board")
    assert is_ready(app, "Publish")
    app = press(app, "Publish")
    assert not app.exception and "is live: rank 1 of 1 by Safe" in words(app)
    row = Store(data).frame("SELECT * FROM runs WHERE evidence = 'totals'").iloc[0]
    assert (row["model"], row["safe_k"], row["effective_k"], row["safe_n"]) == ("Alpha-7B", 89, 116, 167)
    assert row["source_status"] == "preprint"


def test_a_figure_goes_through_the_review_and_can_be_corrected(data: Path, open_as: OpenAs) -> None:
    app = open_as("ada@example.org", PAGE, section="Published figure")
    app = press(press(fill(app, ABOUT | {"Safe": "89"}), "Open a new board"), "Send for review")
    assert not app.exception and "waiting for review" in words(app).lower()
    mine = open_as("ada@example.org", PAGE, section="My submissions")
    app = press(mine, "Correct")
    assert not app.exception and "This corrects" in words(app)
    assert next(each for each in app.text_input if each.label == "Safe").value == "89"
    app = press(fill(app, {"Safe": "90"}), "Send for review")
    assert not app.exception
    review = open_as("reviewer@example.org")
    assert not review.exception and "90/167" in words(review) and "89/167" not in words(review)
    review = press(review, "Approve")
    assert not review.exception
    (row,) = Store(data).frame("SELECT safe_k FROM runs WHERE evidence = 'totals'")["safe_k"].tolist()
    assert row == 90
