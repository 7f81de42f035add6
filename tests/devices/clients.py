"""Which real clients the tests drive, and where they are found."""

from __future__ import annotations

import functools
import http.client
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# FSDN_TEST_ENVOY is the path of another Envoy: `make envoy-matrix` sets it for each version.
ENVOY = os.environ.get("FSDN_TEST_ENVOY") or str(Path(sys.executable).with_name("envoy"))
CACHE = Path(__file__).parents[2] / ".clients"  # what is installed once, outside of the .venv
_GRPC_JS = Path(__file__).with_name("grpc_js")


@functools.cache
def envoy_version(binary: str = ENVOY) -> str:
    """Return Envoy's own version, as 1.40.0."""
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    return told.split("version: ")[1].split("/")[1]


@contextmanager
def running_envoy(config: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an Envoy by a bootstrap, with one worker; its log is beside that. Kill it in the end."""
    argv = [ENVOY, "-c", str(config), "-l", "warning", "--concurrency", "1"]
    with config.with_suffix(".log").open("w") as log:
        argv += ["--disable-hot-restart", *options]
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def admin_page(path: str, page: str) -> str:
    """Return a page of the admin interface that an Envoy has at a socket."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(path)
        connection = http.client.HTTPConnection("admin")
        connection.sock = peer
        connection.request("GET", page)
        return connection.getresponse().read().decode()


@functools.cache
def grpc_js() -> Path:
    """Return our Node.js client beside the packages of its lock file; skip where it cannot be."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"needs Node.js for the client @grpc/grpc-js-xds: no {program} on the PATH")
    place = CACHE / "grpc_js"
    place.mkdir(parents=True, exist_ok=True)
    lock = (_GRPC_JS / "package-lock.json").read_bytes()
    installed = place / ".installed"
    if not installed.exists() or installed.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_GRPC_JS / name, place)
        argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install @grpc/grpc-js-xds: {done.stderr.strip()[-300:]}")
        installed.write_bytes(lock)
    return Path(shutil.copy(_GRPC_JS / "client.js", place))
