"""One file over HTTP: resumed where it broke off, tried again where that can help, kept only when it is whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from siuo_dash.errors import BenchmarkTextError
from siuo_dash.store.files import sync_directory

if TYPE_CHECKING:
    import httpx2

RETRYABLE: Final = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which another try may help."""
_LONGEST_WAIT: Final = 60.0
_HEADERS: Final = {"User-Agent": "siuo-dash (fetch-benchmark)", "Accept-Encoding": "identity"}
Progress = Callable[[int, int | None], None]


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

    def __init__(self, why: str, after: str = "") -> None:
        super().__init__(why)
        self.after = float(after) if after.isdecimal() else None


def download(
    url: str,
    target: Path,
    *,
    most: int,
    flaw: Callable[[bytes], str | None],
    patience: Patience = PATIENCE,
    progress: Progress = lambda have, whole: None,
) -> None:
    """Fetch `url` into `target`, whole or not at all.

    What came of it before is kept beside the target in a hidden file, also when the program is ended, and the next
    call goes on from there if the server's file is still the same. most: bytes that the file may have. flaw: what is
    wrong with the content, None when it is sound. progress: (bytes so far, bytes in all or None).
    BenchmarkTextError when it cannot be had.
    """
    import httpx2  # a second of imports that only a fetch needs

    part = _Part(target.with_name(f".{target.name}.part"), target.with_name(f".{target.name}.part-of"))
    failed, best = 0, 0
    with httpx2.Client(timeout=patience.stall, follow_redirects=True, headers=_HEADERS) as client:
        while True:
            try:
                announced = _attempt(client, url, part, most, progress)
                found = flaw(part.file.read_bytes())
                if found is None:
                    break
                part.forget()
                if announced:  # the server has sent what it has: it would send the same again
                    raise BenchmarkTextError(found, where=url, hint="check the address in the settings")
                again = _Again(found)
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                raise BenchmarkTextError(
                    "not an http or https address", where=url, hint="correct the setting"
                ) from error
            except httpx2.ReadTimeout:
                again = _Again(f"nothing came for {patience.stall:g} seconds")
            except httpx2.RemoteProtocolError:
                again = _Again("the answer broke off")
            except httpx2.HTTPError as error:
                again = _Again(f"no connection ({error or type(error).__name__})")
            except _Again as error:
                again = error
            failed, best = (0, part.size) if part.size > best else (failed + 1, best)
            if failed == patience.tries:
                hint = "run the command again: it goes on from here"
                raise BenchmarkTextError(f"{again} ({patience.tries} tries)", where=url, hint=hint)
            time.sleep(min(patience.pause * 2**failed if again.after is None else again.after, _LONGEST_WAIT))
    part.file.replace(target)
    part.forget()
    sync_directory(target.parent)


@dataclass(frozen=True)
class _Part:
    """What came of a file so far, and what tells the version of the server's file that it came from."""

    file: Path
    version: Path

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)
        self.version.unlink(missing_ok=True)


def _attempt(client: httpx2.Client, url: str, part: _Part, most: int, progress: Progress) -> bool:
    """One request, from where the last one broke off; whether the server said how long the file is."""
    have = part.size
    version = part.version.read_text("ascii", "replace") if have and part.version.exists() else ""
    wanted = {"Range": f"bytes={have}-", "If-Range": version} if version else {}
    with client.stream("GET", url, headers=wanted) as answer:
        if answer.status_code == 416:
            part.forget()
            raise _Again("the server does not know the rest of the file")
        if answer.status_code in RETRYABLE:
            raise _Again(f"the server answered {answer.status_code}", answer.headers.get("Retry-After", ""))
        if not answer.is_success:
            what = f"the server answered {answer.status_code} {answer.reason_phrase}"
            raise BenchmarkTextError(what, where=url, hint="check the address in the settings")
        resumed = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if answer.status_code != 206 or not resumed:
            part.forget()
            have = 0
            if answer.status_code == 206:
                raise _Again("the server sent another part of the file than asked for")
            part.version.write_text(_version_of(answer), "ascii")
        announced = answer.headers.get("Content-Length", "")
        whole = have + int(announced) if announced.isdecimal() else None
        if whole is not None and whole > most:
            part.forget()
            raise BenchmarkTextError(f"the file has {whole:,} bytes, more than {most:,}", where=url)
        with part.file.open("ab") as file:
            for chunk in answer.iter_raw():
                have += len(chunk)
                if have > most:
                    part.forget()
                    raise BenchmarkTextError(f"the file is larger than {most:,} bytes", where=url)
                file.write(chunk)
                progress(have, whole)
            file.flush()
            os.fsync(file.fileno())
        return whole is not None


def _version_of(answer: httpx2.Response) -> str:
    """What tells one version of the file from another: a strong entity tag, else the time of the last change."""
    tag = answer.headers.get("ETag", "")
    found = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    return found if found.isascii() and found.isprintable() else ""
