"""The rules of the house that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("translators", "xds_server")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
MODULES = [p for p in SOURCES if p.name != "__init__.py"]
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
IMPURE = {
    "os",
    "time",
    "random",
    "logging",
    "socket",
    "subprocess",
    "asyncio",
    "secrets",
    "pathlib",
}
LONGEST_FILE = 300
LONGEST_FUNCTION = 45


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_import_contracts_hold() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_every_source_module_is_mirrored_by_a_unit_test(path: Path) -> None:
    relative = path.relative_to(ROOT)
    mirror = ROOT / "tests" / "unit" / relative.parent / f"test_{relative.name}"
    assert mirror.exists(), f"write {mirror.relative_to(ROOT)}"
    assert "def test_" in mirror.read_text(), f"{mirror.relative_to(ROOT)} tests nothing"


def test_no_unit_test_mirrors_a_module_that_is_gone() -> None:
    unit = ROOT / "tests" / "unit"
    gone = [
        _id(test)
        for test in unit.rglob("test_*.py")
        if not (ROOT / test.relative_to(unit).with_name(test.name.removeprefix("test_"))).exists()
    ]
    assert gone == []


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_every_module_says_what_it_is_in_a_sentence(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{_id(path)}:{node.lineno} {node.name}: {length}"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_names_say_something(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.is_relative_to(ROOT / "translators")], ids=_id
)
def test_what_thinks_touches_nothing(path: Path) -> None:
    assert not _imports(path) & IMPURE


def test_no_error_is_swallowed() -> None:
    swallowed = [
        f"{_id(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(n, ast.Pass | ast.Continue) for n in node.body)
    ]
    assert swallowed == []
