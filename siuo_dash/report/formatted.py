"""A response as a reader may ask to see it: headings, lists, emphasis and code. Everything else in it stays text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from siuo_dash.report.samples import visible

LONGEST: Final = 20_000
"""Characters; a longer text is shown as it is, because nobody could read it and a parser takes its time."""
_READ: Final = (
    "heading",
    "lheading",
    "list",
    "fence",
    "code",
    "blockquote",
    "hr",
    "emphasis",
    "backticks",
    "newline",
    "escape",
)
_FIRST_HEADING: Final = 4
"""The page has headings of its own, so a response's begin below them."""


class _Renderer(RendererHTML):
    """Writes tags without attributes, but for the number that a list begins with: no text is ever inside a tag."""

    def renderToken(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        if token.hidden:
            return ""
        tag = token.tag
        if token.type.startswith("heading"):
            tag = f"h{min(6, int(tag[1:]) + _FIRST_HEADING - 1)}"
        if token.type == "ordered_list_open" and "start" in token.attrs:
            return f'<ol start="{int(token.attrs["start"])}">'
        return f"</{tag}>" if token.nesting == -1 else f"<{tag}>"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        info = tokens[idx].info.strip()  # often a language, but it is the model's text like any other
        above = f"<p><code>{escape(info)}</code></p>" if info else ""
        return f"{above}<pre><code>{escape(tokens[idx].content)}</code></pre>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self.fence(tokens, idx, options, env)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<code>{escape(tokens[idx].content)}</code>"

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return escape(tokens[idx].content)

    def softbreak(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<br>"

    def hardbreak(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<br>"


_MARKDOWN: Final = MarkdownIt("zero", {"html": False, "linkify": False}, renderer_cls=_Renderer).enable(list(_READ))


def safe_html(text: str) -> str | None:
    """The text as HTML of a few tags; None where it is too long to be read so.

    Links, pictures, HTML and entities in it are shown as the characters that they are.
    """
    return None if len(text) > LONGEST else str(_MARKDOWN.render(visible(text)))
