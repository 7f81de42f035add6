import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commanding import run
from tests.serving import fsdn
from xds_server.cli.main import app

COMMANDS = {
    "serve",
    "apply",
    "diff",
    "get",
    "delete",
    "validate",
    "compile",
    "status",
    "drift",
    "explain",
    "history",
    "observe",
    "rollback",
    "schema",
    "agent",
    "bootstrap",
    "version",
}


def test_a_command_does_not_wait_for_what_it_does_not_need() -> None:
    heavy = ("envoy_data_plane", "grpc", "sqlalchemy", "fastapi")
    program = f"import xds_server.cli.main, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_every_command_is_there_and_says_what_it_does(tmp_path: Path) -> None:
    done = run("--help", state=tmp_path)
    assert done.code == 0
    assert "Exit codes" in done.out
    named = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback is not None
    }
    assert named == COMMANDS
    for name in COMMANDS:
        assert name in done.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    done = run(name, "--help", state=tmp_path)
    assert done.code == 0
    assert "Usage: fsdn" in done.out


def test_the_version_is_the_installed_one(tmp_path: Path) -> None:
    assert run("version", state=tmp_path).out == f"{version('fullstack-sdn')}\n"


def test_a_wrong_command_is_wrong_usage(tmp_path: Path) -> None:
    assert run("aply", state=tmp_path).code == 2


def test_a_wrong_setting_in_the_environment_is_one_sentence(tmp_path: Path) -> None:
    done = run("serve", state=tmp_path, FSDN_BODY_LIMIT="many")
    assert done.code == 2
    assert "body_limit" in done.err
    assert "Traceback" not in done.err


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    done = fsdn("validate", "-f", "nowhere.yaml", state=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "fsdn: there is no file or directory nowhere.yaml, check the path after -f\n"
    )
