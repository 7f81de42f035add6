import os
from pathlib import Path

import pytest

from xds_server.controller.errors import MachineError
from xds_server.store.secret_files import read_secrets, version_key


def put(path: Path, data: bytes = b"hunter2", mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_secrets_are_read_by_node_and_name(tmp_path: Path) -> None:
    put(tmp_path / "n" / "a" / "generic")
    put(tmp_path / "spiffe%3A%2F%2Fx" / "b" / "tls.key")
    put(tmp_path / "n" / "a" / "notes.txt", mode=0o644)
    put(tmp_path / "n" / ".old" / "generic")
    put(tmp_path / "README", mode=0o644)
    found = read_secrets(tmp_path)
    assert not found.refused
    assert [(one.owner, one.name, list(one.files)) for one in found.secrets] == [
        ("n", "a", ["generic"]),
        ("spiffe://x", "b", ["tls.key"]),
    ]
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_keys_that_everybody_may_read_are_refused(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "n" / "a" / "tls.crt", mode=0o644)
    assert not read_secrets(tmp_path).refused, "a certificate is no secret"
    for name in ("tls.key", "generic"):
        put(tmp_path / "n" / "a" / name, mode=mode)
        found = read_secrets(tmp_path)
        [((owner, secret), finding)] = found.refused.items()
        assert (owner, secret, finding.code) == ("n", "a", "FS6012")
        assert f"mode {mode:04o}" in finding.message
        assert "chmod o-rwx" in finding.mend
        assert found.secrets == ()
        (tmp_path / "n" / "a" / name).unlink()


def test_what_is_too_large_or_no_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "n" / "big" / "generic", b"x" * 1_000_001)
    (tmp_path / "n" / "odd" / "generic").mkdir(parents=True)
    found = read_secrets(tmp_path)
    assert {name: one.code for (_, name), one in found.refused.items()} == {
        "big": "FS6012",
        "odd": "FS6012",
    }


def test_a_folder_that_is_gone_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="gone"):
        read_secrets(tmp_path / "gone")


def test_the_key_of_versions_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    key = version_key(tmp_path)
    assert len(key) == 32
    assert version_key(tmp_path) == key
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(MachineError, match="too short"):
        version_key(tmp_path)
    assert os.listdir(tmp_path)
