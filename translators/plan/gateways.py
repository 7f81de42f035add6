"""Pings of a gateway: the source's bridge answers them itself, as the router that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from translators.plan.model import ICMP, ICMPV6, Address, Plan

if TYPE_CHECKING:
    from translators.plan.evaluate import Packet


def answers(plan: Plan, packet: Packet) -> bool:
    """Whether a packet is a ping of a gateway of its sender's segment, or of one joined to it."""
    if packet.protocol != (ICMP if packet.family == 4 else ICMPV6):
        return False
    segment = plan.endpoint[packet.endpoint].segment
    joined = (s for s in plan.segments if plan.joined(segment, s.name))
    return any(packet.destination in s.gateways for s in joined) and not _is_taken(
        plan, segment, packet.destination
    )


def _is_taken(plan: Plan, segment: str, address: Address) -> bool:
    """Whether a workload or a service within reach has the address."""
    holders = (plan.by_address.get(address), plan.by_vip.get(address))
    return any(held is not None and plan.joined(segment, held.segment) for held in holders)
