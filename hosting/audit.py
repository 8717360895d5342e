"""What the dashboard is made of, and what is known against it: `python hosting/audit.py sbom|audit [--require]`.

sbom: a CycloneDX list of the pinned packages, with versions, licences and who needs whom, as build/sbom.cdx.json.
audit: asks a public database of known vulnerabilities about each of them. Where none can be reached it says so, and
checks what can be checked without: pins, what is installed, and whether it goes together. With --require that is an
error. Run by the tools' own environment (.venv-audit); the packages looked at are those of .venv.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements.txt"
PYTHON = ROOT / ".venv" / "bin" / "python"
SBOM = ROOT / "build" / "sbom.cdx.json"
SERVICES = ("osv", "pypi")
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")


def main(arguments: list[str]) -> int:
    """0 when all is well, 1 when something is known against a package (or could not be asked, with --require), 2 usage."""
    what, *options = arguments or [""]
    if what not in ("sbom", "audit") or set(options) - {"--require"}:
        print(__doc__)
        return 2
    pins = read_pins(PINS.read_text(encoding="utf-8"))
    return sbom(pins) if what == "sbom" else audit(pins, require="--require" in options)


def read_pins(text: str) -> dict[str, set[str]]:
    """{normal name: versions, one for each kind of system} of a requirements file; ValueError naming a line that pins nothing."""
    pins: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pin = _PIN.match(line)
        if pin is None:
            raise ValueError(
                f"requirements.txt, line {number}: {line.strip()!r} is not pinned with ==; run `make lock`"
            )
        pins.setdefault(normal(pin[1]), set()).add(pin[2])
    return pins


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sbom(pins: dict[str, set[str]]) -> int:
    """Write the list; packages that this machine's system does not need are named, not listed."""
    made = tool(
        "cyclonedx_py", "environment", "--output-reproducible", "--pyproject", str(ROOT / "pyproject.toml"), str(PYTHON)
    )
    if made.returncode:
        print(f"The list could not be made: {made.stderr.strip()[-500:]}")
        return 1
    listed = only(json.loads(made.stdout), pins)
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(listed, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    names = {normal(each["name"]) for each in listed["components"]}
    print(f"{SBOM.relative_to(ROOT)}: {len(names)} packages, CycloneDX {listed['specVersion']}.")
    if missing := sorted(set(pins) - names):
        print(f"Pinned, but not installed here (for other systems): {', '.join(missing)}.")
    return 0


def only(document: dict[str, Any], pins: dict[str, set[str]]) -> dict[str, Any]:
    """The document without what only the developers install, and without places on this machine."""
    kept = [each for each in document["components"] if normal(each["name"]) in pins]
    root = document["metadata"]["component"]["bom-ref"]
    refs = {each["bom-ref"] for each in kept} | {root}
    needed = [
        {"ref": each["ref"]}
        | ({"dependsOn": found} if (found := sorted(refs & set(each.get("dependsOn", ())))) else {})
        for each in document.get("dependencies", ())
        if each["ref"] in refs
    ]
    for each in kept:
        references = [known for known in each.get("externalReferences", ()) if not known["url"].startswith("file:")]
        each.pop("externalReferences", None)
        if references:
            each["externalReferences"] = references
    return document | {"components": kept, "dependencies": needed}


def audit(pins: dict[str, set[str]], *, require: bool) -> int:
    """Ask the databases in turn until one answers about every package."""
    for service in SERVICES:
        known, asked = ask(service)
        if known is None or not asked:
            continue
        print(f"{asked} of {len(pins)} packages looked up in {service}'s database.")
        for name, version, ids in known:
            print(f"  {name} {version}: {', '.join(ids)}")
        if asked < len(pins):
            print(f"NOT looked up: {len(pins) - asked} packages that this database did not tell about.")
        if not known:
            print("Nothing is known against them.")
        return 1 if known or (require and asked < len(pins)) else 0
    print("NOT checked: known vulnerabilities. No database could be reached from here (OSV and PyPI were tried).")
    print("Run `make audit` where one can, or give build/sbom.cdx.json (`make sbom`) to a scanner that has one.")
    wrong = faults(pins)
    for words in wrong:
        print(f"  {words}")
    if not wrong:
        print(
            f"Checked without one: all {len(pins)} packages are pinned, what is installed is what is pinned, and it goes together."
        )
    return 1 if wrong or require else 0


def ask(service: str) -> tuple[list[tuple[str, str, list[str]]] | None, int]:
    """What is known against packages, and about how many the database told; None when it cannot be reached."""
    done = tool("pip_audit", "-s", service, "-r", str(PINS), "--no-deps", "--disable-pip", "--timeout", "10",
                "--progress-spinner", "off", "-f", "json")  # fmt: skip
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None, 0
    asked = [each for each in told if "skip_reason" not in each]
    return [(each["name"], each["version"], [v["id"] for v in each["vulns"]]) for each in asked if each["vulns"]], len(
        asked
    )


def faults(pins: dict[str, set[str]]) -> list[str]:
    """What is wrong with the environment, without asking anybody."""
    listed = subprocess.run(
        [PYTHON, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    installed = {normal(each["name"]): each["version"] for each in json.loads(listed.stdout)}
    wrong = [
        f"{name}: {installed[name]} is installed, {' or '.join(sorted(versions))} is pinned; install anew, or `make lock`"
        for name, versions in pins.items()
        if name in installed and installed[name] not in versions
    ]
    together = subprocess.run([PYTHON, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    return wrong + (together.stdout.splitlines() if together.returncode else [])


def tool(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the tools of this environment."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
