import os
import time
from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.bootstrap.v3 import Bootstrap
from structlog.testing import capture_logs

from tests.devices import xds_resources as make
from tests.waiting import eventually
from xds_server.controller.errors import MachineError
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound import envoy_judge
from xds_server.southbound.envoy_judge import EnvoyJudge, chosen, static_bootstrap

VERSION = 'if [ "$1" = --version ]; then echo "envoy  version: ab12/1.40.0/Clean"; exit 0; fi\n'

RESOURCES = [
    make.listener("front", "/run/front.sock", "shop"),
    make.route("shop", "blue"),
    make.cluster("blue"),
    make.endpoints("blue"),
]


def test_every_resource_stands_by_itself() -> None:
    read = Bootstrap.parse(static_bootstrap("host1", RESOURCES))
    assert read.node is not None
    assert read.node.id == "host1"
    static = read.static_resources
    assert static is not None
    assert [listener.name for listener in static.listeners] == ["front", "routes-1"]
    assert [cluster.name for cluster in static.clusters] == ["xds", "blue", "endpoints-3"]
    assert static.clusters[2].load_assignment is not None
    assert static.clusters[2].load_assignment.cluster_name == "blue"


def test_the_same_resources_give_the_same_bytes() -> None:
    assert static_bootstrap("x", RESOURCES) == static_bootstrap("x", RESOURCES)


def program(directory: Path, text: str) -> Path:
    """Write an executable named envoy that counts its runs of validation in a file."""
    path = directory / "envoy"
    path.write_text(f"#!/bin/sh\n{VERSION}echo run >> {directory}/runs\n{text}\n")
    path.chmod(0o755)
    return path


async def test_the_envoy_on_the_path_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = program(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with capture_logs() as logs:
        judge = await chosen("auto")
    assert judge is not None
    assert await judge.judge("x", snapshot_of([])) is None
    assert (tmp_path / "runs").exists()
    assert [(log["version"], log["binary"]) for log in logs] == [("1.40.0", str(binary))]
    assert await chosen("none") is None
    monkeypatch.setenv("PATH", "/nothing")
    assert await chosen("auto") is None
    named = await chosen(str(binary))
    assert named is not None
    program(tmp_path, "exit 3")  # it breaks later
    assert await judge.judge("x", snapshot_of([])) is None
    with pytest.raises(MachineError, match="ended with 3"):
        await named.judge("x", snapshot_of([]))


async def test_what_is_no_envoy_is_done_without_unless_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "envoy").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "envoy").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with capture_logs() as logs:
        assert await chosen("auto") is None
    assert [log["log_level"] for log in logs] == ["warning"]
    with pytest.raises(MachineError, match="check --envoy"):
        await chosen(str(tmp_path / "envoy"))


async def test_one_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envoy_judge, "_PATIENCE", 0.5)
    judge = EnvoyJudge(program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait"))
    with pytest.raises(MachineError, match=r"within 0\.5 s"):
        await judge.judge("x", snapshot_of([]))
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    await eventually(
        lambda: not child.exists() or child.read_text().rpartition(")")[2].split()[0] == "Z"
    )


async def test_one_that_was_found_and_crashes_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = EnvoyJudge(program(tmp_path, "kill -SEGV $$"), required=False)
    with capture_logs() as logs:
        assert await judge.judge("x", snapshot_of([])) is None
        assert await judge.judge("y", snapshot_of([])) is None
    assert (tmp_path / "runs").read_text() == "run\n"  # the second was let pass without it
    assert [log["event"] for log in logs] == ["changes are not validated"]
    later = time.monotonic() + 301
    monkeypatch.setattr(envoy_judge.time, "monotonic", lambda: later)
    assert await judge.judge("x", snapshot_of([])) is None
    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    with pytest.raises(MachineError, match="ended with -11"):
        await EnvoyJudge(tmp_path / "envoy").judge("x", snapshot_of([]))
