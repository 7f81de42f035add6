"""The saved configuration: kept whole or not at all."""

from pathlib import Path

import pytest

from xds_server.agent.switch_saved import SavedConfig, SavedError
from xds_server.snapshots.model import SwitchConfig

CONFIG = SwitchConfig("leaf1", "frr defaults traditional\n", "{}", "v1")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    saved = SavedConfig(tmp_path / "agents", "leaf1")
    assert saved.load() is None
    saved.save(CONFIG)
    assert SavedConfig(tmp_path / "agents", "leaf1").load() == CONFIG
    assert saved.path.stat().st_mode & 0o077 == 0
    assert [p.name for p in saved.directory.iterdir()] == ["leaf1.json"]


def test_the_last_one_counts(tmp_path: Path) -> None:
    saved = SavedConfig(tmp_path, "leaf1")
    saved.save(CONFIG)
    later = SwitchConfig("leaf1", "other\n", "{}", "v2")
    saved.save(later)
    assert saved.load() == later


@pytest.mark.parametrize("text", ["", "{", "[]", '{"switch": "leaf1"}'])
def test_a_broken_file_is_named_with_its_mend(tmp_path: Path, text: str) -> None:
    (tmp_path / "leaf1.json").write_text(text)
    with pytest.raises(SavedError, match=r"leaf1\.json is not a saved configuration .* delete it"):
        SavedConfig(tmp_path, "leaf1").load()
