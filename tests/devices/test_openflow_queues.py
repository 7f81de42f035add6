"""Queues in a real database and at a real bridge: made, changed, left alone, and gone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.devices.ovs_bridge import DATAPATH, RestartableOvs
from tests.devices.test_openflow_database import Bed, managed
from xds_server.snapshots.queues import PortQueue
from xds_server.southbound.ovsdb import OvsdbServer

pytestmark = pytest.mark.device

FIVE = PortQueue(5, 20_000, 2_000, "shop/p[0]", 18)
SIX = PortQueue(6, 1_000, 100, "shop/p[1]")


def _want(bed: Bed, **ports: tuple[PortQueue, ...]) -> None:
    bed.server.set_hosts({DATAPATH: "host1"}, {}, {"host1": ports})


async def _rows(bed: Bed, table: str) -> list[dict[str, Any]]:
    """Return a table's rows, by column."""
    text = await asyncio.to_thread(bed.ovs.vsctl, "--format=json", "list", table)
    told = json.loads(text)
    return [dict(zip(told["headings"], row, strict=True)) for row in told["data"]]


async def _versions(bed: Bed) -> list[Any]:
    """Return every row that queues are made of, with a number that each write of it changes."""
    asked = [
        {"op": "select", "table": table, "where": [], "columns": ["_uuid", "_version"]}
        for table in ("QoS", "Queue", "Port")
    ]
    return await bed.server.transact(DATAPATH, *asked)


def _held(bed: Bed) -> dict[int, dict[str, str]]:
    """Return the config of the queues at the port, by number, as the database tells us."""
    bridge = bed.server.bridge(DATAPATH)
    qos = () if bridge is None else bridge.qos
    return {n: dict(queue.config) for one in qos for n, queue in one.queues.items()}


async def test_queues_come_change_and_go() -> None:
    async with managed() as bed:
        await bed.bridge()
        _want(bed, web=(FIVE, SIX))
        await bed.until(lambda: set(_held(bed)) == {5, 6})
        rates = {"min-rate": "20000000", "max-rate": "20000000", "burst": "2000000"}
        assert _held(bed)[5] == rates
        (port,) = [row for row in await _rows(bed, "Port") if row["name"] == "web"]
        (qos,) = await _rows(bed, "QoS")
        assert port["qos"] == qos["_uuid"]
        assert qos["type"] == "linux-htb"
        _want(bed, web=(PortQueue(5, 9_000, 900, "shop/p[0]", 18),))
        await bed.until(lambda: _held(bed).get(5, {}).get("max-rate") == "9000000")
        await bed.until(lambda: set(_held(bed)) == {5})
        assert len(await _rows(bed, "Queue")) == 1
        _want(bed)
        await bed.until(lambda: not _held(bed))
        assert await _rows(bed, "QoS") == await _rows(bed, "Queue") == []


async def test_a_reconnect_writes_nothing() -> None:
    async with managed() as bed:
        await bed.bridge()
        _want(bed, web=(FIVE,))
        await bed.until(lambda: set(_held(bed)) == {5})
        before = await _versions(bed)
        await bed.server.stop()
        bed.server = OvsdbServer(bed.seen.append)
        _want(bed, web=(FIVE,))
        assert await bed.server.start("127.0.0.1", bed.port) == bed.port
        await bed.until(lambda: set(_held(bed)) == {5})
        await asyncio.sleep(0.5)
        assert await _versions(bed) == before


async def test_what_somebody_changes_is_mended() -> None:
    async with managed() as bed:
        await bed.bridge()
        _want(bed, web=(FIVE,))
        await bed.until(lambda: set(_held(bed)) == {5})
        (queue,) = await _rows(bed, "Queue")
        own = queue["_uuid"][1]
        await bed.vsctl("set", "queue", own, "other_config:max-rate=1")
        rate = ("get", "queue", own, "other_config:max-rate")  # asked there: we hear of it later
        await bed.until(lambda: bed.ovs.vsctl(*rate).strip() == '"20000000"')
        await bed.vsctl("clear", "port", "web", "qos")
        await bed.until(lambda: bed.ovs.vsctl("get", "port", "web", "qos").strip() != "[]")
        only = ("--bare", "--columns=_uuid", "list")  # what was made before is taken away
        await bed.until(lambda: len(bed.ovs.vsctl(*only, "qos").split()) == 1)
        await bed.until(lambda: len(bed.ovs.vsctl(*only, "queue").split()) == 1)


def _strays(bed: Bed) -> tuple[str, ...]:
    bridge = bed.server.bridge(DATAPATH)
    return () if bridge is None else bridge.strays


async def test_a_port_that_goes_takes_its_queues_along() -> None:
    async with managed() as bed:
        await bed.bridge()
        _want(bed, web=(FIVE,))
        await bed.until(lambda: set(_held(bed)) == {5})
        await bed.vsctl("del-port", "br0", "web")
        await bed.until(lambda: not _held(bed) and not _strays(bed))
        assert await _rows(bed, "QoS") == await _rows(bed, "Queue") == []


async def test_the_qos_of_others_is_a_state_and_stays() -> None:
    async with managed() as bed:
        await bed.bridge()
        make = "set port web qos=@q -- --id=@q create qos type=linux-htb other_config:max-rate=7"
        await bed.vsctl("--", *make.split())
        before = await _rows(bed, "QoS")
        _want(bed, web=(FIVE,))
        text = await bed.warning("queues")
        assert "shop/p[0] at port web: the port has a QoS of others, which is left alone" in text
        assert await _rows(bed, "QoS") == before
        assert await _rows(bed, "Queue") == []
        await bed.vsctl("--", "--all", "destroy", "qos", "--", "clear", "port", "web", "qos")
        assert await bed.warning("queues") == ""
        await bed.until(lambda: set(_held(bed)) == {5})


async def test_queues_that_nobody_can_write_are_a_state() -> None:
    with RestartableOvs() as ovs:
        bed = Bed(ovs)
        _want(bed, web=(FIVE,))
        assert "no OVSDB session reaches its bridge" in await bed.warning("queues")
        _want(bed)
        assert await bed.warning("queues") == ""
