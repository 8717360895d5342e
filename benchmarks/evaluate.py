"""An evaluation of all 167 samples (1,670 calls) at a made-up server: processor time a call, throughput, memory, disk.

Usage: python -m benchmarks.evaluate [--latency 1.0] [--connections 20] [--picture-kb 200] [--samples 167]
The limit is what latency and connections allow: the calls of the busier of the two models, at so many at once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import head, line
from siuo_dash.store.catalogue_file import read_catalogue
from tests.conftest import ROOT
from tests.evaluate import made
from tests.evaluate.server import KEY, served


def main() -> None:
    """Measure once and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--picture-kb", type=int, default=200)
    parser.add_argument("--samples", type=int, default=167)
    given = parser.parse_args()
    ids = sorted(read_catalogue(ROOT / "data" / "samples.csv").by_id)[: given.samples]
    with tempfile.TemporaryDirectory() as folder, served() as server:
        place = Path(folder)
        data = made.benchmark(place, ids, given.picture_kb * 1000)
        server.keeps_bodies, server.faults.latency = False, given.latency
        names = ("--model", "openai-api/fake/vl", "--judge", "openai-api/fake/judge")
        urls = ("--base-url", server.address, "--judge-base-url", server.address)
        places = ("--data", str(data), "--rubric", str(place / "rubric"), "--to", str(place / "run"))
        command = [sys.executable, "-m", "siuo_dash", "evaluate", *names, *urls, *places]
        command += ["--connections", str(given.connections)]
        environment = os.environ | {"FAKE_API_KEY": KEY}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        calls = sum(server.kinds.values())
        span = server.moments[-1] - server.moments[0] + given.latency
        busiest = max(
            server.kinds["response"] + server.kinds["choice"], calls - server.kinds["response"] - server.kinds["choice"]
        )
        limit = busiest / given.connections * given.latency
        size = sum(path.stat().st_size for path in (place / "run").rglob("*") if path.is_file())
    if status:
        raise SystemExit(f"the evaluation ended with {status}")
    print(head("calls", "ms CPU a call", "span s", "limit s", "of the limit", "memory MB", "folder MB"))
    shares = f"{100 * limit / span:.0f} %" if limit else "–"
    cpu = 1000 * (used.ru_utime + used.ru_stime) / calls
    print(line(calls, f"{cpu:.1f}", f"{span:.1f}", f"{limit:.1f}", shares, used.ru_maxrss // 1024, f"{size / 1e6:.1f}"))


if __name__ == "__main__":
    main()
