"""Programs that call by ``xds:///shop``: with grpcio, and with grpc-js in Node.js.

Every line on their standard input is one call; they print its answer. gRPC reads its bootstrap once
a process, so that each client needs one of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.devices.clients import grpc_js
from tests.devices.envoy import CONFIGS
from translators.envoy.bootstrap import TlsPaths, bootstrap

_GRPCIO = """
import sys, grpc
with grpc.insecure_channel("xds:///shop") as channel:
    call = channel.unary_unary("/tests.Echo/Name")
    for line in sys.stdin:
        try:
            waits = line.strip() == "wait"
            print(call(b"", timeout=10, wait_for_ready=waits).decode(), flush=True)
        except grpc.RpcError as error:
            print(f"failed: {error.code().name} {error.details()}", flush=True)
"""
KINDS = ("grpcio", "grpc-js")


class Client:
    """A running program."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, how: str = "wait") -> str:
        """Make one call, and return the answer, or how it failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{how}\n".encode())
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        return line.decode().strip()


def _argv(kind: str) -> list[str]:
    return [sys.executable, "-c", _GRPCIO] if kind == "grpcio" else ["node", str(grpc_js())]


@asynccontextmanager
async def client(
    kind: str, directory: Path, port: int, tls: TlsPaths | None = None, **environment: str
) -> AsyncIterator[Client]:
    """Run a client of the server on a loopback port, by our own bootstrap."""
    path = directory / "bootstrap.json"
    where = {"controller_host": "127.0.0.1", "controller_port": port}
    template = (CONFIGS / "grpc-proxyless.json").read_text()
    path.write_text(bootstrap(template, node="grpc-1", admin=0, tls=tls, **where))
    plain = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *_argv(kind),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**plain, "GRPC_XDS_BOOTSTRAP": str(path), **environment},
    )
    try:
        yield Client(process)
    finally:
        process.kill()
        await process.wait()
