"""Two spines and two leaves of real FRR: brought up, asked again, refused, rolled back, broken."""

import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from integration.bed.fabric import start_frr, stop_frr
from tests.devices.frr_fabric import Fabric, bare_address, config, ping, reaches, running
from tests.plans import shop_plan
from tests.waiting import PATIENCE, until
from translators.fabric import translate
from translators.plan.model import Plan, SwitchPort
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.southbound.frr_commands import SwitchUnavailableError
from xds_server.southbound.frr_state import SwitchState, switch_state

pytestmark = [pytest.mark.device, pytest.mark.root]


def _plan() -> Plan:
    """The shop, with a bare port of another segment beside front's on leaf2."""
    plan = shop_plan()
    switches = tuple(
        replace(s, ports=(*s.ports, SwitchPort("other2", "shop/back"))) if s.name == "leaf2" else s
        for s in plan.switches
    )
    return replace(plan, switches=switches)


@pytest.fixture(scope="module")
def fabric() -> Iterator[Fabric]:
    with running(_plan()) as raised:
        written = asyncio.run(raised.apply_all())
        assert all(lines > 0 for lines in written.values()), written
        yield raised


async def _settled(fabric: Fabric, name: str, within: float = PATIENCE) -> SwitchState:
    deadline = time.monotonic() + within
    while True:
        state = await switch_state(fabric.device(name))
        if state.is_settled or time.monotonic() > deadline:
            return state
        await asyncio.sleep(0.2)


async def test_every_session_comes_up(fabric: Fabric) -> None:
    for name in fabric.switches:
        state = await _settled(fabric, name)
        assert state.is_settled, state
        assert len(state.sessions) == 4  # two peers, two address families
    leaf = await switch_state(fabric.device("leaf1"))
    assert [(v.vni, v.device) for v in leaf.vnis] == [(10010, "vx10010")]


def test_tunnel_addresses_reach_each_other(fabric: Fabric) -> None:
    assert reaches(fabric.outside["host1"], "10.255.2.2")
    assert reaches(fabric.outside["host2"], "10.255.1.2")


def test_traffic_has_both_spines_to_go_by(fabric: Fabric) -> None:
    assert reaches(fabric.outside["host1"], "10.255.2.2")
    leaf = fabric.switches["leaf1"].namespace

    def routes() -> str:
        return leaf.run("ip", "route", "show", "10.255.2.0/30")

    until(lambda: {"spine1", "spine2"} <= set(routes().split()), routes)


def test_bare_ports_of_a_segment_reach_each_other_over_vxlan(fabric: Fabric) -> None:
    assert reaches(fabric.outside["bare1"], bare_address(fabric.plan, "bare2"))


def test_bare_ports_of_different_segments_do_not(fabric: Fabric) -> None:
    inside = fabric.outside["other2"]
    inside.ip("addr add 10.10.0.66/24 dev fabric")  # as a neighbour would pretend
    assert not ping(inside, bare_address(fabric.plan, "bare2"), "-I", "10.10.0.66")
    assert not ping(inside, bare_address(fabric.plan, "bare1"), "-I", "10.10.0.66")


async def test_a_full_packet_of_the_segment_fits_through(fabric: Fabric) -> None:
    address = bare_address(fabric.plan, "bare2")
    assert reaches(fabric.outside["bare1"], address)
    full = str(1400 - 20 - 8)  # the segment's MTU without the IPv4 and ICMP headers
    assert ping(fabric.outside["bare1"], address, "-M", "do", "-s", full, "-W", "10")


async def test_the_second_apply_runs_no_command(fabric: Fabric) -> None:
    assert await fabric.apply_all() == dict.fromkeys(fabric.switches, 0)


async def test_frr_shows_the_configuration_word_for_word(fabric: Fabric) -> None:
    for name in fabric.switches:
        shown = await fabric.device(name).running()
        wanted = translate(fabric.plan, name).frr
        if name == "leaf2":  # with several VNIs: their order is FRR's own
            assert sorted(shown.splitlines()) == sorted(wanted.splitlines())
        else:
            assert shown == wanted


