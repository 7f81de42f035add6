"""From a plan to the bytes that every device should run; only here do dialects become values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from translators import envoy, fabric
from translators.openflow.encode import encode
from translators.openflow.translate import translate as translate_flows
from translators.plan.model import Plan
from xds_server.controller.errors import UntranslatableError
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    Resource,
    Snapshot,
    SwitchConfig,
    content_version,
    program_of,
    snapshot_of,
)

Ports = Mapping[str, int]  # interface name to OpenFlow port number


@dataclass(frozen=True, slots=True)
class Targets:
    """What every device should run; a bridge appears once its port numbers are known."""

    proxies: Mapping[str, Snapshot] = field(default_factory=dict)  # by host
    bridges: Mapping[str, BridgeProgram] = field(default_factory=dict)  # by host
    switches: Mapping[str, SwitchConfig] = field(default_factory=dict)  # by name


def targets_of(plan: Plan, ports: Mapping[str, Ports]) -> Targets:
    """Return what every device should run; ``ports`` are the known bridges', by host."""
    return Targets(
        {host.name: proxy_snapshot(plan, host.name) for host in plan.hosts},
        {
            host.name: bridge_program(plan, host.name, ports[host.name])
            for host in plan.hosts
            if host.name in ports
        },
        {switch.name: switch_config(plan, switch.name) for switch in plan.switches},
    )


def proxy_snapshot(plan: Plan, host: str) -> Snapshot:
    """Return the xDS resources of a host's proxy."""
    return snapshot_of(
        Resource(found.type_url, found.name, found.body, origin=found.origin)
        for found in envoy.translate(plan, host)
    )


def bridge_program(plan: Plan, host: str, ports: Ports) -> BridgeProgram:
    """Return the flows and groups of a host's bridge."""
    encoded = encode(translate_flows(plan, host, ports))
    return program_of(
        (
            FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
            for f in encoded.flows
        ),
        (GroupEntry(g.number, g.kind, g.buckets, g.properties) for g in encoded.groups),
    )


def switch_config(plan: Plan, switch: str) -> SwitchConfig:
    """Return a fabric switch's configuration, versioned by its text.

    Raises UntranslatableError for a switch that no configuration can express.
    """
    try:
        text = fabric.translate(plan, switch)
    except fabric.FabricError as error:
        raise UntranslatableError(str(error)) from error
    version = content_version(text.frr.encode(), text.links.encode())
    return SwitchConfig(switch, text.frr, text.links, version)


def relevant_ports(plan: Plan, host: str, ports: Ports) -> dict[str, int]:
    """Return the ports that a bridge's program can depend on, so that others cause no work."""
    declared = plan.host[host]
    names = {declared.proxy_port, declared.tunnel_port}
    names.update(e.port for e in plan.endpoints if e.host == host)
    return {name: number for name, number in sorted(ports.items()) if name in names}
