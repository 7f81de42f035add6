"""The documentation is what the code says, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from translators.policy.kinds import KINDS
from translators.policy.load import load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_reference_pages_are_current() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_loads(kind: str) -> None:
    path = ROOT / "docs" / "examples" / f"{kind.lower()}.yaml"
    loaded = load(path.read_text(), path.name)
    assert [document.kind for document in loaded.documents] == [kind]
    assert loaded.diagnostics == ()


def test_every_cell_of_the_policy_reference_says_something() -> None:
    text = (ROOT / "docs" / "reference" / "policy.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if len(row.rsplit(" | ", 1)[1]) < 12] == []


def test_every_code_setting_and_command_says_what_it_is() -> None:
    reference = ROOT / "docs" / "reference"
    for line in (reference / "settings.md").read_text().splitlines():
        if line.startswith("| `"):
            assert len(line.split("|")[3].strip()) > 10, line
    for section in (reference / "cli.md").read_text().split("\n## ")[1:]:
        assert len(section.split("\n")[2]) > 10, section
    for section in (reference / "diagnostics.md").read_text().split("\n## ")[1:]:
        assert re.search(r"Cause: .{15}", section), section
        assert re.search(r"Mend: .{10}", section), section


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", (ROOT / "README.md").read_text(), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target
