"""Secrets on disk: DIR/NODE/NAME with the files of one secret, which only few may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import unquote

from translators.diagnostics import Diagnostic, report
from xds_server.controller.errors import MachineError
from xds_server.controller.secret_checks import FILES, GENERIC, KEY, SecretFiles
from xds_server.controller.secret_set import Found, Place

_LARGEST = 1_000_000  # bytes of a file
_PRIVATE = (KEY, GENERIC)
_VERSION_KEY = "secret-versions.key"


def read_secrets(folder: Path) -> Found:
    """Return every secret of a folder; those that others may read are refused.

    Folders are named by node id and secret, with what a name cannot hold percent-encoded. Raises
    MachineError where the folder itself cannot be read.
    """
    found, refused = list[SecretFiles](), dict[Place, Diagnostic]()
    try:
        places = [inner for node in _folders(folder) for inner in _folders(node)]
    except OSError as error:
        raise MachineError(
            f"cannot read {error.filename} ({error.strerror}), mend it or its mode"
        ) from error
    for path in places:
        owner, name = unquote(path.parent.name), unquote(path.name)
        try:
            found.append(SecretFiles(owner, name, str(path), _files(path)))
        except _RefusedError as error:
            refused[owner, name] = report("FS6012", error.path, 1, error.message, error.mend)
    return Found(tuple(found), refused)


class _RefusedError(Exception):
    def __init__(self, path: Path, message: str, mend: str) -> None:
        super().__init__(message)
        self.path, self.message, self.mend = str(path), message, mend


def _folders(path: Path) -> list[Path]:
    inner = (one for one in path.iterdir() if not one.name.startswith("."))
    return sorted(one for one in inner if one.is_dir())


def _files(path: Path) -> dict[str, bytes]:
    return {name: _content(path / name) for name in FILES if (path / name).exists()}


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            known = os.fstat(file.fileno())
            if path.name in _PRIVATE and known.st_mode & stat.S_IRWXO:
                mode = stat.S_IMODE(known.st_mode)
                mend = "chmod o-rwx (in Kubernetes: defaultMode 0400), and replace what was seen"
                raise _RefusedError(path, f"everybody may read it (mode {mode:04o})", mend)
            data = file.read(_LARGEST + 1)
    except OSError as error:
        mend = "mend it or its mode"
        raise _RefusedError(path, f"it cannot be read ({error.strerror})", mend) from error
    if len(data) > _LARGEST:
        raise _RefusedError(path, f"it is over {_LARGEST:,} bytes", "write one secret into it")
    return data


def version_key(state: Path) -> bytes:
    """Return the key that secrets' versions are made with; the first time it is made.

    It is kept, so that a proxy that reconnects after a restart is sent nothing again.
    """
    path = state / _VERSION_KEY
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) < 32:
            raise MachineError(f"{path} is too short, delete it to have a new one made") from None
        return found
    key = os.urandom(32)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
