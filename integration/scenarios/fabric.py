"""Claims about the fabric: what it carries, and how long it is silent when a spine is."""

from __future__ import annotations

import json
import time

from integration.bed.build import Bed
from integration.bed.fabric import BedSwitch
from integration.bed.traffic import probing
from integration.scenarios.shop import Row

SETTLED = 4.0  # seconds of probes after a loss, longer than any time-out of the fabric
LONGEST = 2500.0  # milliseconds that a silent spine may cost; BFD takes 900 to find it


def bare_ports(bed: Bed) -> Row:
    """The leaves carry the segment between ports that have no vswitch."""
    near, far = bed.layout.bare_ports()
    with probing(bed.layout.namespace(near.name), str(far.address.ip)) as stop:
        time.sleep(0.5)
        seen = stop()
    vni = bed.layout.plan.segment["shop/front"].vni
    peers = [_remote_leaves(bed.switches[port.switch], vni) for port in (near, far)]
    return Row(
        "the leaves carry the segment by EVPN, from bare port to bare port",
        f"VNI {vni}: {peers[0]} and {peers[1]} remote leaf; {seen['answered']} of {seen['sent']}"
        " probes answered",
        seen["answered"] == seen["sent"] > 0 and peers == [1, 1],
    )


def _remote_leaves(switch: BedSwitch, vni: int) -> int:
    shown = switch.vtysh(f"show evpn vni {vni}")
    listed = shown.partition("Remote VTEPs for this VNI:")[2]
    return sum("flood:" in line for line in listed.splitlines())


def spine_lost(bed: Bed) -> Row:
    """A spine falls silent at once; what it carried goes by the other one."""
    near, far = bed.layout.bare_ports()
    first, second = bed.layout.plan.hosts[:2]
    away = str(second.tunnel.ip) if second.tunnel else ""
    with (
        probing(bed.layout.namespace(near.name), str(far.address.ip)) as stop_bare,
        probing(bed.layout.namespace(first.name), away) as stop_hosts,
    ):
        spine = busiest(bed, bed.switches[near.switch])
        silence(bed.switches[spine])
        time.sleep(SETTLED)
        seen = {"bare ports": stop_bare(), "hosts": stop_hosts()}
    gaps = ", ".join(f"{name} {told['gap_ms']:.0f} ms" for name, told in seen.items())
    return Row(
        "the spine that carries them falls silent: the longest gap",
        f"{spine}: {gaps}",
        all(t["gap_ms"] < LONGEST and t["alive"] == t["flows"] for t in seen.values()),
    )


def busiest(bed: Bed, leaf: BedSwitch, seconds: float = 1.0) -> str:
    """Return the spine that a leaf sends most to: bare ports' traffic may all go by one of them."""
    links = [
        ends for link in bed.layout.plan.links for ends in ((link.a, link.b), (link.b, link.a))
    ]
    spines = {near[1]: far[0] for near, far in links if near[0] == leaf.name}
    before = _sent(leaf)
    time.sleep(seconds)
    after = _sent(leaf)
    uplinks = [(after[port] - before[port], spine) for port, spine in spines.items()]
    return max(uplinks)[1]


def _sent(switch: BedSwitch) -> dict[str, int]:
    links = json.loads(switch.namespace.run("ip", "-j", "-s", "link"))
    return {link["ifname"]: link["stats64"]["tx"]["packets"] for link in links}


def silence(switch: BedSwitch) -> None:
    """Stop a switch as a frozen machine would: its links stay up and carry nothing."""
    rules = "".join(
        f"chain {hook} {{ type filter hook {hook} priority -300; policy drop; }}\n"
        for hook in ("prerouting", "output")
    )
    switch.namespace.run("nft", "-f", "-", text=f"table inet silence {{\n{rules}}}\n")
