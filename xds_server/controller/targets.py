"""From a plan to the bytes that every device should run; only here do dialects become values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from translators import envoy, fabric
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import always_fits
from translators.plan.model import Plan
from xds_server.controller.bridges import (
    Newsroom,
    Ports,
    Translation,
    bridge_program,
    translation,
)
from xds_server.controller.proxies import snapshots_of
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import BridgeProgram, Snapshot, SwitchConfig, content_version

__all__ = ["Ports", "Targets", "bridge_program", "relevant_ports", "staying", "targets_of"]

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
    translations: Mapping[str, Translation] = field(default_factory=dict, compare=False, repr=False)

    @property
    def plan(self) -> Plan:
        """The plan that they were made from."""
        return self.source.plan

    def with_bridge(self, host: str, made: Translation) -> Targets:
        """Return them with a bridge's program that was asked for by itself."""
        return replace(
            self,
            bridges={**self.bridges, host: made.program},
            translations={**self.translations, host: made},
        )


def targets_of(
    source: envoy.Proxies,
    ports: Mapping[str, Ports],
    made: Targets = Targets(),
) -> Targets:
    """Return what every device should run; ``ports`` are the known bridges', by host.

    What was ``made`` before spares the work for devices of which nothing has changed. A plan that
    does not fit into a bridge must be found before it is stored, not when the bridge connects:
    where that can be, a bridge whose ports are unknown is translated with invented ones.
    """
    plan = source.plan
    faults: dict[Device, str] = {}
    hosts = [host.name for host in plan.hosts]
    newsroom = Newsroom(plan)

    def translated(host: str) -> Translation:
        own = ports.get(host)
        own = synthetic_ports(plan, host) if own is None else own
        return translation(plan, host, own, made.translations.get(host), newsroom)

    proxies = snapshots_of(source, made.source, made.own)
    asked = [host for host in hosts if host in ports] if always_fits(plan) else hosts
    found = _each(DeviceKind.BRIDGE, asked, translated, faults)
    bridges = {host: one.program for host, one in found.items() if host in ports}
    switches = _switches(plan, made, faults)
    between = _between(source, proxies, made)
    return Targets(
        proxies, bridges, switches, faults, between, own=proxies, source=source, translations=found
    )


def _switches(plan: Plan, made: Targets, faults: dict[Device, str]) -> Mapping[str, SwitchConfig]:
    parts = ("tenants", "segments", "hosts", "switches", "links")
    names = [switch.name for switch in plan.switches]
    same = all(getattr(plan, part) is getattr(made.plan, part) for part in parts)
    if same and len(made.switches) == len(names):  # none of them was refused
        return made.switches
    return _each(DeviceKind.SWITCH, names, lambda s: switch_config(plan, s), faults)


def _between(
    source: envoy.Proxies, proxies: Mapping[str, Snapshot], made: Targets
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
