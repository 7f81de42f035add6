"""The two ends of a connection between workloads, each opened in its own network namespace."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from integration.bed import netns
from integration.bed.netns import Namespace

_CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def entered(namespace: Namespace) -> Iterator[None]:
    """Let this thread be in a network namespace for a moment."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as home, open(netns.NETNS / namespace.name) as there:
        assert not libc.setns(there.fileno(), _CLONE_NEWNET), os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert not libc.setns(home.fileno(), _CLONE_NEWNET), "lost in a namespace"


@dataclass
class Session:
    """A TCP connection that stands: both of its ends."""

    client: socket.socket
    server: socket.socket

    def speaks(self) -> bool:
        """Whether bytes get through both ways."""
        try:
            for one, two in ((self.client, self.server), (self.server, self.client)):
                one.send(b"still here")
                if two.recv(100) != b"still here":
                    return False
        except OSError:
            return False
        return True

    def reset_after(self, sender: str, patience: float = 20.0) -> dict[str, float]:
        """Send a byte from one end; return after how many milliseconds each end was reset."""
        began, found = time.monotonic(), {}
        getattr(self, sender).send(b"x")
        for name in (sender, "server" if sender == "client" else "client"):
            one: socket.socket = getattr(self, name)
            one.settimeout(patience)
            if _is_reset(one):
                found[name] = (time.monotonic() - began) * 1000
        return found


def _is_reset(end: socket.socket) -> bool:
    """Read until a reset comes, the end of the stream, or nothing for as long as it waits."""
    try:
        while end.recv(100):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return False
