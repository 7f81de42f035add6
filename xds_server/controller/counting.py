"""What bridges count, read once for all who ask: hits of rules, and packets that were dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from translators.openflow.cookie import Cause, cause_of, rule_of
from translators.openflow.drops import Drop, drop_of, shaped
from translators.openflow.features.shapes import metered
from translators.openflow.port_queues import by_port
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Plan
from xds_server.controller.ports import Bridges
from xds_server.controller.state import State
from xds_server.protocols.openflow.counters import Counters, Counts

_log = structlog.get_logger("fsdn.counting")
_BESIDE = (Cause.SHAPE, Cause.MIRROR)  # which see all packets of what a rule admitted
Answers = Mapping[str, Counters]  # by host; one whose bridge is away or silent is absent
Hits = Mapping[str, Counts]  # by the rule's name


@dataclass(frozen=True, slots=True)
class Dropped:
    """How much one host's bridge dropped at one stage for one cause."""

    host: str
    table: int | None  # None: no flow, but the meters or the queues of a rule
    drop: Drop
    packets: int
    bytes: int  # 0 where only packets are counted, as by queues
    queue: bool = False

    @property
    def stage(self) -> str:
        """The name and number of the table, or meter, or queue."""
        if self.table is None:
            return "queue" if self.queue else "meter"
        known = self.table in Table.__members__.values()
        return f"{Table(self.table).name.lower() if known else 'table'}({self.table})"

    @property
    def order(self) -> tuple[str, int, str, str]:
        """By what lists of them are sorted: as packets meet them."""
        table = (len(Table) << 8) + self.queue if self.table is None else self.table
        return (self.host, table, self.drop.cause, self.drop.subject)


@dataclass(slots=True)
class Counting:
    """Asks every bridge for its counters; who asks while others wait gets the same answers."""

    state: Callable[[], State]
    bridges: Bridges
    interval: float = 0.0  # seconds between two readings for the metrics; 0: never
    totals: Mapping[tuple[str, str], Counts] = field(default_factory=dict)  # by host and cause
    hits: Mapping[tuple[str, str], Counts] = field(default_factory=dict)  # by host and rule
    _looking: asyncio.Task[Answers] | None = None

    async def run(self) -> None:
        """Read until cancelled."""
        while self.interval:
            await asyncio.sleep(self.interval)
            await self.look()

    async def look(self) -> Answers:
        """Return what every bridge counts now; one that does not answer in time is left out."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._read())
        return await asyncio.shield(self._looking)

    async def _read(self) -> Answers:
        state = self.state()
        hosts = state.plan.hosts
        found = await asyncio.gather(*(self._counters(h.datapath_id) for h in hosts))
        answers = {
            host.name: counters
            for host, counters in zip(hosts, found, strict=True)
            if counters is not None
        }
        self.totals = totals(drops(state, answers))
        self.hits = {key: counts for key, counts in hits(state.plan, answers).items() if counts[0]}
        return answers

    async def _counters(self, datapath_id: int) -> Counters | None:
        try:
            return await self.bridges.counters(datapath_id)
        except TimeoutError:
            _log.warning("a bridge does not tell its counters", datapath_id=f"{datapath_id:016x}")
            return None


def rule_hits(plan: Plan, answers: Answers) -> Hits:
    """Return packets and bytes by rule; a rule that no bridge holds a flow for is absent."""
    added: dict[str, Counts] = {}
    for (_, name), counts in hits(plan, answers).items():
        added[name] = _sum(added.get(name, (0, 0)), counts)
    return added


def hits(plan: Plan, answers: Answers) -> Mapping[tuple[str, str], Counts]:
    """Return packets and bytes by host and rule, where a host's bridge holds a flow for it."""
    added: dict[tuple[str, str], Counts] = {}
    for host, counters in answers.items():
        for (_, cookie), counts in sorted(counters.flows.items()):
            rule = rule_of(plan, cookie)
            if rule is not None and cause_of(cookie) not in _BESIDE:
                key = (host, rule.name)
                added[key] = _sum(added.get(key, (0, 0)), counts)
    return added


def drops(state: State, answers: Answers) -> tuple[Dropped, ...]:
    """Return what bridges dropped, by host, stage and cause; what dropped nothing is left out."""
    found = []
    for host, counters in answers.items():
        if host not in state.plan.host:
            continue
        for (table, cookie), counts in counters.flows.items():
            drop = drop_of(state.plan, cookie) if counts[0] else None
            if drop is not None:
                found.append(Dropped(host, table, drop, *counts))
        found += _by_meters(state, host, counters)
        found += _by_queues(state, host, counters)
    return tuple(sorted(found, key=lambda one: one.order))


def _by_meters(state: State, host: str, counters: Counters) -> list[Dropped]:
    """Return what shapes dropped; both directions of a rule are one."""
    if not any(packets for packets, _ in counters.meters.values()):
        return []
    site = Site(state.plan, state.plan.host[host], state.ports.get(host, {}))
    found: dict[str, Dropped] = {}
    for number, rule in metered(site).items():
        counts = counters.meters.get(number, (0, 0))
        one = found.setdefault(rule.name, Dropped(host, None, shaped(rule), 0, 0))
        packets, size = _sum((one.packets, one.bytes), counts)
        found[rule.name] = replace(one, packets=packets, bytes=size)
    return [one for one in found.values() if one.packets]


def _by_queues(state: State, host: str, counters: Counters) -> list[Dropped]:
    """Return what queues had no room for, all ports of a rule together; others' are left out."""
    if not any(counters.queues.values()):
        return []
    ports = state.ports.get(host, {})
    found: dict[str, Dropped] = {}
    for port, queues in by_port(state.plan, host).items():
        for queue in queues:
            packets = counters.queues.get((ports.get(port, 0), queue.number), 0)
            none = Dropped(host, None, shaped(queue.rule), 0, 0, queue=True)
            one = found.setdefault(queue.rule.name, none)
            found[queue.rule.name] = replace(one, packets=one.packets + packets)
    return [one for one in found.values() if one.packets]


def totals(found: tuple[Dropped, ...]) -> Mapping[tuple[str, str], Counts]:
    """Return packets and bytes by host and cause."""
    added: dict[tuple[str, str], Counts] = {}
    for one in found:
        key = (one.host, one.drop.cause)
        added[key] = _sum(added.get(key, (0, 0)), (one.packets, one.bytes))
    return added


def _sum(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1]
