"""Network namespaces of the bed: created, wired, entered and taken away again by name.

``nsenter`` is used rather than ``ip netns exec``: the latter gives the program a private mount
namespace, and a namespace that this program then adds would be visible to nobody else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NETNS = Path("/run/netns")


class BedError(Exception):
    """The bed cannot do something: the message holds the command and what it said."""


@dataclass(frozen=True, slots=True, order=True)
class Namespace:
    """A network namespace by name; it need not exist yet."""

    name: str

    def command(self, *argv: str) -> list[str]:
        """Return the command line that runs ``argv`` in here."""
        return ["nsenter", f"--net={NETNS / self.name}", "--", *argv]

    def run(self, *argv: str, text: str | None = None, env: Mapping[str, str] | None = None) -> str:
        """Run a command in here and return its standard output; a failure raises BedError."""
        return run(self.command(*argv), text=text, env=env)

    def ip(self, *lines: str) -> None:
        """Feed lines to one ``ip -batch`` in here; the first that fails raises BedError."""
        run(["ip", "-n", self.name, "-batch", "-"], text="\n".join(lines) + "\n")

    def sysctl(self, **settings: int | str) -> None:
        """Set kernel variables below ``net`` in here; ``__`` stands for the slash."""
        script = ";".join(
            f"echo {value} > /proc/sys/net/{key.replace('__', '/')}"
            for key, value in sorted(settings.items())
        )
        self.run("sh", "-ec", script)

    def spawn(
        self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program in here, its output appended to ``log``; the caller ends it."""
        return spawn(self.command(*argv), log, env)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable: an interface in a namespace."""

    namespace: Namespace
    interface: str
    mac: str | None = None
    mtu: int | None = None


def run(
    argv: Sequence[str], *, text: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a command and return its standard output; a failure raises BedError with its words."""
    done = subprocess.run(
        list(argv), input=text, capture_output=True, text=True, check=False, env=_environment(env)
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise BedError(f"`{' '.join(argv)}` ended with {done.returncode}: {said}")
    return done.stdout


def spawn(
    argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, so that Ctrl-C reaches it only through us."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=_environment(env),
        )


def _environment(extra: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if extra is None else {**os.environ, **extra}


def create(name: str) -> Namespace:
    """Create a namespace, loopback up, without duplicate address detection and source checks."""
    run(["ip", "netns", "add", name])
    namespace = Namespace(name)
    namespace.ip("link set lo up")
    namespace.sysctl(
        ipv4__conf__all__rp_filter=0,
        ipv4__conf__default__rp_filter=0,
        ipv6__conf__all__accept_dad=0,
        ipv6__conf__default__accept_dad=0,
        ipv6__conf__default__accept_ra=0,
    )
    return namespace


def wire(a: End, b: End) -> None:
    """Connect two namespaces by a veth pair, both ends up; nothing appears in any other."""
    first = f"name {a.interface} netns {a.namespace.name}"
    second = f"name {b.interface} netns {b.namespace.name}"
    run(["ip", "link", "add", *first.split(), "type", "veth", "peer", *second.split()])
    for end in (a, b):
        details = (f" address {end.mac}" if end.mac else "") + (
            f" mtu {end.mtu}" if end.mtu else ""
        )
        end.namespace.ip(f"link set {end.interface}{details} up")


def checksums_by_software(end: End) -> None:
    """Have the kernel fill in checksums: a userspace bridge carries the bytes as they are.

    With offload, TCP over such a bridge never connects, though ping works.
    """
    end.namespace.run("ethtool", "-K", end.interface, "tx", "off")


def existing(prefix: str) -> tuple[Namespace, ...]:
    """Return the namespaces whose names start with ``prefix-``."""
    if not NETNS.is_dir():
        return ()
    return tuple(
        sorted(Namespace(p.name) for p in NETNS.iterdir() if p.name.startswith(f"{prefix}-"))
    )


def remove(namespaces: Iterable[Namespace], patience: float = 2.0) -> None:
    """End every process in these namespaces, by its id, then delete them; absent ones are fine.

    ``patience`` is in seconds, between asking and killing.
    """
    doomed = [n for n in namespaces if (NETNS / n.name).exists()]
    _end(doomed, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(pids(n) for n in doomed) and time.monotonic() < deadline:
        time.sleep(0.05)
    _end(doomed, signal.SIGKILL)
    for namespace in doomed:
        run(["ip", "netns", "del", namespace.name])


def pids(namespace: Namespace) -> tuple[int, ...]:
    """Return the ids of the processes that live in a namespace."""
    return tuple(int(pid) for pid in run(["ip", "netns", "pids", namespace.name]).split())


def _end(namespaces: Iterable[Namespace], number: signal.Signals) -> None:
    for pid in (pid for namespace in namespaces for pid in pids(namespace)):
        with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
            os.kill(pid, number)
