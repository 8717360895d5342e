"""`python -m tests.golden record [--all]` writes the digests; `dump DIR [--root CHECKOUT] [--all]` each output."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.golden.collect import FIXTURES, PARTS, ROOT, collect, digests, fixtures

HERE = Path(__file__).resolve().parent


def digest_file(*, everything: bool) -> Path:
    """Where the digests lie."""
    return HERE / ("digests-all.json" if everything else "digests.json")


def main() -> None:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--all", action="store_true", help="more views: every board with every metric, every run")
    shared.add_argument("--part", action="append", choices=PARTS, help="only this; may be given several times")
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record", parents=[shared], help="write the digests of this checkout")
    commands.add_parser("check", parents=[shared], help="compare this checkout with the digests")
    dump = commands.add_parser("dump", parents=[shared], help="write every output as a file")
    dump.add_argument("folder", type=Path)
    dump.add_argument("--root", type=Path, default=ROOT, help="the checkout whose program is run")
    given = parser.parse_args()
    root = getattr(given, "root", ROOT).resolve()
    file = digest_file(everything=given.all)
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    wrong = []
    for part in given.part or PARTS:
        if part == FIXTURES and not fixtures(root).is_dir():
            print(f"{part}: left out, {fixtures(root)} is not there", file=sys.stderr)
            continue
        begun = time.monotonic()
        texts = collect(part, root, everything=given.all)
        if given.command == "dump":
            for name, text in texts.items():
                _write(given.folder, name, text)
        else:
            found = digests(texts, by_view=given.all)
            before = {name: digest for name, digest in known.items() if name.startswith(f"{part}/")}
            wrong += sorted(name for name in before | found if before.get(name) != found.get(name))
            known = {name: digest for name, digest in known.items() if name not in before} | found
        print(f"{part}: {len(texts)} outputs, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if given.command == "record":
        file.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n")
    if given.command != "dump":
        print("\n".join(wrong) or "no difference")
        raise SystemExit(1 if wrong and given.command == "check" else 0)


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name.replace("#", ".")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
