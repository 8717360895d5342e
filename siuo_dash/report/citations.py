"""What is copied from a page: the bibliography of a table's sources, a run's badge, a leaderboard to embed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote, urlencode

from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.text import slug
from siuo_dash.report.export import latex

BENCHMARK: Final = """@inproceedings{wang2025siuo,
  title = {Safe Inputs but Unsafe Output: Benchmarking Cross-modality Safety Alignment of Large Vision-Language Models},
  author = {Wang, Siyin and Ye, Xingsong and Cheng, Qinyuan and Duan, Junwen and Li, Shimin and Fu, Jinlan
    and Qiu, Xipeng and Huang, Xuanjing},
  booktitle = {Findings of the Association for Computational Linguistics: NAACL 2025},
  year = {2025},
  eprint = {2406.15279},
  archiveprefix = {arXiv},
}
"""
_BENCHMARK_ID: Final = "2406.15279"
_YEAR: Final = re.compile(r"\b(20[12]\d)\b")
_ARXIV: Final = re.compile(r"\b(\d{4}\.\d{4,5})\b")


def bibtex(sources: Iterable[str]) -> bytes:
    """The benchmark's entry, then one `@misc` for every other source, as it is named in the data; nothing is guessed.

    sources: of runs; repeated and empty ones are left out, and so is the benchmark's own.
    """
    named = dict.fromkeys(source.strip() for source in sources if isinstance(source, str))
    others = [source for source in named if source and _BENCHMARK_ID not in source]
    return "\n".join([BENCHMARK, *(_entry(source) for source in others)]).encode()


def _entry(source: str) -> str:
    fields = {"title": latex(source)}
    if year := _YEAR.search(source):
        fields["year"] = year.group(1)
    if arxiv := _ARXIV.search(source):
        fields |= {"eprint": arxiv.group(1), "archiveprefix": "arXiv"}
    if link := source_link(source):
        fields["howpublished"] = rf"\url{{{link}}}"
    key = slug(source)[:40].strip("-") or "source"
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{body}}}\n"


def badge_markdown(site: str, run_id: str, metric: str) -> str:
    """A run's badge as Markdown, which leads to the run. site: the dashboard's own address."""
    picture = f"{site}/api/v1/runs/{quote(run_id)}/badge.svg?{urlencode({'metric': metric})}"
    return f"[![SIUO]({picture})]({site}/run?{urlencode({'run': run_id})})"


def embed_html(site: str, board: str, metric: str, *, partial: bool) -> str:
    """A board's leaderboard as an iframe. site: the dashboard's own address."""
    query = {"board": board, "metric": metric} | ({"partial": "true"} if partial else {})
    source = escape(f"{site}/api/v1/embed/leaderboard?{urlencode(query)}")
    return f'<iframe src="{source}" title="SIUO leaderboard" width="100%" height="640" loading="lazy"></iframe>'