async def test_what_does_not_parse_is_refused_with_its_line(fabric: Fabric) -> None:
    leaf = fabric.device("leaf1")
    before = await leaf.running()
    text = before.replace("bgp router-id", "bgp routr-id")
    evidence = await leaf.apply(config(fabric.plan, "leaf1", frr=text))
    assert isinstance(evidence, Nacked)
    assert evidence.resource == "frr.conf:7: bgp routr-id 10.254.0.11"
    assert await leaf.running() == before
    assert await leaf.difference(config(fabric.plan, "leaf1")) == ()


async def test_what_frr_refuses_half_way_is_rolled_back_with_sessions_up(fabric: Fabric) -> None:
    leaf = fabric.device("leaf1")
    await _settled(fabric, "leaf1")
    before = fabric.switches["leaf1"].vtysh("show bgp summary json")
    wanted = translate(fabric.plan, "leaf1").frr
    text = wanted.replace("  vni 10010", "  vni 10010\n   route-target import 1:1").replace(
        " neighbor spine2 description",
        " neighbor ghost peer-group NOPE\n neighbor spine2 description",
    )
    evidence = await leaf.apply(config(fabric.plan, "leaf1", frr=text))
    assert isinstance(evidence, Nacked), evidence
    assert "rolled back" in evidence.reason
    assert "ghost" in evidence.resource
    assert await leaf.running() == wanted
    dropped = re.compile(r'"connectionsDropped":(\d+)')
    after = fabric.switches["leaf1"].vtysh("show bgp summary json")
    assert dropped.findall(after) == dropped.findall(before)
    assert ping(fabric.outside["host1"], "10.255.2.2", "-W", "10")


async def test_a_device_of_another_is_not_taken_over(fabric: Fabric) -> None:
    leaf = fabric.switches["leaf1"]
    leaf.namespace.ip("link add br10020 type bridge", 'link set br10020 alias "theirs"')
    try:
        text = translate(fabric.plan, "leaf2").links.replace("leaf2", "leaf1")
        evidence = await fabric.device("leaf1").apply(config(fabric.plan, "leaf1", links=text))
        assert isinstance(evidence, Nacked)
        assert "br10020 exists and is not ours" in evidence.reason
        assert await fabric.device("leaf1").difference(config(fabric.plan, "leaf1")) == ()
    finally:
        leaf.namespace.ip("link del br10020")


async def test_what_drifts_is_found_and_mended(fabric: Fabric) -> None:
    leaf = fabric.device("leaf2")
    namespace = fabric.switches["leaf2"].namespace
    namespace.ip("link del vx10010", "addr del 10.255.2.1/30 dev host2")
    found = await leaf.difference(config(fabric.plan, "leaf2"))
    assert any(line.startswith("link add name vx10010") for line in found)
    evidence = await leaf.apply(config(fabric.plan, "leaf2"))
    assert isinstance(evidence, Acked)
    assert evidence.written == len(found)
    assert reaches(fabric.outside["bare1"], bare_address(fabric.plan, "bare2"))


async def test_a_segment_comes_and_goes_without_loss_elsewhere(fabric: Fabric) -> None:
    more = replace(
        fabric.plan,
        switches=tuple(
            replace(s, ports=(*s.ports, SwitchPort("spare", "rival/lan"))) if s.ports else s
            for s in fabric.plan.switches
        ),
    )
    assert reaches(fabric.outside["bare1"], bare_address(fabric.plan, "bare2"))
    argv = ["ping", "-i", "0.02", "-w", "300", bare_address(fabric.plan, "bare2")]
    probe = subprocess.Popen(
        fabric.outside["bare1"].command(*argv), stdout=subprocess.PIPE, text=True
    )
    for plan in (more, fabric.plan):
        for name in ("leaf1", "leaf2"):
            evidence = await fabric.device(name).apply(config(plan, name))
            assert isinstance(evidence, Acked), evidence
            assert evidence.written > 0
            has = "br20010" in fabric.switches[name].namespace.run("ip", "-br", "link")
            assert has is (plan is more)
    probe.send_signal(signal.SIGINT)
    said, _ = probe.communicate()
    (sent,) = re.findall(r"(\d+) packets transmitted", said)
    answered = [int(number) for number in re.findall(r"icmp_seq=(\d+)", said)]
    assert answered == list(range(1, len(answered) + 1)), said
    assert len(answered) > int(sent) - 10, said  # the last were under way when it was stopped


