"""From a plan to the bytes that every device should run; only here do dialects become values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from translators import envoy, fabric
from translators.openflow.encode import encode
from translators.openflow.frames import synthetic_ports
from translators.openflow.share import share
from translators.openflow.translate import always_fits
from translators.openflow.translate import translate as translate_flows
from translators.plan.model import Plan
from xds_server.controller.proxies import snapshots_of
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    MeterEntry,
    Snapshot,
    SwitchConfig,
    content_version,
    program_of,
)

Ports = Mapping[str, int]  # interface name to OpenFlow port number
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Targets:
    """What every device should run; a bridge appears once its port numbers are known."""

    proxies: Mapping[str, Snapshot] = field(default_factory=dict)  # by host
    bridges: Mapping[str, BridgeProgram] = field(default_factory=dict)  # by host
    switches: Mapping[str, SwitchConfig] = field(default_factory=dict)  # by name
    faults: Mapping[Device, str] = field(default_factory=dict)  # what cannot be made, and why
    # By host: the new resources with a filter chain for sources that are still steered to them.
    between: Mapping[str, Snapshot] = field(default_factory=dict)
    others: Snapshot | None = None  # of every proxy that is not among them
    # What the policy alone makes of the proxies, and what that was made from.
    own: Mapping[str, Snapshot] = field(default_factory=dict, compare=False, repr=False)
    source: envoy.Proxies = field(default_factory=envoy.Proxies, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """Targets that exist already, and the ports of the bridges that they were made with."""

    targets: Targets = field(default_factory=Targets)
    ports: Mapping[str, Ports] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The plan that they were made from."""
        return self.targets.source.plan

    def again(self, plan: Plan, host: str, ports: Ports | None) -> BridgeProgram | None:
        """Return a host's program if it would be made again from this; else None."""
        program = self.targets.bridges.get(host)
        if program is None or ports is None or dict(self.ports.get(host, {})) != dict(ports):
            return None
        if plan is self.plan or share(plan, host) == share(self.plan, host):
            return program
        return None


def targets_of(
    source: envoy.Proxies,
    ports: Mapping[str, Ports],
    made: Made = Made(),
) -> Targets:
    """Return what every device should run; ``ports`` are the known bridges', by host.

    A plan that does not fit into a bridge must be found before it is stored, not when the bridge
    connects: where that can be, a bridge whose ports are unknown is translated with invented ones.
    """
    plan = source.plan
    faults: dict[Device, str] = {}
    hosts = [host.name for host in plan.hosts]

    def program(host: str) -> BridgeProgram:
        own = ports.get(host)
        if (kept := made.again(plan, host, own)) is not None:
            return kept
        return bridge_program(plan, host, synthetic_ports(plan, host) if own is None else own)

    proxies = snapshots_of(source, made.targets.source, made.targets.own)
    asked = [host for host in hosts if host in ports or not always_fits(plan)]
    bridges = _each(DeviceKind.BRIDGE, asked, program, faults)
    known = {host: kept for host, kept in bridges.items() if host in ports}
    switches = _switches(plan, made, faults)
    between = _between(source, proxies, made)
    return Targets(proxies, known, switches, faults, between, own=proxies, source=source)


def _switches(plan: Plan, made: Made, faults: dict[Device, str]) -> Mapping[str, SwitchConfig]:
    parts = ("tenants", "segments", "hosts", "switches", "links")
    names = [switch.name for switch in plan.switches]
    same = all(getattr(plan, part) is getattr(made.plan, part) for part in parts)
    if same and len(made.targets.switches) == len(names):  # none of them was refused
        return made.targets.switches
    return _each(DeviceKind.SWITCH, names, lambda s: switch_config(plan, s), faults)


def _between(
    source: envoy.Proxies, proxies: Mapping[str, Snapshot], made: Made
) -> Mapping[str, Snapshot]:
    """Return what proxies have until their bridges have moved, where it is not what they get."""
    plan = source.plan
    if not made.plan.captures or plan.captures is made.plan.captures:
        return {}
    wide = envoy.translated(staying(plan, made.plan), source.logged, source)
    wider = snapshots_of(wide, source, proxies)
    return {h: kept for h, kept in wider.items() if kept is not proxies[h] and kept != proxies[h]}


def staying(plan: Plan, before: Plan) -> Plan:
    """Return the plan in which who leaves a capture is captured still, under the new rules.

    A bridge goes on to steer them until it holds its new program. A capture that ends altogether
    needs nothing: its listener has a name of its own, and the old one is kept beside the new.
    """
    captures = []
    for capture in plan.captures:
        old = before.captured.get((capture.service, capture.port))
        segment = plan.service[capture.service].segment
        leaving = {
            name
            for name in (old.sources if old is not None else ())
            if name in plan.endpoint and plan.joined(plan.endpoint[name].segment, segment)
        }
        sources = tuple(sorted(leaving.union(capture.sources)))
        captures.append(replace(capture, sources=sources) if leaving else capture)
    return replace(plan, captures=tuple(captures))


def _each(
    kind: DeviceKind,
    names: Iterable[str],
    make: Callable[[str], Thing],
    faults: dict[Device, str],
) -> dict[str, Thing]:
    """Make something for each name; what a dialect cannot express becomes a fault."""
    made: dict[str, Thing] = {}
    for name in names:
        try:
            made[name] = make(name)
        except ValueError as error:  # every dialect's word for "this does not fit"
            faults[Device(kind, name)] = str(error)
    return made


def bridge_program(plan: Plan, host: str, ports: Ports) -> BridgeProgram:
    """Return the flows, groups and meters of a host's bridge."""
    encoded = encode(translate_flows(share(plan, host), host, ports))
    return program_of(
        (
            FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
            for f in encoded.flows
        ),
        (GroupEntry(g.number, g.kind, g.buckets, g.properties) for g in encoded.groups),
        (MeterEntry(m.number, m.flags, m.bands) for m in encoded.meters),
    )


def switch_config(plan: Plan, switch: str) -> SwitchConfig:
    """Return a fabric switch's configuration, versioned by its text.

    Raises FabricError for a switch that no configuration can express.
    """
    text = fabric.translate(plan, switch)
    version = content_version(text.frr.encode(), text.links.encode())
    return SwitchConfig(switch, text.frr, text.links, version)


def relevant_ports(plan: Plan, host: str, ports: Ports) -> dict[str, int]:
    """Return the ports that a bridge's program can depend on, so that others cause no work."""
    declared = plan.host[host]
    names = {declared.proxy_port, declared.tunnel_port}
    if declared.external is not None:
        names.add(declared.external.port)
    names.update(e.port for e in plan.endpoints if e.host == host)
    return {name: number for name, number in sorted(ports.items()) if name in names}
