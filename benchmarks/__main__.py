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
        print(
            f"Python {platform.python_version()}, {platform.machine()}. Median (minimum–maximum) of 7 rounds, in turn.\n"
        )
        print("## Queries\n")
        print("\n".join(queries.table_head()))
        for size, folder in stores.items():
            print("\n".join(queries.run(folder, size)), flush=True)
        print("\n## Pages\n")
        print("\n".join(pages.table_head()))
        for size, folder in stores.items():
            print("\n".join(pages.run(folder, size)), flush=True)
        print("\n## From a dropped file to a published run\n")
        print("\n".join(publishing.table_head()))
        for size in sizes:
            print("\n".join(publishing.run(work, size)), flush=True)
        if options.skip_browser:
            return
        print("\n## First view and a filter\n")
        print("\n".join(first_view.table_head()))
        for size, folder in stores.items():
            print("\n".join(first_view.run(folder, size, work)), flush=True)


if __name__ == "__main__":
    main()