async def test_a_missing_interface_is_named_and_waited_for(fabric: Fabric) -> None:
    plan = replace(
        fabric.plan,
        switches=tuple(
            replace(s, ports=(*s.ports, SwitchPort("later", "shop/front"))) if s.ports else s
            for s in fabric.plan.switches
        ),
    )
    leaf = fabric.device("leaf1")
    assert isinstance(await leaf.apply(config(plan, "leaf1")), Acked)
    assert await leaf.absent(config(plan, "leaf1")) == ("later",)
    fabric.switches["leaf1"].namespace.ip("link add later type veth peer name latest")
    assert await leaf.difference(config(plan, "leaf1")) != ()
    evidence = await leaf.apply(config(plan, "leaf1"))
    assert isinstance(evidence, Acked)
    shown = fabric.switches["leaf1"].namespace.run("ip", "-d", "link", "show", "later")
    assert "master br10010" in shown
    assert "alias fsdn segment shop/front" in shown
    assert isinstance(await leaf.apply(config(fabric.plan, "leaf1")), Acked)
    shown = fabric.switches["leaf1"].namespace.run("ip", "-d", "link", "show", "later")
    assert "master" not in shown
    assert "alias" not in shown
    fabric.switches["leaf1"].namespace.ip("link del later")


async def test_absent_daemons_are_no_fault_of_the_configuration(fabric: Fabric) -> None:
    spine = fabric.switches["spine2"]
    stop_frr(spine)
    try:
        with pytest.raises(SwitchUnavailableError, match="bgpd"):
            await fabric.device("spine2").apply(config(fabric.plan, "spine2"))
    finally:
        start_frr(spine)
    saved = await fabric.device("spine2").running()
    assert saved == translate(fabric.plan, "spine2").frr  # FRR came back with what was saved
    assert (await _settled(fabric, "spine2")).is_settled


def _spine_in_use(fabric: Fabric) -> str:
    """Return the spine that host1's pings to host2 go by."""
    leaf = fabric.switches["leaf1"].namespace

    def sent(spine: str) -> int:
        shown = json.loads(leaf.run("ip", "-json", "-stats", "link", "show", spine))
        return int(shown[0]["stats64"]["tx"]["packets"])

    before = {spine: sent(spine) for spine in ("spine1", "spine2")}
    fabric.outside["host1"].run("ping", "-c", "100", "-i", "0.002", "10.255.2.2")
    return max(before, key=lambda spine: sent(spine) - before[spine])


async def test_a_dead_spine_is_gone_around(
    fabric: Fabric, record_property: Callable[[str, object], None]
) -> None:
    """Silent, not down: only BFD can tell. The gap is recorded; the limit is generous."""
    assert (await _settled(fabric, "leaf1")).is_settled
    assert (await _settled(fabric, "leaf2")).is_settled
    assert reaches(fabric.outside["host1"], "10.255.2.2")
    spine = fabric.switches[_spine_in_use(fabric)]
    daemons = [spine.pid(d) for d in ("bfdd", "bgpd", "zebra")]
    argv = ["ping", "-i", "0.02", "-w", "6", "-D", "10.255.2.2"]
    probe = subprocess.Popen(
        fabric.outside["host1"].command(*argv), stdout=subprocess.PIPE, text=True
    )
    await asyncio.sleep(1)
    for pid in daemons:
        os.kill(pid, signal.SIGSTOP)
    spine.namespace.sysctl(ipv4__ip_forward=0)
    said, _ = probe.communicate()
    spine.namespace.sysctl(ipv4__ip_forward=1)
    for pid in daemons:
        os.kill(pid, signal.SIGCONT)
    stamps = [float(s) for s in re.findall(r"^\[(\d+\.\d+)\]", said, re.MULTILINE)]
    gap = max(b - a for a, b in itertools.pairwise(stamps))
    record_property("silent_spine_gap_ms", round(gap * 1000))
    print(f"silent spine: worst gap {gap * 1000:.0f} ms")
    assert gap < 4
    assert stamps[-1] - stamps[0] > 5  # and it went on to the end
