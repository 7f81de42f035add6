from pathlib import Path

import pytest

from tests.commanding import run
from tests.serving import fsdn
from xds_server.cli.commands import COMMANDS


def test_every_command_is_listed(tmp_path: Path) -> None:
    done = run("--help", state=tmp_path)
    assert done.code == 0
    assert "Exit codes" in done.out
    for name in COMMANDS:
        assert f" {name} " in done.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    done = run(name, "--help", state=tmp_path)
    assert done.code == 0
    assert "Usage: fsdn" in done.out


def test_a_wrong_command_is_wrong_usage(tmp_path: Path) -> None:
    assert run("aply", state=tmp_path).code == 2


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    done = fsdn("validate", "-f", "nowhere.yaml", state=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "fsdn: there is no file or directory nowhere.yaml, check the path after -f\n"
    )
