"""The systemd unit, as far as it can be tried without systemd running."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.serving.instance import copy_data, running

UNIT = ROOT / "hosting" / "siuo-dash@.service"
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.xdist_group("serving")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit for this clone, under an instance's name."""
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not at hand (Debian: apt-get install systemd)")
    text = UNIT.read_text(encoding="utf-8").replace("/opt/siuo-dash/.venv/bin/", f"{Path(sys.executable).parent}/")
    path = tmp_path / "siuo-dash@8501.service"
    path.write_text(text.replace("/opt/siuo-dash", str(ROOT)), encoding="utf-8")
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_understands_the_unit(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_gives_the_service_little(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", str(unit))  # 20 is 2.0 of 10
    assert done.returncode == 0, done.stdout[-500:]


def test_started_means_that_it_can_serve(tmp_path: Path) -> None:
    await_health = [sys.executable, "-m", "siuo_dash.view.serving.await_health"]
    data = copy_data(tmp_path / "data")
    with running(tmp_path, data, wait=False) as server:
        url = f"{server.address}/healthz"
        assert subprocess.run([*await_health, url], cwd=ROOT, check=False, timeout=120).returncode == 0
        shutil.rmtree(data)
        late = subprocess.run(
            [*await_health, url, "0"], cwd=ROOT, check=False, timeout=60, capture_output=True, text=True
        )
        assert late.returncode == 1 and "the data directory cannot be read" in late.stderr
    away = subprocess.run([*await_health, url, "0"], cwd=ROOT, check=False, timeout=60, capture_output=True, text=True)
    assert away.returncode == 1 and "refused" in away.stderr
