"""Drift in the words of the policy, and the watch that looks for it."""

import asyncio
from pathlib import Path

import pytest

from tests.controlling import Sinks, controlling, shop
from tests.devices.ovs_bridge import DROP, flow, group
from tests.waiting import eventually
from translators.openflow.cookie import Cause, cookie
from xds_server.controller.drift import DriftWatch, HostDrift, Seen, drift_of
from xds_server.controller.errors import NotFoundError
from xds_server.controller.service import Controller
from xds_server.controller.values import SourceFile
from xds_server.protocols.openflow.drift import Deviation, Kind
from xds_server.protocols.ovsdb.mirror import Bridge, Interface
from xds_server.snapshots.evidence import Device, DeviceKind, PortsChanged, Warned

SLOW = """
apiVersion: fsdn/v1
kind: Policy
metadata: {name: slow, tenant: shop}
spec:
  from: [{workload: reviews-1}]
  to: [{workload: web}]
  rules: [{match: {udp: {}}, action: allow, shape: {rate: 1Mbps, dscp: 9, queue: true}}]
"""
HOST1 = Device(DeviceKind.BRIDGE, "host1")


async def _applied(controller: Controller) -> None:
    await controller.apply(shop(), "me", "")
    ports = {"web": 1, "reviews-2": 2, "spy": 3}
    controller.feed(PortsChanged(HOST1, 1.0, ports))


async def test_each_difference_names_the_line_behind_it(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await _applied(controller)
        rule = controller.state.plan.rules[0]
        ours = flow(80)._replace(cookie=cookie(Cause.RULE, rule.number))
        foreign = flow(53)._replace(cookie=0x77)
        sinks.deviations[1] = (
            Deviation(Kind.MISSING, ours),
            Deviation(Kind.CHANGED, group(7, 1)),
            Deviation(Kind.FOREIGN, foreign),
        )
        found = await drift_of(controller.state, sinks.bridges, sinks.databases, "host1")
    missing, changed, other = found.differences
    assert missing.origin == str(rule.origin)
    assert missing.what.endswith("table=0,priority=100,eth_type=0x0800,nw_proto=17,udp_dst=80")
    assert (changed.kind, changed.what) == ("changed", "group 7")
    assert (other.kind, other.origin) == ("foreign", "")
    assert found.counts == {"missing": 1, "changed": 1, "left over": 0, "foreign": 1}


async def test_a_workload_without_its_port_is_a_difference(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await _applied(controller)
        sinks.deviations[1] = ()
        controller.feed(PortsChanged(HOST1, 2.0, {"web": 1, "spy": 3}))
        found = await drift_of(controller.state, sinks.bridges, sinks.databases, "host1")
    (only,) = found.differences
    assert only.what == "port reviews-2 of shop/reviews-2"
    assert "workloads.yaml:" in only.origin
    assert set(found.counts.values()) == {0}


async def test_queues_are_compared_with_what_the_database_tells(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        text = [*shop(), SourceFile("slow.yaml", SLOW)]
        await controller.apply(text, "me", "")
        controller.feed(PortsChanged(HOST1, 1.0, {"web": 1, "reviews-2": 2, "spy": 3}))
        sinks.deviations[1] = ()
        away = await drift_of(controller.state, sinks.bridges, sinks.databases, "host1")
        web = Interface("web", "", 1, {}, "", port="web")
        sinks.described = (Bridge("br-int", 1, "secure", (), (web,), "3.1.0"),)
        found = await drift_of(controller.state, sinks.bridges, sinks.databases, "host1")
    assert [one.what for one in away.differences] == [
        "OVSDB session with its database, which alone tells of its queues"
    ]
    (missing,) = found.differences
    (wanted,) = sinks.queues["host1"]["web"]
    assert (missing.kind, missing.what) == ("missing", f"queue {wanted.number} of port web")
    assert missing.origin == "slow.yaml:8"
    assert set(found.counts.values()) == {0}


async def test_a_bridge_that_is_away_or_silent_is_not_called_equal(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await _applied(controller)
        assert (
            await drift_of(controller.state, sinks.bridges, sinks.databases, "host2")
        ).seen is Seen.AWAY
        silent = _Silent(sinks)
        assert await drift_of(controller.state, silent, sinks.databases, "host1") == HostDrift(
            "host1", Seen.SILENT
        )
        with pytest.raises(NotFoundError, match="no host host9"):
            await drift_of(controller.state, sinks.bridges, sinks.databases, "host9")


async def test_a_fix_sweeps_before_it_looks(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await _applied(controller)
        sinks.deviations[1] = ()
        await controller.drift.look("host1")
        assert sinks.resynced == []
        await controller.drift.look("host1", fix=True)
        assert (sinks.resynced, sinks.requeued) == ([(1, True)], [1])


async def test_the_watch_warns_and_takes_its_warning_back(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await _applied(controller)
        told: list[Warned] = []
        watch = DriftWatch(
            lambda: controller.state, sinks.bridges, sinks.databases, told.append, lambda: 5.0, 0.01
        )
        sinks.deviations[1] = (Deviation(Kind.MISSING, flow(1, DROP)),)
        task = asyncio.create_task(watch.run())
        await eventually(lambda: bool(told))
        assert "1 missing; see fsdn drift --host host1" in told[0].warning
        sinks.deviations[1] = ()
        await eventually(lambda: told[-1].warning == "")
        assert set(watch.found) == {"host1"}  # host2 is away: nothing is known of it
        task.cancel()


class _Silent(type(Sinks().bridges)):  # type: ignore[misc]
    async def drift(self, _datapath_id: int) -> None:
        raise TimeoutError("no answer")
