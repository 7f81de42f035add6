import os
from pathlib import Path

import pytest

from xds_server.agent.switch_means import SwitchAgentError, check_means
from xds_server.southbound.frr_commands import FrrPaths


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def _complete(directory: Path) -> FrrPaths:
    for name in ("ip", "bridge", "unshare", "vtysh", "frr-reload.py"):
        program = directory / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return FrrPaths(bin=directory, reload=directory / "frr-reload.py")


def test_a_user_who_may_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SwitchAgentError, match="run it as root"):
        check_means(FrrPaths())


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("missing", "package"),
    [("ip", "iproute2"), ("vtysh", "frr"), ("frr-reload.py", "frr-pythontools")],
)
def test_a_missing_program_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, package: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    paths = _complete(tmp_path)
    check_means(paths)
    (tmp_path / missing).unlink()
    with pytest.raises(SwitchAgentError, match=f"{missing} is not .* the package {package}$"):
        check_means(paths)
