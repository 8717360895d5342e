"""`make bench`: measures everything on stores of 42, 1,000 and 10,000 runs × 269 samples, and prints Markdown.

Usage: python -m benchmarks [--runs 42,1000,10000] [--skip-browser]
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from benchmarks import first_view, pages, publishing, queries
from benchmarks.stores import make_store


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", default="42,1000,10000")
    parser.add_argument("--skip-browser", action="store_true")
    options = parser.parse_args()
    sizes = [int(size) for size in options.runs.split(",")]
    with tempfile.TemporaryDirectory(prefix="siuo-bench-") as temporary:
        work = Path(temporary)
        stores = {size: make_store(work / f"store-{size}", size) for size in sizes}
        system = f"Python {platform.python_version()}, {platform.machine()}."
        print(f"{system} Median (minimum–maximum) of 7 rounds, in turn.")
        parts = {
            f"Queries\n\n{queries.HEAD}": lambda size: queries.run(stores[size], size),
            f"Pages\n\n{pages.HEAD}": lambda size: pages.run(stores[size], size),
            f"From a dropped file to a published run\n\n{publishing.HEAD}": lambda size: publishing.run(work, size),
        }
        parts[f"Reading a dropped file\n\n{publishing.READING}"] = lambda size: (
            publishing.reading() if size == sizes[0] else []
        )
        if not options.skip_browser:
            title = f"First view and a filter\n\n{first_view.HEAD}"
            parts[title] = lambda size: first_view.run(stores[size], size, work)
        for title, measured in parts.items():
            print(f"\n## {title}")
            for size in sizes:
                print("\n".join(measured(size)), flush=True)


if __name__ == "__main__":
    main()
