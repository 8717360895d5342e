"""The API described, for programs (openapi.json) and for people (one page without scripts), from what is declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from siuo_dash import __version__
from siuo_dash.charts.figure import FONT
from siuo_dash.server.api.endpoint import HTML, Endpoint
from siuo_dash.server.api.parameters import Parameter
from siuo_dash.server.api.problems import failure
from siuo_dash.server.api.schemas import SCHEMAS
from siuo_dash.server.api.sharing import PREFIX, SUBMISSIONS

_ABOUT: Final = (
    "Results of the SIUO benchmark: the figures of the pages and of the command line, by the same code, not rounded. "
    "An ETag names the data of an answer; ask again with If-None-Match, and 304 says that nothing changed."
)
_FAILURES: Final = {
    "400": "Wrong parameters, all of them named.",
    "404": "There is no such run.",
    "429": "Too many requests from this address; Retry-After says when to come again.",
    "503": "The results cannot be read at the moment.",
}

_PAGED: Final = {
    "X-Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
    "Link": {
        "description": 'The next page, as `<?limit=…&offset=…>; rel="next"`; absent on the last one.',
        "schema": {"type": "string"},
    },
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """OpenAPI 3.1 of these endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "SIUO dashboard", "version": __version__, "description": _ABOUT},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A personal token, made on the upload page when signed in. Never in an address.",
                }
            },
        },
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": each.summary, "content": _content(each)}}
    if each.paged:
        answers["200"]["headers"] = _PAGED
    if each.make is not None:
        answers["304"] = {"description": "The answer is still the one that If-None-Match names."}
    if each.ranges:
        answers["206"] = {"description": "The part that was asked for.", "content": _content(each)}
        answers["416"] = failure("The part is outside the file.")
    applies = [status for status in _FAILURES if status != "404" or any(one.place == "path" for one in each.parameters)]
    answers |= {status: failure(_FAILURES[status]) for status in applies}
    named = re.sub(r"\W+", "_", f"{each.method.lower()}{each.path}").strip("_")
    more = dict(each.more)
    answers |= more.pop("responses", {})
    found: dict[str, Any] = {"operationId": named, "summary": each.summary, "responses": answers}
    if each.parameters:
        found["parameters"] = [_parameter(one) for one in each.parameters]
    return found | more


def _content(each: Endpoint) -> dict[str, Any]:
    return {each.media: {"schema": dict(each.schema)}}


def _parameter(each: Parameter) -> dict[str, Any]:
    about = {"name": each.name, "in": each.place, "description": each.help, "schema": dict(each.schema)}
    return about | {"required": True} if each.required else about


_STYLE: Final = f"""
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; padding: 24px 16px 48px; max-width: 860px; font: 16px/1.5 {FONT}; }}
h1 {{ font-size: 28px; margin: 0 0 8px; }} h2 {{ font-size: 19px; margin: 36px 0 0; overflow-wrap: anywhere; }}
code, pre {{ font: 14px/1.5 ui-monospace, Menlo, Consolas, monospace; }}
pre {{ padding: 10px 12px; border: 1px solid #8886; border-radius: 6px; overflow-x: auto; }}
dl {{ display: grid; grid-template-columns: minmax(7em, max-content) 1fr; gap: 2px 16px; margin: 8px 0; }}
dd {{ margin: 0; }} p {{ margin: 8px 0; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e6eaee; background: #12161a; }} a {{ color: #66b3e6; }} }}
"""
_SENDING: Final = f"""<h2 id="sending">Send results from a job</h2>
<p>Make a token on the <a href="../../upload?section=Tokens">upload page</a> when signed in, keep it among your job's
secrets, and send the files with what you state about the run. They are checked as on the page; a reviewer decides.
A token in an address is refused.</p>
<pre>curl -H "Authorization: Bearer $SIUO_TOKEN" -F file=@results.json \\
  -F model=Example-7B -F judge=human https://…{PREFIX}{SUBMISSIONS}
siuo-dash submit results.json --model Example-7B --judge human --server https://…</pre>"""
_READING: Final = f"""<pre>curl "https://…{PREFIX}/leaderboard?metric=safe"
python -c "import pandas; print(pandas.read_parquet('https://…{PREFIX}/results.parquet'))"</pre>"""
_LOCAL: Final = """<h2 id="sending">Publish results from a job</h2>
<p>This dashboard runs in local mode: programs on this machine publish by the command line,
<code>siuo-dash submit results.json --model Example-7B --judge human</code>. Nothing can be sent to it over HTTP.</p>"""


def page(endpoints: Sequence[Endpoint], *, hosted: bool) -> str:
    """The API on one page, which needs no script."""
    reading = [each for each in endpoints if each.make is not None]
    return f"""{HTML}
<title>API · SIUO dashboard</title><style>{_STYLE}</style></head><body>
<h1>API</h1>
<p>{escape(_ABOUT)} What is wrong with a request is said as problem details (RFC 9457). Machine-readable:
<a href="openapi.json">openapi.json</a>. <a href="../../">Back to the leaderboard</a></p>
{_READING}
{_SENDING if hosted else _LOCAL}
{"".join(_section(each) for each in reading)}
</body></html>
"""


def _section(each: Endpoint) -> str:
    shown = "" if "{" in each.path else f' <a href="{escape(each.path[1:])}">open</a>'
    about = [(escape(one.name), _marked(one.help + _values(one))) for one in each.parameters]
    listed = "".join(f"<dt><code>{name}</code></dt><dd>{words}</dd>" for name, words in about)
    takes = f"<dl>{listed}</dl>" if listed else ""
    name = f"<code>{each.method} {escape(PREFIX + each.path)}</code>"
    return f"<h2>{name}</h2><p>{_marked(each.summary)}{shown}</p>{takes}"


def _marked(words: str) -> str:
    """Words as HTML, with what is between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _values(each: Parameter) -> str:
    if "enum" not in each.schema:
        return ""
    default = f"; {each.schema['default']} by default" if each.schema.get("default") else ""
    return f" One of {', '.join(each.schema['enum'])}{default}."
