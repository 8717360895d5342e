"""Waits until a dashboard is well, for service managers: `python -m siuo_dash.view.serving.await_health URL [SECONDS]`."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from time import monotonic, sleep


def wait(url: str, seconds: float) -> str:
    """Ask until the answer is 200; empty then, else what was answered last. Takes at most `seconds`."""
    deadline = monotonic() + seconds
    while True:
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


def main(arguments: list[str]) -> int:
    """0 when it is well, 1 and the reason when it is not in time, 2 for a wrong call."""
    if not 1 <= len(arguments) <= 2 or not arguments[0].startswith("http"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    reason = wait(arguments[0], float(arguments[1]) if len(arguments) > 1 else 90)
    if reason:
        sys.stderr.write(f"{arguments[0]}: {reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
