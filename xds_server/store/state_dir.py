"""The state directory: one server at a time, a token that only its owner reads, chosen ports."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from xds_server.controller.errors import MachineError

ENDPOINTS = "endpoints.json"
TOKEN = "token"
GENERATION = "generation"


def prepare(state: Path) -> IO[str]:
    """Make the directory and hold its lock for as long as the returned file stays open.

    Raises MachineError when it cannot be made, or another server works in it.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state / "lock").open("a")
    except OSError as error:
        raise MachineError(
            f"cannot use the state directory {state} ({error.strerror}), choose another with "
            "--state or run as its owner"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise MachineError(
            f"another fsdn serve works in {state}, stop it or choose another --state"
        ) from error
    return lock


def token_of(state: Path) -> str:
    """Return the API's token; the first time it is made, readable by its owner only."""
    path = state / TOKEN
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_text().strip()
        if len(found) < 16:
            raise MachineError(
                f"the token in {path} is too short, delete the file to have a new one made"
            ) from None
        return found
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    return token


def next_generation(state: Path, now: float) -> int:
    """Return a number above that of every earlier start, here or on another machine.

    It is the time in milliseconds, which a standby with a state directory of its own grows with
    too, and one more than the last where the clock was set back.
    """
    path = state / GENERATION
    try:
        last = int(path.read_text())
    except (FileNotFoundError, ValueError):
        last = 0
    number = max(last + 1, int(now * 1000))
    fresh = path.with_suffix(".new")
    with fresh.open("w") as file:
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return number


def write_endpoints(state: Path, endpoints: Mapping[str, str | int]) -> None:
    """Say, in one atomic step, where this server listens and which process it is."""
    path = state / ENDPOINTS
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(dict(sorted(endpoints.items())), indent=2) + "\n")
    fresh.replace(path)


def remove_endpoints(state: Path) -> None:
    """Say that nobody listens any more."""
    (state / ENDPOINTS).unlink(missing_ok=True)
