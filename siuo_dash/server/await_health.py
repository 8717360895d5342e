"""Waits until a dashboard is well, for service managers: `python -m siuo_dash.server.await_health URL [SECONDS]`.

A service manager names the process that it started in MAINPID; nobody waits for one that has ended.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from time import monotonic, sleep


def wait(url: str, seconds: float, process: str = "") -> str:
    """Ask until the answer is 200; empty then, else what was answered last. Takes at most `seconds`.

    process: the id of the one that should answer; '' where it is not known.
    """
    deadline = monotonic() + seconds
    while True:
        if process and _has_ended(process):
            return "the dashboard has ended; its own log says why"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return ""
        except urllib.error.HTTPError as error:
            answer = error.read(500).decode("utf-8", "replace").strip()
        except OSError as error:
            answer = str(error)
        if monotonic() > deadline:
            return answer or "no answer"
        sleep(0.2)


def _has_ended(process: str) -> bool:
    try:
        return Path(f"/proc/{int(process)}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, ValueError):  # not Linux, or no number
        return False


def main(arguments: list[str]) -> int:
    """0 when it is well, 1 and the reason when it is not in time, 2 for a wrong call."""
    if not 1 <= len(arguments) <= 2 or not arguments[0].startswith("http"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    reason = wait(arguments[0], float(arguments[1]) if len(arguments) > 1 else 90, os.environ.get("MAINPID", ""))
    if reason:
        sys.stderr.write(f"{arguments[0]}: {reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
