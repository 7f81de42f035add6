"""Claims about changes and losses under load: nothing fails while things move or die."""

from __future__ import annotations

import time
from pathlib import Path

from integration.bed.build import Bed, until
from integration.bed.controller import kill
from integration.bed.fabric import BedSwitch
from integration.bed.traffic import load, probing
from integration.demo.shop import EXAMPLES, REVIEWS, WEB, Row, service_url, workload

OLD = "{subset: v1, weight: 90}, {subset: v2, weight: 10}"
NEW = "{subset: v1, weight: 50}, {subset: v2, weight: 50}"
AWAY = 2.0  # seconds that the server stays dead
SETTLED = 2.0  # seconds of probes after a loss, longer than any time-out of the fabric
LONGEST = 1200.0  # milliseconds that a silent spine may cost


def moved(bed: Bed) -> Row:
    """The split is changed by one command, under load."""
    policies = (EXAMPLES / "policies.yaml").read_text()
    changed = bed.layout.root / "policies.yaml"
    changed.write_text(policies.replace(OLD, NEW))
    with load(workload(bed, WEB), service_url(bed, REVIEWS)) as stop:
        time.sleep(0.5)
        seconds = apply(bed, changed)
        time.sleep(0.5)
        report = stop()
    return Row(
        "the split is moved to 50 to 50 under load",
        f"every device had acknowledged after {seconds * 1000:.0f} ms;"
        f" {report.failed} of {report.answered + report.failed} requests failed",
        report.failed == 0 and set(report.statuses) == {"200"} and OLD in policies,
    )


def apply(bed: Bed, path: Path) -> float:
    """Apply policy and wait for every device; return the seconds from commit to the last of them.

    The server measures them: the command line's own start is no part of it.
    """
    bed.controller.fsdn("apply", "-f", str(path), "--wait", "acked", "--timeout", "30")
    newest = bed.controller.ask("/v1/revisions?limit=1")[0]
    return float(newest["acked_after"])


def server_killed(bed: Bed) -> Row:
    """The controller dies as by a power cut, and comes back."""
    if bed.server is None:
        return Row("the server is killed under load", "it does not run", False)
    with load(workload(bed, WEB), service_url(bed, REVIEWS)) as stop:
        time.sleep(0.3)
        kill(bed.server)
        time.sleep(AWAY)
        bed.server = bed.controller.start()
        until(lambda: not bed.controller.unsettled(bed.layout.devices), "not all are back", 40)
        report = stop()
    written = {d["device"]: _written(d) for d in bed.controller.ask("/v1/status")["devices"]}
    sent = {name: count for name, count in sorted(written.items()) if count}
    return Row(
        "kill -9 of the server under load, and a restart",
        f"{report.failed} of {report.answered + report.failed} requests failed;"
        f" resent to {len(written)} devices: {sent or 'nothing'}",
        report.failed == 0 and set(report.statuses) == {"200"} and not sent,
    )


def _written(device: dict[str, list[dict[str, int | None]]]) -> int:
    return sum(kept["written"] or 0 for kept in device["types"])


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
        time.sleep(1.0)
        silence(bed.switches["spine1"])
        time.sleep(SETTLED)
        seen = {"bare ports": stop_bare(), "hosts": stop_hosts()}
    gaps = ", ".join(f"{name} {told['gap_ms']:.0f} ms" for name, told in seen.items())
    return Row(
        "a spine falls silent: the longest gap",
        gaps,
        all(t["gap_ms"] < LONGEST and t["alive"] == t["flows"] for t in seen.values()),
    )


def silence(switch: BedSwitch) -> None:
    """Stop a switch as a frozen machine would: its links stay up and carry nothing."""
    rules = "".join(
        f"chain {hook} {{ type filter hook {hook} priority -300; policy drop; }}\n"
        for hook in ("prerouting", "output")
    )
    switch.namespace.run("nft", "-f", "-", text=f"table inet silence {{\n{rules}}}\n")
