"""A server process to kill: serves one snapshot on a unix socket and prints what it sends.

Usage: python -m tests.devices.xds_serving DIRECTORY CLUSTER...: the last one counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.devices import xds_resources as make
from xds_server.snapshots.evidence import Evidence
from xds_server.snapshots.model import Snapshot, snapshot_of
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings


def shop(directory: Path, to: str) -> Snapshot:
    """Everything goes to one backend, and a hundred clusters more to make resending visible."""
    resources = [
        make.listener("front", str(directory / "front.sock"), "shop"),
        make.route("shop", to),
        make.cluster(to),
        make.endpoints(to, str(directory / f"{to}.sock")),
    ]
    for number in range(100):
        resources += [make.cluster(f"more-{number}"), make.endpoints(f"more-{number}")]
    return snapshot_of(resources)


def show(evidence: Evidence) -> None:
    print(json.dumps({"kind": type(evidence).__name__, **asdict(evidence)}), flush=True)


async def serve(directory: Path, *targets: str) -> None:
    server = AdsServer(AdsSettings(port=None, unix_socket=str(directory / "ads.sock")), show)
    await server.start()
    for to in targets:
        server.publish("web-1", shop(directory, to))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *sys.argv[2:]))
