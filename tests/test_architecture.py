"""The house of design.md §7: which way imports run, who may use what, and that every page can be reached."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from siuo_dash.ui.page import HOME, PAGES
from tests.conftest import ROOT

LEVELS = {
    "errors": 0,
    "text": 0,
    "settings": 1,
    "benchmark": 1,
    "store": 2,
    "charts": 2,
    "sources": 3,
    "ingest": 3,
    "analysis": 3,
    "evaluate": 4,  # beside ingest and analysis, which it does not know; the benchmark's own text is in sources
    "construct": 5,
    "report": 6,
    "ui": 7,
    "pages": 8,
    "server": 8,
    "cli": 8,
    "app": 9,
}
STREAMLIT = ("siuo_dash.ui", "siuo_dash.server")
WITH_FILES = {
    "os",
    "pathlib",
    "io",
    "shutil",
    "tempfile",
    "socket",
    "urllib.request",
    "urllib.error",
    "subprocess",
    "duckdb",
    "pandas",
}
WRITING = ("registry", "takeover", "backup", "files")
DRAWING = ("siuo_dash.charts", "siuo_dash.charts.colours", "siuo_dash.report.export")

Import = tuple[str, str]


def modules() -> Iterator[tuple[str, Path]]:
    for path in [*ROOT.glob("siuo_dash/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "app.py"]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def names(tree: ast.AST) -> Iterator[str]:
    """Every imported name, absolute: 'siuo_dash.charts.colours', 'streamlit', …; also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports() -> list[Import]:
    return [(module, name) for module, path in modules() for name in names(ast.parse(path.read_text(encoding="utf-8")))]


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def wing(name: str) -> str:
    parts = name.removesuffix(".__main__").split(".")
    if name == "siuo_dash.__version__":  # a word of the package itself, which imports nothing
        return "errors"
    return parts[0] if parts[0] in ("pages", "app") else (parts[1] if len(parts) > 1 else "cli")


def by(*packages: str) -> list[Import]:
    """The imports made by these packages."""
    return [(module, name) for module, name in imports() if within(module, packages)]


def of(*packages: str) -> list[Import]:
    """The imports of these packages."""
    return [(module, name) for module, name in imports() if within(name, packages)]


def test_the_reader_sees_imports() -> None:
    assert ("siuo_dash.ui.page", "siuo_dash.store.engine.database.Store") in imports()
    assert ("siuo_dash.ui.page", "streamlit") in imports()
    assert {wing(module) for module, _ in imports()} == set(LEVELS)


def test_imports_run_one_way() -> None:
    turned = [
        (module, name)
        for module, name in of("siuo_dash")
        if module != "siuo_dash.__main__" and wing(module) != wing(name) and LEVELS[wing(name)] >= LEVELS[wing(module)]
    ]
    assert turned == []


def test_no_command_knows_another() -> None:
    names = (
        "asking",
        "options",
        "output",
        "preview",
        "stated",
        "evaluation",
        "evaluation_options",
        "evaluation_progress",
        "given",
        "remote",
    )
    shared = tuple(f"siuo_dash.cli.{name}" for name in names)
    known = [
        found for found in by("siuo_dash.cli") if within(found[1], ("siuo_dash.cli",)) and not within(found[1], shared)
    ]
    assert {module for module, _ in known} == {"siuo_dash.cli", "siuo_dash.cli.app"}


def test_nothing_imports_pages_or_the_command_line() -> None:
    assert of("pages", "app") == []
    assert {module for module, _ in of("siuo_dash.cli") if wing(module) != "cli"} == set()


def test_streamlit_stays_in_its_rooms() -> None:
    assert {
        module
        for module, _ in of("streamlit")
        if not within(module, STREAMLIT) and wing(module) not in ("pages", "app")
    } == set()
    assert [found for found in by("siuo_dash.cli") if within(found[1], STREAMLIT)] == []


def test_the_engine_of_evaluations_is_known_to_two_modules() -> None:
    assert {module for module, _ in of("inspect_ai")} == {"siuo_dash.evaluate.tasks", "siuo_dash.evaluate.engine"}
    others = ("siuo_dash.ingest", "siuo_dash.analysis", "siuo_dash.report")
    assert [found for found in by("siuo_dash.evaluate") if within(found[1], others)] == []
    known_to = {module for module, _ in of("siuo_dash.evaluate") if wing(module) != "evaluate"}
    assert {module for module in known_to if wing(module) not in ("cli", "construct")} == set()


