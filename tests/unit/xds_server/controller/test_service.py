import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.controlling import Sinks, controlling, policies, shop
from tests.waiting import PATIENCE, eventually
from translators.compiler import advice
from translators.compiler.draft import Draft
from translators.compiler.table import Table
from translators.fabric import FabricError
from translators.plan.model import Plan
from xds_server.controller.errors import (
    NotFoundError,
    RefusedError,
    StoreError,
    UntranslatableError,
)
from xds_server.controller.ledger import REST
from xds_server.controller.merge import stored
from xds_server.controller.service import Controller
from xds_server.controller.switches import find_switch
from xds_server.controller.targets import switch_config
from xds_server.controller.values import SourceFile, StoredObject
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, PortsChanged
from xds_server.snapshots.model import SwitchConfig
from xds_server.status.model import State as Running

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


async def test_a_change_keeps_the_controller_busy_for_a_moment(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        assert not controller.busy
        controller.clock.step = 0.01  # type: ignore[attr-defined]
        await controller.apply(shop(), "ann", "")
        assert controller.state.acked  # nobody is connected
        assert controller.busy
        controller.clock.step = REST  # type: ignore[attr-defined]
        assert not controller.busy


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


TWICE = """\
apiVersion: fsdn/v1
kind: Policy
metadata: {name: twice, tenant: shop}
spec:
  from: [{workload: web}]
  to: [{service: stock}]
  rules:
    - action: deny
    - action: deny
"""


async def test_an_author_is_warned_once_devices_were_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
        held_then = []
        real = advice.conflicts

        def conflicts(draft: Draft, before: tuple[Draft, Table[None]] | None) -> Table[None]:
            held_then.append(controller.state.revision)
            return real(draft, before)

        monkeypatch.setattr(advice, "conflicts", conflicts)
        twice = [SourceFile("twice.yaml", TWICE)]
        tried = await controller.apply(twice, "ann", "", dry_run=True)
        found = await controller.apply(twice, "ann", "")
        assert ("twice.yaml", 9, "FS4001") in {(d.file, d.line, d.code) for d in found.diagnostics}
        assert tried.diagnostics == found.diagnostics
        assert held_then == [1, 2]


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
        assert not await asyncio.wait_for(waiting, PATIENCE)


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


def refuse_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fabric's dialect refuse leaf1, as it does what passes every check before it."""

    def picky(plan: Plan, switch: str) -> SwitchConfig:
        if switch == "leaf1":
            raise FabricError("fabric.yaml:12: switch leaf1: interface x1 is used twice")
        return switch_config(plan, switch)

    monkeypatch.setattr("xds_server.controller.targets.switch_config", picky)


async def test_what_a_device_cannot_hold_is_refused_before_it_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        await controller.apply(shop(), "ann", "")
        before = (controller.state, controller.holds, dict(sinks.snapshots))
        refuse_leaf(monkeypatch)
        change = [SourceFile(f.name, f.text.replace("asn: 65001", "asn: 65009")) for f in shop()]
        for dry_run in (True, False):
            with pytest.raises(UntranslatableError, match=r"switch/leaf1: fabric.yaml:12: .* x1 "):
                await controller.apply(change, "ann", "", dry_run=dry_run)
        assert (controller.state, controller.holds, sinks.snapshots) == before
        assert await controller.repository.head() == 1


async def test_a_stored_policy_that_no_longer_fits_is_shown_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade: the store has what this program would refuse."""
    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
    refuse_leaf(monkeypatch)
    async with controlling(tmp_path) as (controller, sinks):
        assert controller.state.revision == 1
        assert sinks.snapshots["host1"].resources
        leaf = Device(DeviceKind.SWITCH, "leaf1")
        controller.switches.polled("leaf1")
        known = controller.state.status.of(leaf)
        assert known.overall is Running.NACKED
        refusal = known.types["config"].refusal
        assert refusal is not None
        assert refusal.origin == "fabric.yaml:12"
        with pytest.raises(NotFoundError, match="interface x1 is used"):
            find_switch(controller.state, "leaf1")
        monkeypatch.undo()
        await controller.apply(policies("weight: 90", "weight: 50"), "ann", "")
        assert controller.state.status.of(leaf).overall is Running.STALE


async def test_a_program_that_cannot_be_made_does_not_end_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ValueError("31000 rules in one order: a table holds at most 30000")

    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
        running = asyncio.create_task(controller.run())
        monkeypatch.setattr("xds_server.controller.translations.translation", full)
        controller.feed(Connected(BRIDGE, 1.0))
        controller.feed(PortsChanged(BRIDGE, 1.0, {"web": 3}))
        refused = controller.until(
            lambda state: state.status.of(BRIDGE).overall is Running.NACKED, 10
        )
        assert await refused
        assert not running.done()
        monkeypatch.undo()
        controller.feed(PortsChanged(BRIDGE, 2.0, {"web": 4}))
        assert await controller.until(lambda state: "host1" in state.programs, 10)
        running.cancel()


async def test_the_database_may_fail_while_the_server_runs(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        await controller.apply(shop(), "ann", "")
        running = asyncio.create_task(controller.run())
        with sqlite3.connect(tmp_path / "fsdn.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            controller.feed(Connected(BRIDGE, 1.0))
            await eventually(lambda: controller.ledger.trouble)
            with pytest.raises(StoreError, match="locked"):
                await controller.apply(policies("weight: 90", "weight: 50"), "bob", "")
            assert controller.state.revision == 1
            other.execute("ROLLBACK")
        await eventually(lambda: not controller.ledger.trouble)
        assert not running.done()
        await controller.apply(policies("weight: 90", "weight: 50"), "bob", "")
        running.cancel()
