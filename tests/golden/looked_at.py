"""Texts as they were last looked at: compared, or with FSDN_GOLDEN=write taken as they are now."""

import os
from pathlib import Path

WRITE = os.environ.get("FSDN_GOLDEN") == "write"


def golden(expected: Path, got: dict[str, str]) -> None:
    """Hold a folder's files to these texts, by name; a folder that would be empty is not there."""
    if WRITE:
        for stale in (p for p in expected.glob("*") if p.is_file()):
            stale.unlink()
        if got:
            expected.mkdir(parents=True, exist_ok=True)
        elif expected.is_dir():
            expected.rmdir()
        for name, text in got.items():
            (expected / name).write_text(text)
    files = expected.iterdir() if expected.is_dir() else ()
    held = {path.name: path.read_text() for path in files if path.is_file()}
    assert got == held, "look at the difference; FSDN_GOLDEN=write accepts it"
