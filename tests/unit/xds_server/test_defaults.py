from pathlib import Path

import pytest

from xds_server.defaults import default_state


def test_the_state_is_here_or_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_state() == tmp_path / "xdg" / "fsdn"
    (tmp_path / ".fsdn").mkdir()
    assert default_state() == Path(".fsdn")
