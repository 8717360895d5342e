"""The parts of a spreadsheet that may be parsed: UTF-8 text without a document type, whatever each is called.

A workbook may place a sheet at any name, and an XML parser follows what a part declares: its encoding, and entities,
which can grow without bound. So what is looked at here is what is handed on, in an archive of its own.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Final

from siuo_dash.ingest.findings import ONE_RUN, Unreadable, shown

WORKBOOK: Final = "xl/workbook.xml"
MAX_TAGS: Final = 1_000_000
"""XML tags of a spreadsheet; a run of 167 samples has about 10,000."""
_AGAIN: Final = "open and save it again as .xlsx, or save it as CSV"
_DECLARED: Final = re.compile(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s{0,9}=\s{0,9}["']([^"']{0,40})["']""")
_DOCTYPE: Final = re.compile(rb"<!\s{0,9}(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PLAIN: Final = (b"utf-8", b"utf8", b"us-ascii", b"ascii")


def plain_archive(parts: Mapping[str, bytes]) -> bytes:
    """A spreadsheet of those of these parts that are plain XML, not compressed; raises Unreadable.

    parts: {name: unpacked content} of the uploaded one. Pictures, printer settings and the like are left out.
    """
    kept = {name: content for name, content in parts.items() if _is_plain(name, content)}
    if sum(content.count(b"<") for content in kept.values()) > MAX_TAGS:
        raise Unreadable("too many cells for one run", ONE_RUN)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    return out.getvalue()


def _is_plain(name: str, content: bytes) -> bool:
    """Whether a part is UTF-8 text that may be parsed; raises Unreadable where it should be and is not."""
    declared = _DECLARED.match(content)
    is_text = b"\0" not in content and (declared is None or declared[1].lower() in _PLAIN)
    if is_text:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            is_text = False
    if not is_text:
        if name.endswith((".xml", ".rels")):
            raise Unreadable(f"the spreadsheet's part {shown(name)} is not UTF-8 text", _AGAIN)
        return False
    if _DOCTYPE.search(content):
        raise Unreadable(f"the spreadsheet declares XML entities, in {shown(name)}", _AGAIN)
    return True
