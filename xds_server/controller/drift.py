"""Drift: what bridges hold beside what they should, in the words of the policy."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from translators.openflow.cookie import origin_of
from translators.openflow.reading import match_text
from translators.plan.model import Plan
from xds_server.controller.errors import NotFoundError
from xds_server.controller.ports import Bridges, Databases
from xds_server.controller.queues import queues_of
from xds_server.controller.state import State
from xds_server.protocols.openflow.drift import Deviation, Kind
from xds_server.protocols.openflow.reconcile import describe
from xds_server.protocols.ovsdb.queue_drift import queue_drift
from xds_server.snapshots.evidence import Device, DeviceKind, Warned
from xds_server.snapshots.model import FlowEntry

_log = structlog.get_logger("fsdn.drift")
TOPIC = "drift"
_COUNTED = ("flow ", "group ", "meter ")


class Seen(StrEnum):
    """Whether a bridge could be compared."""

    COMPARED = "compared"
    AWAY = "away"  # it is not connected, or has not got its first program yet
    SILENT = "silent"  # it is connected and does not answer, or changes all the time


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it should be: a flow, group, port or queue; ``origin``: the line behind it."""

    kind: str
    what: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class HostDrift:
    """How one host's bridge differs."""

    host: str
    seen: Seen
    differences: tuple[Difference, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many flows and groups differ, by kind; every kind is there."""
        found = Counter(d.kind for d in self.differences if d.what.startswith(_COUNTED))
        return {str(kind): found[str(kind)] for kind in Kind}


async def drift_of(
    state: State, bridges: Bridges, databases: Databases, host: str, fix: bool = False
) -> HostDrift:
    """Compare a host's bridge with what it should hold; ``fix``: mend it first.

    A fix also removes what others wrote, except in spared tables, and gives ports their queues
    where others have taken their place. Raises NotFoundError.
    """
    if host not in state.plan.host:
        raise NotFoundError(f"no host {host} is declared, apply its Host document")
    number = state.plan.host[host].datapath_id
    if fix:
        bridges.resync(number, sweep=True)
        await databases.requeue(number)
    try:
        found = await bridges.drift(number)
    except TimeoutError as error:
        _log.warning("a bridge cannot be compared", host=host, reason=str(error))
        return HostDrift(host, Seen.SILENT)
    if found is None:
        return HostDrift(host, Seen.AWAY)
    ports = missing_ports(state.plan, host, state.ports.get(host, {}))
    told = tuple(_difference(state.plan, one) for one in found)
    queues = _queues(state.plan, host, databases)
    return HostDrift(host, Seen.COMPARED, told + ports + queues)


def missing_ports(plan: Plan, host: str, ports: Mapping[str, int]) -> tuple[Difference, ...]:
    """Return the interfaces that workloads should have and the bridge does not."""
    return tuple(
        Difference(str(Kind.MISSING), f"port {e.port} of {e.name}", str(e.origin))
        for e in sorted(plan.endpoints)
        if e.host == host and e.port not in ports
    )


def _queues(plan: Plan, host: str, databases: Databases) -> tuple[Difference, ...]:
    """Return the queues that differ, as the bridge's database tells them."""
    wanted = queues_of(plan).get(host, {})
    number = plan.host[host].datapath_id
    bridge = next((one for one in databases.bridges() if one.datapath_id == number), None)
    if bridge is None:
        what = "OVSDB session with its database, which alone tells of its queues"
        return (Difference(str(Kind.MISSING), what),) if wanted else ()
    return tuple(
        Difference(one.kind, one.what, str(plan.rule[one.rule].origin) if known else "")
        for one in queue_drift(bridge, wanted)
        for known in (one.rule in plan.rule,)
    )


def _difference(plan: Plan, one: Deviation) -> Difference:
    if not isinstance(one.subject, FlowEntry):
        return Difference(str(one.kind), describe(one.subject))
    origin = None if one.kind is Kind.FOREIGN else origin_of(plan, one.subject.cookie)
    return Difference(str(one.kind), _text(one.subject), "" if origin is None else str(origin))


def _text(flow: FlowEntry) -> str:
    tests = match_text(flow.key.match)
    head = f"flow cookie={flow.cookie:#x},table={flow.key.table},priority={flow.key.priority}"
    return f"{head},{tests}" if tests else head


@dataclass(slots=True)
class DriftWatch:
    """Compares every bridge again and again, one at a time; ``found`` is the last of each."""

    state: Callable[[], State]
    bridges: Bridges
    databases: Databases
    tell: Callable[[Warned], None]
    clock: Callable[[], float]
    interval: float = 0.0  # seconds between two comparisons of a bridge; 0: never
    found: dict[str, HostDrift] = field(default_factory=dict)

    async def run(self) -> None:
        """Compare until cancelled."""
        while self.interval:
            await asyncio.sleep(self.interval)
            for host in sorted(self.state().plan.host):
                await self.look(host)
            self.found = {h: kept for h, kept in self.found.items() if h in self.state().plan.host}

    async def look(self, host: str, fix: bool = False) -> HostDrift:
        """Compare one bridge now, and tell of it."""
        seen = await drift_of(self.state(), self.bridges, self.databases, host, fix)
        if seen.seen is Seen.COMPARED:
            self.found[host] = seen
            device = Device(DeviceKind.BRIDGE, host)
            self.tell(Warned(device, self.clock(), _warning(seen), TOPIC))
        return seen


def _warning(seen: HostDrift) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in seen.counts.items() if count)
    if not counts:
        return ""
    return (
        f"its flows and groups differ from what they should be: {counts}; see fsdn drift --host "
        f"{seen.host}, which mends them with --fix"
    )
