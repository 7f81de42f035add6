"""Packets of the plan as the bridges meet them: from a workload, from a proxy, from the tunnel."""

from __future__ import annotations

from collections.abc import Mapping

from translators.openflow.fields import (
    AUDITED,
    DESTINATION,
    ECHO,
    ETH_DST,
    ETH_SRC,
    ETH_TYPE,
    IN_PORT,
    IP_PROTO,
    IP_TTL,
    JUDGED,
    LASTING,
    METADATA,
    ORIGIN,
    PORT,
    PROXY_MAC,
    RULE,
    SCRATCH,
    SEGMENT,
    SERVICE,
    SHAPED,
    SOURCE,
    TCP_DST,
    TCP_FLAGS,
    TCP_SYN,
    TUN_DST,
    TUN_SRC,
    UDP_DST,
    VIRTUAL_MAC,
    Field,
    destination_field,
    eth_type,
    mac_value,
    source_field,
)
from translators.openflow.lookup import Frame
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, UDP, Host, Plan

_INSIDE = (
    METADATA,
    SEGMENT,
    SOURCE,
    DESTINATION,
    SERVICE,
    PORT,
    ORIGIN,
    RULE,
    SCRATCH,
    SHAPED,
    AUDITED,
    TUN_DST,
    JUDGED,
    LASTING,
)
TTL = 64  # of a packet as it leaves its workload (RFC 1700)
_NO_PORT = 0xFFFFFFFF  # OFPP_ANY: a port that no flow names


def synthetic_ports(plan: Plan, host: str) -> Mapping[str, int]:
    """Return port numbers for every interface that the plan names on a host, in sorted order."""
    named = {e.port for e in plan.endpoints if e.host == host}
    declared = plan.host[host]
    named |= {declared.proxy_port, declared.tunnel_port}
    if declared.external is not None:
        named.add(declared.external.port)
    return {name: number for number, name in enumerate(sorted(named), start=1)}


def from_workload(plan: Plan, packet: Packet, ports: Mapping[str, int]) -> dict[Field, int]:
    """Return a connection's first packet as its workload's port receives it."""
    endpoint = plan.endpoint[packet.endpoint]
    frame = _addressed(packet)
    frame[IN_PORT] = ports.get(endpoint.port, _NO_PORT)
    frame[ETH_SRC] = mac_value(endpoint.mac)
    frame[ETH_DST] = VIRTUAL_MAC
    return frame


def from_proxy(plan: Plan, packet: Packet, ports: Mapping[str, int]) -> dict[Field, int]:
    """Return the first packet of a connection that the proxy opens in a workload's name."""
    host = plan.host[plan.endpoint[packet.endpoint].host]
    frame = _addressed(packet)
    frame[IN_PORT] = ports.get(host.proxy_port, _NO_PORT)
    frame[ETH_SRC] = PROXY_MAC
    frame[ETH_DST] = VIRTUAL_MAC
    return frame


def from_tunnel(sent: Frame, sender: Host, receiver: Host, ports: Mapping[str, int]) -> Frame:
    """Return what a bridge sent into the tunnel as the receiver's bridge meets it."""
    frame = {field: value for field, value in sent.items() if field not in _INSIDE}
    frame[IN_PORT] = ports.get(receiver.tunnel_port, _NO_PORT)
    frame[TUN_SRC] = int(sender.tunnel.ip) if sender.tunnel is not None else 0
    return frame


def receiver_of(plan: Plan, sent: Frame) -> Host | None:
    """Return the host whose tunnel address a sent packet has; None: nobody's."""
    address = sent.get(TUN_DST)
    for host in plan.hosts:
        if host.tunnel is not None and int(host.tunnel.ip) == address:
            return host
    return None


def _addressed(packet: Packet) -> dict[Field, int]:
    frame = {
        ETH_TYPE: eth_type(packet.destination),
        source_field(packet.source): int(packet.source),
        destination_field(packet.destination): int(packet.destination),
        IP_PROTO: packet.protocol,
        IP_TTL: TTL,
    }
    if packet.protocol == TCP:
        frame |= {TCP_DST: packet.destination_port, TCP_FLAGS: TCP_SYN}
    elif packet.protocol == UDP:
        frame[UDP_DST] = packet.destination_port
    for ether, protocol, kind, request, _ in ECHO:
        if (frame[ETH_TYPE], packet.protocol) == (ether, protocol):
            frame[kind] = request
    return frame
