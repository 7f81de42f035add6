"""Commands as they are run, and what becomes of those that cannot be."""

import os
from pathlib import Path

import pytest

from xds_server.southbound.frr_commands import (
    Done,
    FrrPaths,
    SwitchCommands,
    SwitchUnavailableError,
)

HERE = SwitchCommands("leaf1")


async def test_a_command_is_run_with_its_input() -> None:
    done = await HERE.run(["sh", "-c", "cat; echo oops >&2; exit 3"], text="hello")
    assert done == Done(3, "hello", "oops\n")
    assert done.printed == "hello\noops\n"


async def test_a_missing_program_is_the_environments_fault() -> None:
    with pytest.raises(SwitchUnavailableError, match="cannot run no-such-program"):
        await HERE.run(["no-such-program"])


async def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xds_server.southbound.frr_commands.PATIENCE", 0.1)
    with pytest.raises(SwitchUnavailableError, match="sleep did not end"):
        await HERE.run(["sleep", "60"])


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: UTS namespaces")
async def test_frrs_tools_see_the_switchs_name_and_nobody_else_does() -> None:
    before = os.uname().nodename
    done = await HERE.frr(["uname", "-n"])
    assert done.out == "leaf1\n"
    assert os.uname().nodename == before


def test_a_private_instance_has_one_directory() -> None:
    paths = FrrPaths.private(Path("/tmp/x"))
    assert paths.vtysh("-c", "show version")[1:] == (
        *("--vty_socket", "/tmp/x"),
        *("--config_dir", "/tmp/x"),
        *("-c", "show version"),
    )
    reload = paths.frr_reload("--test", "f")
    assert reload[:2] == ("/usr/lib/frr/frr-reload.py", "--stdout")
    assert [reload[reload.index(o) + 1] for o in ("--vty_socket", "--confdir", "--rundir")] == [
        "/tmp/x"
    ] * 3
    assert reload[-2:] == ("--test", "f")
