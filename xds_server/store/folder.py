"""Folders on disk: their files, and when they have changed.

They are polled, which works the same on every file system and mount; a folder is read once it
has been the same for two looks, so that half a copy is not taken for a change.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

from translators.folder.read import EVERY, File
from xds_server.controller.errors import MachineError

_ENDS = (".yaml", ".yml", ".json")
LOOK_SECONDS = 0.5
Look = tuple[tuple[str, int, int, int, int], ...]  # path, inode, mtime in ns, size and mode


def read_files(folder: Path) -> tuple[File, ...]:
    """Return the files for every node and those of each node's folder, sorted.

    A folder is named by the node id, with what a name cannot hold percent-encoded (RFC 3986).
    What begins with a dot, and what ends otherwise than .yaml, .yml and .json, is left out. Raises
    MachineError where something cannot be read.
    """
    try:
        found = [File(str(path), EVERY, path.read_text()) for path in _files(folder)]
        for inner in _entries(folder):
            if inner.is_dir():
                node = unquote(inner.name)
                found += [File(str(path), node, path.read_text()) for path in _files(inner)]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        where = getattr(error, "filename", None) or folder
        raise MachineError(f"cannot read {where} ({why}), mend it or its mode") from error
    return tuple(sorted(found))


def unread_folders(folder: Path) -> tuple[str, ...]:
    """Return the folders within those of nodes: nobody is served what is in them.

    Raises MachineError where something cannot be read.
    """
    try:
        nodes = [path for path in _entries(folder) if path.is_dir()]
        return tuple(str(path) for node in nodes for path in _entries(node) if path.is_dir())
    except OSError as error:
        message = f"cannot read {error.filename or folder} ({error.strerror}), mend it or its mode"
        raise MachineError(message) from error


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.suffix in _ENDS and path.is_file()]


def look(folder: Path) -> Look:
    """Return what tells one content of a folder from another, without reading it.

    What cannot be looked at counts as missing.
    """
    found = []
    for where, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (*files, *folders):
            path = os.path.join(where, name)
            try:
                known = os.stat(path)
            except OSError:
                found.append((path, 0, 0, 0, 0))
                continue
            size = known.st_size if name in files else 0
            when = known.st_mtime_ns if name in files else 0
            found.append((path, known.st_ino, when, size, known.st_mode))
    return tuple(sorted(found))


async def changes(folder: Path, seen: Look, pause: float = LOOK_SECONDS) -> AsyncIterator[Look]:
    """Yield each new look of a folder, once it has been the same for two looks."""
    last = seen
    while True:
        await asyncio.sleep(pause)
        now = await asyncio.to_thread(look, folder)
        if now == last and now != seen:
            seen = now
            yield now
        last = now
