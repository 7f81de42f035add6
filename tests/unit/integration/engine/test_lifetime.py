import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.engine import lifetime
from integration.engine.lifetime import EngineError, connect, main, start, stop
from integration.engine.traces import Network, stored

QUIET = Network((), {}, {})
NOWHERE = "unix:///nonexistent/docker.sock"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No engine answers, and the only programs are those in the directory that this gives."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(lifetime, "connect", lambda: None)
    monkeypatch.setattr(lifetime, "observe", lambda: QUIET)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> list[Network]:
    """What the network was put back to."""
    found: list[Network] = []
    monkeypatch.setattr(lifetime, "put_back", found.append)
    return found


def program(directory: Path, script: str) -> None:
    """Put a dockerd of our own there; its process has the name of the file."""
    file = directory / "dockerd"
    file.write_text(f"#!{sys.executable}\n{script}")
    file.chmod(0o755)


def test_an_engine_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    assert connect() is None


def test_an_engine_elsewhere_is_never_started_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    with pytest.raises(EngineError, match="no engine answers at DOCKER_HOST=unix:///nonexistent"):
        start()


def test_who_may_not_use_the_engine_is_told_how(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "docker.sock"
    closed.touch()
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(lifetime, "SOCKET", closed)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(EngineError, match="join the group docker, or use sudo"):
        connect()


def test_only_root_starts_an_engine(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineError, match="only root can start one"):
        start(silent)


def test_an_engine_that_is_not_installed_is_named(silent: Path) -> None:
    with pytest.raises(EngineError, match=r"apt-get install docker\.io docker-compose mmdebstrap"):
        start(silent)


def test_an_engine_that_fails_is_quoted_and_leaves_nothing(
    silent: Path, tmp_path: Path, restored: list[Network]
) -> None:
    program(silent, "raise SystemExit('failed to start daemon: no cgroups')")
    with pytest.raises(EngineError, match="does not come up: failed to start daemon: no cgroups"):
        start(tmp_path)
    assert restored == [QUIET]
    assert {file.name for file in tmp_path.iterdir()} == {"bin", "dockerd.log"}


def test_what_an_interrupted_run_left_is_ended(silent: Path, tmp_path: Path) -> None:
    program(silent, "import time; time.sleep(60)")
    left = subprocess.Popen([str(silent / "dockerd")])
    (tmp_path / "dockerd.pid").write_text(str(left.pid))
    deadline = time.monotonic() + 10
    while Path(f"/proc/{left.pid}/comm").read_text().strip() != "dockerd":
        assert time.monotonic() < deadline
    assert stop(tmp_path)
    assert not Path(f"/proc/{left.pid}").exists()
    left.returncode = 0  # collected already
    assert not stop(tmp_path)


def test_the_network_is_put_back_once_the_engine_has_ended(
    silent: Path, tmp_path: Path, restored: list[Network]
) -> None:
    before = Network(("docker0",), {"net/ipv4/ip_forward": "0"}, {"iptables": "*filter\nCOMMIT\n"})
    (tmp_path / "dockerd.pid").write_text(str(os.getppid()))
    (tmp_path / lifetime.BEFORE).write_text(stored(before))
    stop(tmp_path)
    stop(tmp_path)
    assert restored == [before]


def test_the_network_of_an_engine_that_another_one_followed_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored: list[Network]
) -> None:
    monkeypatch.setattr(lifetime, "connect", lambda: object())
    (tmp_path / "dockerd.pid").write_text(str(os.getppid()))
    (tmp_path / lifetime.BEFORE).write_text(stored(QUIET))
    stop(tmp_path)
    assert (restored, list(tmp_path.iterdir())) == ([], [])


def test_a_network_that_cannot_be_put_back_is_said(
    silent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Network) -> None:
        raise OSError("`iptables-restore --noflush` ended with 4: busy")

    monkeypatch.setattr(lifetime, "put_back", fail)
    (tmp_path / "dockerd.pid").write_text(str(os.getppid()))
    (tmp_path / lifetime.BEFORE).write_text(stored(QUIET))
    with pytest.raises(EngineError, match="still there: `iptables-restore"):
        stop(tmp_path)


def test_another_program_with_that_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dockerd.pid").write_text(str(os.getppid()))
    assert not stop(tmp_path)
    assert Path(f"/proc/{os.getppid()}").exists()
    assert not (tmp_path / "dockerd.pid").exists()


def test_the_command_says_an_error_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    assert main(["start"]) == 1
    assert capsys.readouterr().err == f"no engine answers at DOCKER_HOST={NOWHERE}\n"
    assert main([]) == 2
