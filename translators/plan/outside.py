"""What lies outside: networks that no segment has, reached under a host's own address."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from translators.plan.model import ICMP, ICMPV6, TCP, UDP, Address, Plan, Rule
from translators.plan.rules import first_of

if TYPE_CHECKING:
    from translators.plan.evaluate import Packet

Names = tuple[str, ...]
TRANSLATED = (ICMP, TCP, UDP, ICMPV6)  # the protocols that source NAT knows
# Never routed (RFC 6890): this network, loopback, link-local, multicast and what is reserved.
NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0/96",
        "fe80::/10",
        "ff00::/8",
    )
)


def departure(plan: Plan, packet: Packet) -> tuple[Rule | None, Names, str]:
    """Return the rule that decides on a packet to no workload or service, or why none does.

    Between them stand the audits that count it before.

    The tenant's default does not count: it is about what the tenant's workloads may do among
    themselves.
    """
    source = plan.endpoint[packet.endpoint]
    if not is_outside(plan, packet.destination):
        return None, (), "no workload or service has the destination address"
    external = plan.host[source.host].external
    if external is None or external.address(packet.family) is None:
        return None, (), f"host {source.host} has no external IPv{packet.family} address"
    if packet.protocol not in TRANSLATED:
        return None, (), "only TCP, UDP and ICMP can leave under the host's address"
    matched = (r for r in plan.rules if source.name in r.sources and covers_outside(r, packet))
    rule, audits = first_of(matched)
    return rule, audits, "" if rule is not None else "no rule lets it leave"


def is_outside(plan: Plan, address: Address) -> bool:
    """Whether an address can be a destination that no segment has."""
    inside = (subnet for segment in plan.segments for subnet in segment.subnets)
    return not any(address in network for network in (*NEVER, *inside))


def covers_outside(rule: Rule, packet: Packet) -> bool:
    """Whether the rule is about a packet that leaves."""
    port = packet.destination_port if packet.protocol in (TCP, UDP) else 0
    return (
        rule.http is None
        and any(packet.destination in network for network in rule.externals)
        and rule.transport.covers(packet.family, packet.protocol, port)
    )
