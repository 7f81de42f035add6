"""What a server and its clients agree on when nothing is set: ports and the state directory."""

from __future__ import annotations

import os
from pathlib import Path

API_PORT, XDS_PORT, OPENFLOW_PORT, OVSDB_PORT = 8600, 18000, 6653, 6640


def default_state() -> Path:
    """Return the state directory: ``.fsdn`` here if it exists, else that of the user (XDG)."""
    here = Path(".fsdn")
    if here.is_dir():
        return here
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "fsdn"
