"""A switch model as FRR's integrated configuration, in the very words of ``show running-config``.

Written in FRR's own order and without defaults, so that a second reload finds nothing to do; only
the order of VNIs, which FRR takes from a hash, is ours. Relied upon by default are: BFD at three
times 300 ms (RFC 5880), EVPN next hops unchanged across eBGP, and route distinguishers derived from
the router id (RFC 7432, section 7.9).

Provenance: a neighbor's ``description`` names the cable of the plan. FRR 8 has no remark for a
``network`` statement or a VNI; those are named on the Linux devices beside them (see ``links``).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from translators.fabric.model import SwitchModel, Vni
from translators.plan.model import Role

PEERS = "FABRIC"  # the peer group of every underlay session
TARGET_ADMIN = 64512  # administrator of our route targets; leaves differ in ASN, so not theirs
KEEPALIVE, HOLD, RECONNECT = 3, 9, 1  # seconds; failures are found by BFD, these are the net below


def render(model: SwitchModel) -> str:
    """Return the switch's ``frr.conf``, as FRR then shows it."""
    return "\n".join([*_system(model), *_bgp(model), ""])


def _system(model: SwitchModel) -> Iterator[str]:
    yield "frr defaults traditional"
    yield f"hostname {model.name}"
    # With kernel nexthop objects zebra's routes and the kernel's diverge after a link flap.
    yield "no zebra nexthop kernel enable"
    yield "service integrated-vtysh-config"
    yield "!"


def _bgp(model: SwitchModel) -> Iterator[str]:
    yield f"router bgp {model.asn}"
    yield f" bgp router-id {model.loopback}"
    yield " no bgp ebgp-requires-policy"  # RFC 8212 asks for filters that a closed fabric has not
    yield " no bgp default ipv4-unicast"
    yield " bgp bestpath as-path multipath-relax"  # equal-length paths over different spines
    yield f" neighbor {PEERS} peer-group"
    yield f" neighbor {PEERS} remote-as external"
    yield f" neighbor {PEERS} bfd"
    yield f" neighbor {PEERS} timers {KEEPALIVE} {HOLD}"
    yield f" neighbor {PEERS} timers connect {RECONNECT}"
    for uplink in model.uplinks:
        yield f" neighbor {uplink.interface} interface peer-group {PEERS}"
        yield f" neighbor {uplink.interface} description fsdn link {uplink.link}"
    yield " !"
    yield from _unicast(model)
    yield " !"
    yield from _evpn(model)
    yield "exit"
    yield "!"


def _unicast(model: SwitchModel) -> Iterator[str]:
    """Loopback and host networks, the latter withdrawn by FRR when their interface goes down."""
    yield " address-family ipv4 unicast"
    networks = {port.address.network for port in model.hosts}
    for network in sorted({*networks, IPv4Network(model.loopback)}):
        yield f"  network {network}"
    yield f"  neighbor {PEERS} activate"
    yield " exit-address-family"


def _evpn(model: SwitchModel) -> Iterator[str]:
    """RFC 8365 over eBGP: leaves announce their VNIs, spines pass them on as they are."""
    yield " address-family l2vpn evpn"
    yield f"  neighbor {PEERS} activate"
    if model.role is Role.LEAF:
        yield "  advertise-all-vni"
        for vni in model.vnis:
            yield from _vni(vni)
    yield " exit-address-family"


def _vni(vni: Vni) -> Iterator[str]:
    yield f"  vni {vni.number}"
    yield f"   route-target import {TARGET_ADMIN}:{vni.number}"
    yield f"   route-target export {TARGET_ADMIN}:{vni.number}"
    yield "  exit-vni"
