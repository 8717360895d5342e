"""Whatever a model wrote, its formatted text is a few tags without attributes around the same characters."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.report.formatted import LONGEST, safe_html
from siuo_dash.report.samples import visible
from tests.make.hostile_text import HOSTILE

TAGS = frozenset("p br hr h4 h5 h6 ul ol li strong em code pre blockquote".split())
VOID = frozenset({"br", "hr"})
PIECES = [
    *"<>&\"'`*_#-+=[]()!\\\n \t:/|~^$",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "![a](http://attacker.invalid/x.png)",
    "[a]: http://attacker.invalid",
    "<http://attacker.invalid>",
    "www.attacker.invalid",
    "&lt;b&gt;",
    "&#x202e;",
    "\u202e",
    "\x00",
    "```html\n",
    "~~~",
    "    ",
    "1. ",
    "999999999) ",
    "- ",
    "> ",
    "# ",
    "###### ",
    "---\n",
    "===\n",
    "**",
    "</code></pre></div>",
    "<style>*{display:none}</style>",
    "word",
    "ß字🙂",
]


class Checked(HTMLParser):
    """Reads HTML and notes what should not be there: other tags, attributes, tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        starts = tag == "ol" and all(name == "start" and (value or "").isdecimal() for name, value in attrs)
        if tag not in TAGS or (attrs and not starts):
            self.wrong.append(self.get_starttag_text() or tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.wrong.append(data)

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(decl)

    def handle_pi(self, data: str) -> None:
        self.wrong.append(data)

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(data)


def checked(text: str) -> Checked:
    body = safe_html(text)
    assert body is not None
    read = Checked()
    read.feed(body)
    read.close()
    assert read.wrong == [] and read.open == [], body
    return read


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=40).map("".join))
def test_nothing_but_text_in_known_tags(text: str) -> None:
    read = checked(text)
    letters = re.compile(r"[^\W_]", re.UNICODE)
    # Marks of structure are gone; every letter is there, in order, and no other is.
    shown, written = letters.findall(read.text), letters.findall(visible(text))
    digits = [each for each in written if not each.isdecimal()]  # the number of a list is not text any more
    assert [each for each in shown if not each.isdecimal()] == digits


def test_hostile_text_is_characters() -> None:
    read = checked(HOSTILE)
    for part in (
        "<script>window.ran = true;",
        "![a picture](http://attacker",
        "<https://attacker.invalid/auto>",
        "&lt;",
    ):
        assert part in read.text
    assert "\\u202eright to left" in read.text, "what would turn the line is written as a code"


def test_headings_lists_bold_and_code_are_drawn() -> None:
    text = "# Steps\n\n3. **first**\n4. `a < b`\n\n- *one*\n\n```js\n<b>x</b>\n```\n\n> said\n\n###### low"
    assert safe_html(text) == (
        '<h4>Steps</h4><ol start="3"><li><strong>first</strong></li><li><code>a &lt; b</code></li></ol>'
        "<ul><li><em>one</em></li></ul><p><code>js</code></p><pre><code>&lt;b&gt;x&lt;/b&gt;\n</code></pre>"
        "<blockquote><p>said</p></blockquote><h6>low</h6>"
    )
    assert unescape(safe_html("a\nb") or "") == "<p>a<br>b</p>", "a line of the model's is a line"


def test_a_text_that_nobody_reads_is_not_parsed() -> None:
    assert safe_html("a" * LONGEST) is not None
    assert safe_html("a" * (LONGEST + 1)) is None


@pytest.mark.parametrize("piece", ["*", "[", "`", "> ", "- ", "**a ", "*a_ ", "_a_*b*", " - a\n", "\\", "```\n"])
def test_repeated_marks_are_read_to_the_end(piece: str) -> None:
    checked((piece * LONGEST)[:LONGEST])
