"""`make sbom` and `make audit`: what the dashboard is made of, and that no answer is not taken for a good one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.make.heavy import heavy

pytestmark = heavy  # the tools have an environment of their own, which is installed first


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    """The tools' own environment, made as the Makefile makes it."""
    made = make(".venv-audit/made")
    if made.returncode:
        pytest.skip(f"the tools cannot be installed here: {made.stderr.strip()[-200:]}")


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # The packages that are looked at are those that run the tests.
    words = ["make", "-o", ".venv/run", f"BIN={Path(sys.executable).parent}", *arguments]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | environment)


def test_the_list_names_each_package_once_with_its_version_and_licence() -> None:
    done = make("sbom")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((ROOT / "build" / "sbom.cdx.json").read_text(encoding="utf-8"))
    parts = {each["name"].lower(): each for each in document["components"]}
    assert document["bomFormat"] == "CycloneDX" and document["metadata"]["component"]["name"] == "siuo-dash"
    assert len(parts) == len(document["components"]) and {"streamlit", "duckdb", "plotly", "pyarrow"} <= set(parts)
    assert all(each["version"] and each["purl"].startswith("pkg:pypi/") for each in parts.values() if "purl" in each)
    assert parts["streamlit"]["licenses"]


def test_without_a_database_the_audit_fails_and_says_so() -> None:
    # No proxy leads anywhere: this machine is offline for the tools, whatever it is else.
    nowhere = {name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")}
    done = make("audit", **nowhere, NO_PROXY="")
    assert done.returncode != 0
    assert "NOT passed" in done.stdout and "No known vulnerabilities" not in done.stdout + done.stderr
