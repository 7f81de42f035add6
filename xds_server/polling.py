"""How gRPC waits for its sockets in a process that serves; chosen before it is imported."""

from __future__ import annotations

import importlib.util
import mmap
import os
import sys
from pathlib import Path

_VARIABLE = "GRPC_EXPERIMENTS"  # read once, on import; see doc/environment_variables.md of gRPC
_LISTENER = "event_engine_listener"


def poll_in_one_thread() -> bool:
    """Let the thread that collects gRPC's events read the sockets, too; False if it is too late.

    From version 1.80 on gRPC reads a server's sockets in threads of a pool, and each message goes
    through two of them: that is a tenth of what a push costs. Children inherit the choice. A
    choice that the environment has already stands, and a gRPC without the old way is left alone.
    """
    if "grpc" in sys.modules or _VARIABLE in os.environ:
        return False
    chosen = choice()
    os.environ.update(chosen)
    return bool(chosen)


def choice() -> dict[str, str]:
    """Return the variable that says so, for a process yet to be started; {} where none would."""
    return {_VARIABLE: f"-{_LISTENER}"} if _has_choice() else {}


def _has_choice() -> bool:
    """Whether the installed gRPC knows the choice: of one that it does not it would complain."""
    found = importlib.util.find_spec("grpc")
    for folder in (found and found.submodule_search_locations) or ():
        for library in Path(folder, "_cython").glob("cygrpc.*.so"):
            with library.open("rb") as file, _mapped(file.fileno()) as text:
                if text.find(b"\0" + _LISTENER.encode() + b"\0") >= 0:
                    return True
    return False


def _mapped(file: int) -> mmap.mmap:
    return mmap.mmap(file, 0, access=mmap.ACCESS_READ)
