"""One bed at a time: its names are the machine's, so a second run would tear down the first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

PLACE = "/run"  # a directory that is always there: locking it leaves no file behind


class LockedError(Exception):
    """Another demo runs on this machine."""


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the machine's only place for a bed."""
    handle = os.open(PLACE, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise LockedError("another demo runs on this machine: wait until it has ended") from error
    finally:
        os.close(handle)
