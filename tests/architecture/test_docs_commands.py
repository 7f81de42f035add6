"""What the pages tell a reader to type works: offline, against a server, or at least it parses."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import FSDN, SHOP, Serving

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = re.compile(
    r"192\.0\.2\.|fsdn (proxy|logs)\b|\b(agent|serve)\b|--follow|--live"
)  # needs devices
ALLOWED = {"explain": {0, 3}, "diff": {0, 1}, "session": {0, 2, 4, 6}}  # 4, 6: no host has an agent


def commands(page: Path) -> Iterator[str]:
    """Yield the lines that run fsdn, whole and without their comments."""
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"\s+", " ", re.sub(r"\s{2,}#.*", "", line)).strip()
            if re.search(r"\bfsdn [a-z-]", line) and not line.startswith("ip "):
                yield line.replace(".venv/bin/fsdn", "fsdn")


def word(line: str) -> str:
    """Return the command: the first word after fsdn that is no option nor an option's value."""
    found = re.search(r"\bfsdn (?:--(?:api|[a-z]+-file|state) \S+\s+)*(\S+)", line)
    assert found, line
    return found[1]


def run(line: str, directory: Path, state: Path) -> "subprocess.CompletedProcess[str]":
    for name in ("examples", "docs"):
        if not (directory / name).exists():
            (directory / name).symlink_to(ROOT / name)
    path = f"{Path(FSDN).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "FSDN_STATE": str(state), "NO_COLOR": "1", "PATH": path}
    # With a second command bash stays the parent, by which completion tells the shell.
    argv = ["bash", "-o", "pipefail", "-c", f"{line}\nexit $?"]
    return subprocess.run(
        argv, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


LINES = {page: list(commands(page)) for page in PAGES}


def offline(line: str) -> bool:
    local = {"validate", "compile", "schema", "bootstrap", "version", "--show-completion"}
    return word(line) in local or "--offline" in line


def elsewhere(line: str) -> bool:
    contained = line.startswith("docker compose ")
    return contained or (not offline(line) and ELSEWHERE.search(line) is not None)


def test_there_are_commands_of_every_sort() -> None:
    lines = [line for found in LINES.values() for line in found]
    assert sum(offline(line) for line in lines) > 10
    assert {word(line) for line in lines} >= {"apply", "delete", "diff", "status", "agent", "serve"}


@pytest.mark.parametrize("line", sorted({x for p in PAGES for x in LINES[p] if elsewhere(x)}))
def test_the_options_of_a_command_exist(line: str, tmp_path: Path) -> None:
    plain = re.sub(r"^docker compose exec \w+ ", "", line)
    plain = re.sub(r"^docker compose run --rm \w+ '(.*)'$", r"\1", plain)
    done = run(f"{plain} --help", tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [p for p in PAGES if any(map(offline, LINES[p]))], ids=str)
def test_what_needs_no_server_works(page: Path, tmp_path: Path) -> None:
    for line in filter(offline, LINES[page]):
        done = run(line, tmp_path, tmp_path / "state")
        assert done.returncode in ALLOWED.get(word(line), {0}), f"{line}\n{done.stderr}"
        assert done.stdout or ">" in line, line


def served(line: str) -> bool:
    return not offline(line) and not elsewhere(line)


@pytest.mark.parametrize("page", [p for p in PAGES if any(map(served, LINES[p]))], ids=str)
def test_what_needs_a_server_works(page: Path, tmp_path: Path) -> None:
    with Serving(tmp_path / "state") as server:
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        for line in filter(served, LINES[page]):
            done = run(line, tmp_path, server.state)
            assert done.returncode in ALLOWED.get(word(line), {0}), f"{line}\n{done.stderr}"
