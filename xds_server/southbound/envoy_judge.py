"""A real Envoy that judges resources before a proxy gets them: ``envoy --mode validate``."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from xds_server.controller.errors import MachineError
from xds_server.protocols.xds.protobuf import put, put_number, put_text
from xds_server.protocols.xds.refusal import culprit
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.model import Resource, Snapshot

_log = structlog.get_logger("fsdn.server")
AUTO, NONE = "auto", "none"  # instead of a path: whatever is on the PATH, or nothing
_PATIENCE = 60.0  # seconds; 5,000 clusters take 2.3
_BUDGET = 20.0  # seconds of a change, for an Envoy that nobody asked for
_REST = 300.0  # seconds in which an Envoy that nobody asked for is let alone after it failed
_VERSION = re.compile(r"version: [^/\s]+/([^/\s]+)")
_REASON = re.compile(r"error initializing configuration '[^']*': (.*?)(?=\n\[|\Z)", re.DOTALL)
_LONGEST = 1000  # characters of a reason
_FILTERS = "type.googleapis.com/envoy.extensions.filters."
_MANAGER = _FILTERS + "network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = _FILTERS + "http.router.v3.Router"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Envoy's own words, and the resource at fault if one alone is."""

    reason: str
    resource: Resource | None


class EnvoyJudge:
    """Runs an Envoy binary on a bootstrap that holds a snapshot's resources as static ones."""

    def __init__(self, binary: Path, *, required: bool = True) -> None:
        self._binary = binary
        self._required = required
        self._rests_until = 0.0

    async def judge(self, node: str, snapshot: Snapshot) -> Refusal | None:
        """Return why Envoy refuses the snapshot, or None; other types than these four pass unseen.

        Raises MachineError if the binary cannot be run, crashes or hangs. One that is not
        ``required`` then lets everything pass for a while, and the log says so.
        """
        if self._required:
            return await self._judged(node, snapshot)
        if time.monotonic() < self._rests_until:
            return None
        try:
            return await self._judged(node, snapshot)
        except MachineError as error:
            self._rests_until = time.monotonic() + _REST
            _log.warning("changes are not validated", error=str(error), again_in_seconds=_REST)
            return None

    @property
    def budget(self) -> float | None:
        """Seconds that a change may wait for it: one that nobody asked for must not hold it up."""
        return None if self._required else _BUDGET

    async def version(self) -> str:
        """Return Envoy's version, as 1.40.0. Raises MachineError if the binary is no Envoy."""
        code, output = await self._finished(["--version"])
        found = _VERSION.search(output)
        if code != 0 or found is None:
            raise MachineError(f"{self._binary} tells no Envoy version, check --envoy")
        return found[1]

    async def _judged(self, node: str, snapshot: Snapshot) -> Refusal | None:
        backends = [*snapshot.of(CLUSTER).values(), *snapshot.of(ENDPOINT).values()]
        others = [*snapshot.of(ROUTE).values(), *snapshot.of(LISTENER).values()]
        reason = await self._run(node, [*backends, *others])
        if reason is None:
            return None
        if await self._run(node, backends) is not None:
            return await self._blame(node, [], backends, reason)
        return await self._blame(node, backends, others, reason)

    async def _blame(
        self, node: str, sound: Sequence[Resource], suspects: Sequence[Resource], reason: str
    ) -> Refusal:
        """Find the resource at fault by halving: one run for each half."""
        left = list(suspects)
        while len(left) > 1:
            half = left[: len(left) // 2]
            bad = await self._run(node, [*sound, *half])
            left = half if bad is not None else left[len(half) :]
        alone = await self._run(node, [*sound, *left])
        if alone is not None:
            return Refusal(alone, left[0])
        named = {resource.name: resource for resource in suspects}  # two that do not go together
        return Refusal(reason, named.get(culprit(reason, named)))

    async def _run(self, node: str, resources: Sequence[Resource]) -> str | None:
        with tempfile.TemporaryDirectory(prefix="fsdn-judge-") as directory:
            config = Path(directory) / "bootstrap.pb"
            await asyncio.to_thread(config.write_bytes, static_bootstrap(node, resources))
            arguments = ["--mode", "validate", "-c", str(config), "-l", "critical"]
            code, output = await self._finished([*arguments, "--disable-hot-restart"])
        if code == 0:
            return None
        found = _REASON.search(output)
        if found is None:
            raise MachineError(
                f"{self._binary} ended with {code} and is no Envoy that can validate: "
                f"{' '.join(output.split())[:300]}; check --envoy"
            )
        return " ".join(found[1].split())[:_LONGEST]

    async def _finished(self, arguments: Sequence[str]) -> tuple[int, str]:
        pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        try:
            process = await asyncio.create_subprocess_exec(
                self._binary, *arguments, stdout=pipe, stderr=both, start_new_session=True
            )
        except OSError as error:
            raise MachineError(
                f"cannot run {self._binary} ({error.strerror}), check --envoy"
            ) from error
        try:
            told, _ = await asyncio.wait_for(process.communicate(), _PATIENCE)
        except TimeoutError as error:
            raise MachineError(
                f"{self._binary} did not end within {_PATIENCE:g} s, check --envoy"
            ) from error
        finally:
            with suppress(ProcessLookupError):  # a launcher leaves no Envoy behind
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode or 0, told.decode(errors="replace")


async def chosen(choice: str) -> EnvoyJudge | None:
    """Return the Envoy that validates changes: AUTO, NONE or the path of one; the log says which.

    Raises MachineError if a path is no Envoy's; one that is found is done without instead.
    """
    where = shutil.which("envoy") if choice == AUTO else choice
    if choice == NONE or where is None:
        _log.info("no envoy validates changes", envoy=choice)
        return None
    judge = EnvoyJudge(Path(where).resolve(), required=choice != AUTO)
    try:
        version = await judge.version()
    except MachineError as error:
        if choice != AUTO:
            raise
        _log.warning("no envoy validates changes", error=str(error))
        return None
    _log.info("envoy validates changes", binary=where, version=version)
    return judge


def static_bootstrap(node: str, resources: Sequence[Resource]) -> bytes:
    """Return an encoded Bootstrap with each resource as a static one, independent of the others.

    Routes get a listener and assignments a cluster of their own, so that each can be judged alone.
    Fields: bootstrap.proto: node = 1, static_resources = 2 (listeners = 1, clusters = 2),
    dynamic_resources = 3 (ads_config = 3).
    """
    static = put(2, _xds_cluster())
    for number, resource in enumerate(resources):
        if resource.type_url == LISTENER:
            static += put(1, resource.body)
        elif resource.type_url == CLUSTER:
            static += put(2, resource.body)
        elif resource.type_url == ROUTE:
            static += put(1, _listener_of(number, resource.body))
        elif resource.type_url == ENDPOINT:
            static += put(2, put_text(1, f"endpoints-{number}") + put(33, resource.body))
    own = put_text(1, node) + put_text(2, "judge")
    return put(1, own) + put(2, static) + put(3, put(3, _ads()))


def _ads() -> bytes:
    """Return an ApiConfigSource: api_type GRPC = 2, version V3 = 2, and the cluster ``xds``."""
    service = put(1, put_text(1, "xds"))
    return put_number(1, 2) + put(4, service) + put_number(8, 2)


def _xds_cluster() -> bytes:
    """Return the cluster that every bootstrap of ours has, with no endpoint."""
    return put_text(1, "xds") + put(33, put_text(1, "xds"))


def _listener_of(number: int, routes: bytes) -> bytes:
    """Return a listener with these routes; that their clusters exist is checked elsewhere."""
    unchecked = put(7, b"")  # validate_clusters: false
    router = put_text(1, "router") + put(4, put_text(1, _ROUTER))
    manager = put_text(2, "judge") + put(4, routes + unchecked) + put(5, router)
    packed = put_text(1, _MANAGER) + put(2, manager)
    chain = put(3, put_text(1, "http") + put(4, packed))
    address = put(2, put_text(1, f"@fsdn-judge-{number}"))
    return put_text(1, f"routes-{number}") + put(2, address) + put(3, chain)
