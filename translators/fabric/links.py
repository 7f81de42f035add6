"""A switch model as the Linux devices around FRR: canonical JSON that an agent brings about.

Every device carries its cause as an interface alias (``ip -d link`` shows it), by which an agent
also knows which devices are ours to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from translators.fabric.model import SwitchModel, Vni

VXLAN_PORT = 4789  # RFC 7348, section 5; Linux's own default is an older number
SYSCTLS = {
    # Frames of a segment are no business of the switch's own packet filter.
    "net.bridge.bridge-nf-call-arptables": "0",
    "net.bridge.bridge-nf-call-ip6tables": "0",
    "net.bridge.bridge-nf-call-iptables": "0",
    # Routes to a host may point over either spine, so the strict source check would drop.
    "net.ipv4.conf.all.rp_filter": "0",
    # Layer 4 hash: tunnels differ only in their UDP source port.
    "net.ipv4.fib_multipath_hash_policy": "1",
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
}

Device = dict[str, str | int | list[str]]


def render(model: SwitchModel) -> str:
    """Return the devices as JSON with sorted keys, two spaces of indent and a final newline.

    Kinds: ``loopback`` and ``routed`` have addresses, ``uplink`` is only up, ``bridge`` and
    ``vxlan`` are made, ``port`` is a bare port that joins a bridge. MTUs are in bytes.
    """
    devices = sorted(_devices(model), key=lambda device: str(device["name"]))
    document = {"switch": model.name, "sysctls": SYSCTLS, "devices": devices}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _devices(model: SwitchModel) -> Iterator[Device]:
    yield {
        "kind": "loopback",
        "name": "lo",
        "cause": f"switch {model.name}",
        "addresses": [f"{model.loopback}/32"],
    }
    for uplink in model.uplinks:
        yield {"kind": "uplink", "name": uplink.interface, "cause": f"link {uplink.link}"}
    for port in model.hosts:
        yield {
            "kind": "routed",
            "name": port.interface,
            "cause": f"host {port.host}",
            "addresses": [str(port.address)],
        }
    for vni in model.vnis:
        yield from _segment(model, vni)


def _segment(model: SwitchModel, vni: Vni) -> Iterator[Device]:
    cause = f"segment {vni.segment}"
    yield {"kind": "bridge", "name": vni.bridge, "cause": cause, "mtu": vni.mtu}
    yield {
        "kind": "vxlan",
        "name": vni.device,
        "cause": cause,
        "mtu": vni.mtu,
        "bridge": vni.bridge,
        "vni": vni.number,
        "local": str(model.loopback),
        "port": VXLAN_PORT,
    }
    for port in vni.ports:
        yield {
            "kind": "port",
            "name": port,
            "cause": cause,
            "mtu": vni.mtu,
            "bridge": vni.bridge,
        }
