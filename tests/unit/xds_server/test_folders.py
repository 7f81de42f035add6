import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.controlling import controlling
from tests.unit.translators.envoy.test_health_checks import CLUSTER as CHECKED
from tests.unit.translators.folder.test_checks import text
from tests.waiting import eventually
from translators.envoy.resources import CLUSTER
from xds_server.controller.errors import MachineError, UnsafeError
from xds_server.controller.providing import Verdict
from xds_server.folders import Folders, resource_folder, secret_folder
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.xds.resource_types import SECRET
from xds_server.protocols.xds.secrets import SecretKeeper
from xds_server.snapshots.model import Snapshot

GOOD = f"'@type': {CLUSTER}\nname: a\n"


async def test_a_folder_is_served_watched_and_reloaded(tmp_path: Path) -> None:
    folder = tmp_path / "resources"
    (folder / "n").mkdir(parents=True)
    file = folder / "n" / "a.yaml"
    file.write_text(GOOD)
    async with controlling(tmp_path) as (controller, sinks):
        found = Folders(resource_folder(folder, controller, HealthTable()))
        await found.open()
        assert [state.state for state in found.states()] == [Verdict.SERVED]
        assert found.text(f"{file}:2") == "name: a"
        assert found.text("policy.yaml:1") == ""
        watching = asyncio.create_task(found.watch())
        await _until(file, "name: [", lambda: found.states()[0].state is Verdict.REFUSED)
        await _until(
            file, GOOD.replace("a\n", "b\n"), lambda: "b" in sinks.snapshots["n"].of(CLUSTER)
        )
        watching.cancel()
        file.unlink()
        assert found.resources is not None
        with pytest.raises(UnsafeError):
            await found.resources.reload()
        state = await found.resources.reload(allow_shrink=True)
        assert state.count == 0


async def _until(file: Path, text: str, holds: Callable[[], object]) -> None:
    file.write_text(text)
    await eventually(holds)


@pytest.mark.parametrize(("text", "why"), [("a: [", "FS1001"), (None, "cannot read")])
async def test_a_server_does_not_start_on_a_folder_that_it_cannot_serve(
    tmp_path: Path, text: str | None, why: str
) -> None:
    folder = tmp_path / "resources"
    if text is not None:
        folder.mkdir()
        (folder / "a.yaml").write_text(text)
    async with controlling(tmp_path) as (controller, _):
        with pytest.raises(MachineError, match=why):
            await Folders(resource_folder(folder, controller, HealthTable())).open()


async def test_checks_are_handed_out(tmp_path: Path) -> None:
    folder = tmp_path / "resources"
    (folder / "n" / "deep").mkdir(parents=True)
    (folder / "n" / "checks.json").write_text(text(CHECKED))
    async with controlling(tmp_path) as (controller, _):
        table = HealthTable()
        found = Folders(resource_folder(folder, controller, table))
        await found.open()
        assert len(table.assigned("n").endpoints) == 1
        [state] = found.states()
        assert [one.code for one in state.findings] == ["FS6015", "FS6017"]


async def test_without_folders_there_is_nothing_to_do(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        assert resource_folder(None, controller, HealthTable()) is None
    await Folders().open()
    await Folders().watch()
    assert Folders().states() == ()
    assert Folders().text("a:1") == ""


async def test_secrets_are_served_watched_and_kept_as_they_were_sound(tmp_path: Path) -> None:
    folder, told = tmp_path / "secrets", dict[str, Snapshot]()
    file = folder / "n" / "token" / "generic"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"hunter2")
    file.chmod(0o600)
    keeper = SecretKeeper(_Told(told))
    owners: list[frozenset[str]] = []
    secrets = secret_folder(folder, keeper, lambda: b"k" * 32, lambda: 5.0, owners.append)
    found = Folders(secrets=secrets)
    await found.open()
    [state] = found.states()
    assert (state.name, state.state, state.count, state.nodes) == ("secrets", Verdict.SERVED, 1, 1)
    assert [one.name for one in found.secrets_of("n")] == ["token"]
    assert found.secrets_of("m") == ()
    assert found.expiries() == ()
    watching = asyncio.create_task(found.watch())
    file.chmod(0o644)
    await _until(file, "hunter3", lambda: found.states()[0].state is Verdict.REFUSED)
    assert b"hunter2" in told["n"].of(SECRET)["token"].body
    assert "hunter" not in repr(found) + repr(found.states()) + repr(told)
    watching.cancel()
    file.unlink()
    file.parent.rmdir()
    assert found.secrets is not None
    await found.secrets.reload()
    assert told["n"].of(SECRET) == {}
    assert (owners[0], owners[-1]) == ({"n"}, frozenset())
    (folder / "n").rmdir()
    folder.rmdir()
    with pytest.raises(MachineError, match="cannot read"):
        await found.secrets.reload()
    assert "cannot read" in found.states()[0].error


class _Told:
    def __init__(self, held: dict[str, Snapshot]) -> None:
        self.held = held

    def publish(self, node: str, snapshot: Snapshot) -> None:
        self.held[node] = snapshot

    def withdraw(self, node: str) -> None:
        self.held.pop(node, None)
