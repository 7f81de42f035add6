"""A command is imported when it runs, and nobody waits for what other commands need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import Serving
from xds_server.cli.commands import COMMANDS, load

PROGRAM = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
sys.argv = ["fsdn", *sys.argv[1:]]
from xds_server.cli.main import main
main()
"""
HEAVY = {"httpx", "pydantic_settings", "yaml", "sqlalchemy", "fastapi", "grpc", "asyncio"}
HEAVY |= {"betterproto2", "envoy_data_plane", "translators", "xds_server.settings"}
OURS = {"client", "commands", "context", "exits", "main", "output"}


def imported(state: Path, *arguments: str, **environment: str) -> set[str]:
    """Run a command in a process of its own; return the modules that it has imported."""
    told = {**os.environ, "FSDN_STATE": str(state), **environment}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, env=told
    )
    assert done.returncode == 0, done.stdout
    return set(done.stderr.splitlines()[-1].split())


def own(modules: set[str]) -> set[str]:
    """Return the modules of the command line among all."""
    return {name.rpartition(".")[2] for name in modules if name.startswith("xds_server.cli.")}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_help_is_that_of_the_command(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert command.help.partition("\n\n")[0] == COMMANDS[name].summary


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "policies"),
        ("status",),
        ("proxy", "status"),
        ("explain", "web", "stock", "--tcp", "80"),
    ],
)
def test_what_asks_a_server_is_light(shop_server: Serving, arguments: tuple[str, ...]) -> None:
    assert not imported(shop_server.state, *arguments) & HEAVY


def test_the_list_of_commands_imports_none_of_them(tmp_path: Path) -> None:
    modules = imported(tmp_path, "--help")
    assert own(modules) <= OURS - {"client"}
    assert not modules & (HEAVY | {"ssl"})


@pytest.mark.parametrize("words", ["fsdn exp", "fsdn get --ten"])
def test_completion_is_light(tmp_path: Path, words: str) -> None:
    told = {"_FSDN_COMPLETE": "complete_bash", "COMP_WORDS": words}
    told["COMP_CWORD"] = str(len(words.split()) - 1)
    assert not imported(tmp_path, **told) & HEAVY


def test_the_help_of_a_command_imports_that_command_alone(tmp_path: Path) -> None:
    modules = imported(tmp_path, "explain", "--help")
    assert own(modules) == OURS | {"explain", "live"}
    assert not modules & HEAVY


def test_the_schema_needs_the_language_alone(tmp_path: Path) -> None:
    modules = imported(tmp_path, "schema")
    assert "translators.policy" in modules
    assert not modules & {"translators.compiler", "translators.envoy", "envoy_data_plane", "httpx"}
