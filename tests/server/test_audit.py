"""`make sbom` and `make audit`: what the dashboard is made of, and what is said where no database can be reached."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hosting.audit import normal, only, read_pins
from tests.conftest import ROOT

TOOLS = ROOT / ".venv-audit" / "bin" / "python"


@pytest.fixture(scope="module")
def tools() -> Path:
    """The tools' own environment, made as the Makefile makes it."""
    made = subprocess.run(["make", ".venv-audit/made"], cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"the tools cannot be installed here: {made.stderr.strip()[-200:]}")
    return TOOLS


def audit(tools: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # No proxy leads anywhere: this machine is offline for the tools, whatever it is else.
    nowhere = {name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")}
    return subprocess.run(
        [tools, "hosting/audit.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | nowhere | {"NO_PROXY": ""},
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_the_list_names_each_pinned_package_once_and_nothing_of_the_developers(tools: Path) -> None:
    done = audit(tools, "sbom")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((ROOT / "build" / "sbom.cdx.json").read_text(encoding="utf-8"))
    pins = read_pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    names = [normal(each["name"]) for each in document["components"]]
    assert document["bomFormat"] == "CycloneDX" and document["metadata"]["component"]["name"] == "siuo-dash"
    assert len(names) == len(set(names)) and set(names) <= set(pins)
    assert {"streamlit", "duckdb", "plotly", "pyarrow"} <= set(names) and "pytest" not in names
    assert all(each["version"] and each["purl"].startswith("pkg:pypi/") for each in document["components"])
    refs = {each["bom-ref"] for each in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    assert {need for each in document["dependencies"] for need in each.get("dependsOn", ())} <= refs
    assert str(ROOT) not in json.dumps(document)


def test_offline_says_what_was_not_checked(tools: Path) -> None:
    done = audit(tools, "audit")
    assert "NOT checked: known vulnerabilities." in done.stdout
    assert "or give build/sbom.cdx.json (`make sbom`) to a scanner" in done.stdout
    assert "Nothing is known against them" not in done.stdout
    assert audit(tools, "audit", "--require").returncode == 1


def test_a_line_that_pins_nothing_is_named() -> None:
    assert read_pins("# x\na-b==1.0 ; python_version < '3.12'\nA_b==1.1\n    # via c\n") == {"a-b": {"1.0", "1.1"}}
    with pytest.raises(ValueError, match="line 2: 'b>=2' is not pinned"):
        read_pins("a==1\nb>=2\n")


def test_places_on_the_machine_are_left_out() -> None:
    here = {"type": "distribution", "url": "file:///somewhere"}
    document = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [
            {"name": "A.b", "bom-ref": "a", "externalReferences": [here]},
            {"name": "dev", "bom-ref": "dev"},
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["a", "dev"]}, {"ref": "dev"}],
    }
    assert only(document, {"a-b": {"1"}}) == {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [{"name": "A.b", "bom-ref": "a"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}],
    }
