"""A process gives up what it does not need: files, outgoing connections, signals to others.

Landlock, as Documentation/userspace-api/landlock.rst of Linux describes it; it needs no privilege,
and cannot be undone. It holds for the calling thread and what that starts: confine early.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, with one number on all machines
_VERSION = 1  # flag of the first: return the version
_PATH, _PORT = 1, 2  # kinds of rules
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILES: Mapping[int, int] = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}  # by version
_BIND, _CONNECT = 1 << 0, 1 << 1  # TCP; from version 4
_SCOPED = 0b11  # abstract sockets and signals of other processes; from version 6
_NO_NEW_PRIVILEGES = 38

# What resolving a host name to listen on reads.
RESOLVER = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/host.conf",
)


def interpreter_paths(package: Path) -> tuple[str, ...]:
    """Return what Python reads while it runs a package: its own files, no state."""
    return (str(package), sys.prefix, sys.base_prefix, "/lib", "/lib64", "/usr/lib", "/dev/urandom")


def confine(readable: Iterable[str], port: int) -> str:
    """Keep to reading these paths and listening on this port; return why not, or "" if so.

    Where the kernel knows less (Linux before 5.13: nothing), less is given up.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if len(os.listdir("/proc/self/task")) > 1:
        return "it has threads already"
    version = libc.syscall(_CREATE, None, 0, _VERSION)
    if version < 1:
        return f"the kernel has no Landlock ({os.strerror(ctypes.get_errno())})"
    files = _FILES[min(version, 5)]
    network = _BIND | _CONNECT if version >= 4 else 0
    wanted = struct.pack("=QQQ", files, network, _SCOPED if version >= 6 else 0)
    try:
        rules = _call(libc, _CREATE, wanted, len(wanted), 0)
        try:
            for path in readable:
                _allow_path(libc, rules, path)
            if network:
                _call(libc, _ADD, rules, _PORT, struct.pack("=QQ", _BIND, port), 0)
            if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
                return f"new privileges cannot be ruled out ({os.strerror(ctypes.get_errno())})"
            _call(libc, _RESTRICT, rules, 0)
        finally:
            os.close(rules)
    except OSError as error:
        return f"Landlock refuses: {error}"
    return ""


def _allow_path(libc: ctypes.CDLL, rules: int, path: str) -> None:
    if not os.path.exists(path):
        return
    access = _READ if os.path.isdir(path) else _READ_FILE
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(libc, _ADD, rules, _PATH, struct.pack("=Qi", access, descriptor), 0)
    finally:
        os.close(descriptor)


def _call(libc: ctypes.CDLL, number: int, *arguments: int | bytes) -> int:
    found: int = libc.syscall(number, *arguments)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return found
