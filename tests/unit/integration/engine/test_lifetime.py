import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.engine import lifetime
from integration.engine.lifetime import EngineError, connect, main, start, stop

NOWHERE = "unix:///nonexistent/docker.sock"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No engine answers, and the only programs are those in the directory that this gives."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(lifetime, "connect", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


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


def test_an_engine_that_fails_is_quoted_and_leaves_nothing(silent: Path, tmp_path: Path) -> None:
    program(silent, "raise SystemExit('failed to start daemon: no cgroups')")
    with pytest.raises(EngineError, match="does not come up: failed to start daemon: no cgroups"):
        start(tmp_path)
    assert not (tmp_path / "dockerd.pid").exists()


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