def test_what_is_private_in_streamlit_stands_in_one_file() -> None:
    private = r"streamlit\.(?!(column_config|components|testing)\b)[a-z_]+\.|streamlit\.(config|runtime)$"
    assert {module for module, name in of("streamlit") if re.match(private, name)} == {"siuo_dash.ui.streamlit_private"}


def test_a_test_starts_no_event_loop_on_its_own_thread() -> None:
    """There may be a browser's already, by an earlier test of the same process: tests/server/loops.py has a thread."""
    known = {"tests/server/loops.py", "tests/ui/test_streamlit_private.py"}  # the second is a program of its own
    tests = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py")}
    starts = {name for name, text in tests.items() if re.search(r"\b(anyio|asyncio)\.run\(", text)}
    assert starts == known


def test_the_benchmark_is_pure() -> None:
    assert [
        found for found in by("siuo_dash.benchmark", "siuo_dash.errors") if within(found[1], tuple(WITH_FILES))
    ] == []
    for module, path in modules():
        if wing(module) in ("benchmark", "errors"):
            calls = [
                node.func.id
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            ]
            assert "open" not in calls, module


def test_the_analysis_imports_nothing_that_writes() -> None:
    writing = tuple(f"siuo_dash.store.{name}" for name in WRITING)
    assert [found for found in by("siuo_dash.analysis") if within(found[1], writing)] == []


def test_charts_and_style_know_frames_and_the_schema_only() -> None:
    known = ("siuo_dash.charts", "siuo_dash.text", "siuo_dash.benchmark.schema", "siuo_dash.benchmark.text")
    assert [
        found for found in by("siuo_dash.charts") if within(found[1], ("siuo_dash",)) and not within(found[1], known)
    ] == []


@pytest.mark.parametrize(
    ("library", "wings"),
    [
        ("duckdb", {"store"}),
        ("sqlalchemy", {"store"}),
        ("plotly", {"charts", "ui"}),
        ("statsmodels", {"analysis"}),
        ("scipy", {"analysis"}),
        ("typer", {"cli"}),
        ("rich", {"cli"}),
        ("starlette", {"server"}),
        ("prometheus_client", {"server"}),
    ],
)
def test_a_library_has_its_wing(library: str, wings: set[str]) -> None:
    assert {wing(module) for module, _ in of(library)} <= wings


IMPORT_ALL = """
import importlib, json, os, pkgutil, sys, threading
import streamlit  # its own import looks at files
import siuo_dash, siuo_dash.cli.rankings, siuo_dash.cli.submissions
done = []
root = os.getcwd()
def watch(event, args):
    if event == "open":
        path, writes = str(args[0]), (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        if "__pycache__" not in path and (writes or path.startswith(root)) and not path.endswith((".py", ".so")):
            done.append(f"open {path}" * (".venv" not in path or bool(writes)))
    elif event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"):
        done.append(event)
sys.addaudithook(watch)
import duckdb
duckdb.connect = lambda *args, **kwargs: done.append("duckdb.connect")
for module in pkgutil.walk_packages(siuo_dash.__path__, "siuo_dash."):
    if module.name != "siuo_dash.__main__":
        importlib.import_module(module.name)
print(json.dumps({"done": [name for name in done if name], "threads": threading.active_count()}))
"""


def python(code: str) -> str:
    # -B: a module that nobody has compiled yet would be kept, which is Python's own writing.
    run = subprocess.run([sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]


def test_nothing_happens_at_import() -> None:
    assert json.loads(python(IMPORT_ALL)) == {"done": [], "threads": 1}


SLOW = """
import sys
import siuo_dash.cli
print([name for name in ("streamlit", "statsmodels", "scipy") if name in sys.modules])
"""


def test_the_command_line_waits_for_no_page() -> None:
    assert python(SLOW) == "[]"


def test_every_page_file_can_be_reached() -> None:
    files = {path.relative_to(ROOT / "pages").as_posix() for path in ROOT.glob("pages/**/*.py")}
    assert files == {page.file for page in PAGES.values()}
    assert HOME in PAGES
    # Files directly in pages/ wake Streamlit's old multipage mechanism, which runs them without app.py.
    assert not [name for name in files if "/" not in name]


def test_pages_are_scripts() -> None:
    for module, path in modules():
        if wing(module) == "pages":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert "main" not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, module
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 60
