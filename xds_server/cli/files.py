"""The files that -f names: a file, a directory with all its YAML, or - for standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from xds_server.cli.exits import Exit, Fail

LARGEST = 10_000_000  # bytes; the language accepts no more in one file, so do not even read it
SUFFIXES = (".yaml", ".yml")


def read_files(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return name and text of every file, in a stable order; raise Fail for what is unreadable."""
    found = [pair for name in names for pair in _read(name)]
    if not found:
        raise Fail("no file is named, give one with -f FILE, -f DIRECTORY or -f -", Exit.USAGE)
    return found


def _read(name: str) -> Iterator[tuple[str, str]]:
    if name == "-":
        yield "stdin", _text("stdin", sys.stdin.buffer.read(LARGEST + 1))
        return
    path = Path(name)
    if not path.exists():
        raise Fail(f"there is no file or directory {name}, check the path after -f", Exit.USAGE)
    paths = [path] if not path.is_dir() else _inside(path)
    for one in paths:
        yield str(one), _text(str(one), _bytes(one))


def _inside(directory: Path) -> list[Path]:
    found = sorted(p for p in directory.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if not found:
        raise Fail(f"the directory {directory} holds no .yaml or .yml file", Exit.USAGE)
    return found


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Fail(
            f"cannot read {path} ({error.strerror}), check its permissions", Exit.USAGE
        ) from error


def _text(name: str, content: bytes) -> str:
    if len(content) > LARGEST:
        raise Fail(
            f"{name}: larger than {LARGEST // 1_000_000} MB, split it into several files",
            Exit.REFUSED,
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Fail(f"{name}:{line}: not UTF-8, save it in that encoding", Exit.REFUSED) from error
