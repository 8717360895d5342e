"""One file over HTTP: resumed where it broke off, tried again where that can help, kept only when it is whole."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from siuo_dash.errors import BenchmarkTextError
from siuo_dash.store.files import sync_directory

_CHUNK: Final = 64 * 1024
_WORTH_ANOTHER_TRY: Final = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT: Final = 60.0
_AGENT: Final = "siuo-dash (fetch-benchmark)"


@dataclass(frozen=True)
class Patience:
    """How long to put up with a server.

    stall: seconds without a byte. tries: attempts in a row that bring nothing new. pause: seconds, doubled each time.
    """

    stall: float = 30.0
    tries: int = 5
    pause: float = 1.0


PATIENCE: Final = Patience()


class _Again(Exception):
    """This attempt failed in a way that another may not. after: seconds that the server asked for."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


def download(
    url: str,
    target: Path,
    *,
    most: int,
    flaw: Callable[[bytes], str | None],
    patience: Patience = PATIENCE,
    progress: Callable[[int, int | None], None] | None = None,
) -> None:
    """Fetch `url` into `target`, whole or not at all.

    What came of it before is kept beside the target in a hidden file, also when the program is ended, and the next
    call goes on from there if the server's file is still the same. most: bytes that the file may have. flaw: what is
    wrong with the content, None when it is sound. progress: (bytes so far, bytes in all or None).
    BenchmarkTextError when it cannot be had.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise BenchmarkTextError("not an http or https address", where=url, hint="correct the setting")
    part = target.with_name(f".{target.name}.part")
    failed, best = 0, 0
    while True:
        try:
            announced = _attempt(url, part, most, patience, progress)
            found = flaw(part.read_bytes())
            if found is None:
                break
            _forget(part)
            if announced:  # the server has sent what it has: it would send the same again
                raise BenchmarkTextError(found, where=url, hint="check the address in the settings")
            raise _Again(found)
        except _Again as error:
            have = part.stat().st_size if part.exists() else 0
            failed, best = (0, have) if have > best else (failed + 1, best)
            if failed == patience.tries:
                raise BenchmarkTextError(
                    f"{error} ({patience.tries} tries)", where=url, hint="run the command again: it goes on from here"
                ) from None
            time.sleep(min(patience.pause * 2**failed if error.after is None else error.after, _LONGEST_WAIT))
    part.replace(target)
    _note(part).unlink(missing_ok=True)
    sync_directory(target.parent)


def _attempt(
    url: str, part: Path, most: int, patience: Patience, progress: Callable[[int, int | None], None] | None
) -> bool:
    """One request, from where the last one broke off; whether the server said how long the file is."""
    have = part.stat().st_size if part.exists() else 0
    mark = _note(part).read_text("ascii", "replace") if have and _note(part).exists() else ""
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if have and mark:
        headers |= {"Range": f"bytes={have}-", "If-Range": mark}
    try:
        with _opener().open(urllib.request.Request(url, headers=headers), timeout=patience.stall) as answer:
            goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if not goes_on:
                _forget(part)
                have = 0
                if answer.status == 206:
                    raise _Again("the server sent another part of the file than asked for")
                if strong := _mark_of(answer.headers):
                    _note(part).write_text(strong, "ascii")
            announced = answer.headers.get("Content-Length", "")
            whole = have + int(announced) if announced.isdecimal() else None
            if whole is not None and whole > most:
                raise BenchmarkTextError(f"the file has {whole:,} bytes, more than {most:,}", where=url)
            _receive(answer, part, have, whole, most, url, progress)
            return whole is not None
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            if error.code == 416:
                _forget(part)
                raise _Again("the server does not know the rest of the file") from None
            if error.code in _WORTH_ANOTHER_TRY:
                wait = error.headers.get("Retry-After", "")
                raise _Again(f"the server answered {error.code}", float(wait) if wait.isdecimal() else None) from None
            raise BenchmarkTextError(
                f"the server answered {error.code} {error.reason}", where=url, hint="check the address in the settings"
            ) from None
    except urllib.error.URLError as error:
        raise _Again(f"no connection ({error.reason})") from None
    except TimeoutError:
        raise _Again(f"nothing came for {patience.stall:g} seconds") from None
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
        raise _Again(f"the connection broke ({type(error).__name__})") from None


def _receive(
    answer: Any,
    part: Path,
    have: int,
    whole: int | None,
    most: int,
    url: str,
    progress: Callable[[int, int | None], None] | None,
) -> None:
    with part.open("ab") as file:
        while chunk := answer.read1(_CHUNK):
            have += len(chunk)
            if have > most:
                file.close()
                _forget(part)
                raise BenchmarkTextError(f"the file is larger than {most:,} bytes", where=url)
            file.write(chunk)
            if progress is not None:
                progress(have, whole)
        file.flush()
        os.fsync(file.fileno())
    if whole is not None and have < whole:
        raise _Again(f"the answer broke off after {have:,} of {whole:,} bytes")


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS only, redirects included: urllib would open files and FTP as well."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _mark_of(headers: Any) -> str:
    """What tells one version of the file from another: a strong entity tag, else the time of the last change."""
    tag = headers.get("ETag", "")
    mark = tag if tag.startswith('"') else headers.get("Last-Modified", "")
    return mark if mark.isascii() and mark.isprintable() else ""


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}-of")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)
