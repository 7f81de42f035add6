import asyncio
from pathlib import Path

import pytest

from tests.controlling import Sinks, controlling, policies, shop
from xds_server.controller.errors import NotFoundError, RefusedError
from xds_server.controller.merge import stored
from xds_server.controller.service import Controller
from xds_server.controller.values import SourceFile, StoredObject
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, PortsChanged

BRIDGE = Device(DeviceKind.BRIDGE, "host1")


def held(controller: Controller) -> list[StoredObject]:
    return [stored(document) for document in controller.holds.documents.values()]


async def test_an_apply_stores_and_publishes(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        outcome = await controller.apply(shop(), "ann", "first")
        assert outcome.stored
        assert outcome.revision == 1
        assert sinks.hosts == {1: "host1", 2: "host2"}
        assert sinks.snapshots["host1"].resources
        assert set(controller.state.targets.switches) == {"leaf1", "leaf2", "spine1", "spine2"}


async def test_an_equal_apply_is_no_revision(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
        outcome = await controller.apply(shop(), "ann", "")
        assert not outcome.stored
        assert outcome.revision == 1


async def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        outcome = await controller.apply(shop(), "ann", "", dry_run=True)
        assert len(outcome.changes) == 26
        assert not outcome.stored
        assert sinks.snapshots == {}
        assert await controller.repository.head() == 0


async def test_an_error_anywhere_means_that_nothing_is_stored(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        broken = SourceFile("broken.yaml", "kind: Polcy\n")
        with pytest.raises(RefusedError):
            await controller.apply([*shop(), broken], "ann", "")
        assert await controller.repository.head() == 0
        assert sinks.snapshots == {}


async def test_a_restart_finds_everything_as_it_was(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await controller.apply(shop(), "ann", "")
        await controller.apply(policies("weight: 90", "weight: 50"), "bob", "")
        before = (held(controller), controller.state.plan, sinks.snapshots)
    async with controlling(tmp_path) as (again, fresh):
        assert (held(again), again.state.plan, fresh.snapshots) == before
        assert again.state.revision == 2


async def test_a_rollback_restores_objects_and_numbers_exactly(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await controller.apply(shop(), "ann", "")
        before = (held(controller), controller.state.plan, dict(sinks.snapshots))
        await controller.delete(["policy/shop/reviews"], "bob", "")
        assert controller.state.plan != before[1]
        outcome = await controller.rollback(1, "ann", "")
        assert outcome.revision == 3
        assert (held(controller), controller.state.plan, sinks.snapshots) == before


async def test_a_rollback_to_nowhere_says_so(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        with pytest.raises(NotFoundError, match="no revision 4"):
            await controller.rollback(4, "ann", "")


async def test_concurrent_applies_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
        tenants = [
            SourceFile(
                f"{n}.yaml", f"apiVersion: fsdn/v1\nkind: Tenant\nmetadata: {{name: t{n}}}\n"
            )
            for n in range(8)
        ]
        outcomes = await asyncio.gather(*(controller.apply([one], "x", "") for one in tenants))
        assert sorted(outcome.revision for outcome in outcomes) == list(range(2, 10))
        assert {f"tenant/t{n}" for n in range(8)} <= set(controller.holds.documents)


async def test_ports_lead_to_a_program(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await controller.apply(shop(), "ann", "")
        running = asyncio.create_task(controller.run())
        controller.feed(Connected(BRIDGE, 1.0))
        controller.feed(PortsChanged(BRIDGE, 1.0, {"web": 3, "fsdn-proxy": 1, "fsdn-tun": 2}))
        assert await controller.until(lambda state: "host1" in state.programs, 10)
        assert sinks.programs[1].flows
        running.cancel()


async def test_waiting_ends_with_time_or_with_the_program(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        assert not await controller.until(lambda state: state.revision > 0, 0.01)
        waiting = asyncio.create_task(controller.until(lambda state: state.revision > 0, 60))
        await asyncio.sleep(0)
        controller.close()
        assert not await asyncio.wait_for(waiting, 5)


async def test_what_an_effect_brings_about_waits_for_its_turn(tmp_path: Path) -> None:
    """A bridge may speak while the hosts are being declared; its evidence must not overtake."""
    sinks = Sinks()
    async with controlling(tmp_path, sinks) as (controller, _):
        declare = sinks.bridges.set_hosts

        def speaks(hosts: dict[int, str]) -> None:
            declare(hosts)
            controller.feed(Connected(BRIDGE, 1.0))
            assert not controller.state.status.of(BRIDGE).connected

        sinks.bridges.set_hosts = speaks  # type: ignore[method-assign, assignment]
        await controller.apply(shop(), "ann", "")
        assert controller.state.status.of(BRIDGE).connected
        assert sinks.snapshots
