import asyncio
from pathlib import Path

import pytest

from tests.controlling import controlling
from translators.envoy.resources import CLUSTER
from xds_server.controller.errors import MachineError, UnsafeError
from xds_server.controller.providing import Reading
from xds_server.folders import Folders, resource_folder

GOOD = f"'@type': {CLUSTER}\nname: a\n"


async def test_a_folder_is_served_watched_and_reloaded(tmp_path: Path) -> None:
    folder = tmp_path / "resources"
    (folder / "n").mkdir(parents=True)
    file = folder / "n" / "a.yaml"
    file.write_text(GOOD)
    async with controlling(tmp_path) as (controller, sinks):
        found = Folders(resource_folder(folder, controller))
        await found.open()
        assert [state.state for state in found.states()] == [Reading.SERVED]
        assert found.text(f"{file}:2") == "name: a"
        assert found.text("policy.yaml:1") == ""
        watching = asyncio.create_task(found.watch())
        await _until(file, "name: [", lambda: found.states()[0].state is Reading.REFUSED)
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


async def _until(file: Path, text: str, holds: object) -> None:
    file.write_text(text)
    async with asyncio.timeout(20):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.05)


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
            await Folders(resource_folder(folder, controller)).open()


async def test_without_folders_there_is_nothing_to_do(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        assert resource_folder(None, controller) is None
    await Folders().open()
    await Folders().watch()
    assert Folders().states() == ()
    assert Folders().text("a:1") == ""
