import asyncio
from pathlib import Path

import pytest

from tests.waiting import eventually
from translators.folder.read import EVERY, File
from xds_server.controller.errors import MachineError
from xds_server.store.folder import changes, look, read_files, unread_folders


def test_files_are_for_every_node_or_for_the_node_of_their_folder(tmp_path: Path) -> None:
    for path in ("b.yaml", "a.yml", "c.json", "n/own.yaml", "spiffe%3A%2F%2Fx%2Fy/z.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    for path in (".hidden.yaml", "README.md", ".git/x.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("no")
    found = {(file.node, file.text) for file in read_files(tmp_path)}
    assert found == {
        (EVERY, "a.yml"),
        (EVERY, "b.yaml"),
        (EVERY, "c.json"),
        ("n", "n/own.yaml"),
        ("spiffe://x/y", "spiffe%3A%2F%2Fx%2Fy/z.yaml"),
    }
    assert isinstance(read_files(tmp_path)[0], File)


def test_folders_within_those_of_nodes_are_told(tmp_path: Path) -> None:
    for path in ("n/deep/deeper", "n/.git", "m"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "n" / "deep" / "a.yaml").write_text("a: 1")
    assert unread_folders(tmp_path) == (str(tmp_path / "n" / "deep"),)
    assert read_files(tmp_path) == ()
    with pytest.raises(MachineError, match=r"gone.*No such file"):
        unread_folders(tmp_path / "gone")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"gone.*No such file"):
        read_files(tmp_path / "gone")
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(MachineError, match="not UTF-8"):
        read_files(tmp_path)


def test_a_look_tells_contents_apart(tmp_path: Path) -> None:
    looks = [look(tmp_path)]
    (tmp_path / "a.yaml").write_text("a")
    looks.append(look(tmp_path))
    (tmp_path / "a.yaml").write_text("ab")
    looks.append(look(tmp_path))
    (tmp_path / "a.yaml").chmod(0o600)
    looks.append(look(tmp_path))
    (tmp_path / "n").mkdir()
    looks.append(look(tmp_path))
    (tmp_path / "n" / "lost.yaml").symlink_to("nowhere")
    looks.append(look(tmp_path))
    assert len(set(looks)) == len(looks)
    assert look(tmp_path) == looks[-1]


async def test_a_change_is_told_once_it_stands_still(tmp_path: Path) -> None:
    told: list[int] = []

    async def watch() -> None:
        async for found in changes(tmp_path, look(tmp_path), pause=0.2):
            told.append(len(found))

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.5)
    assert told == []
    for number in range(40):
        (tmp_path / f"{number}.yaml").write_text("x")
        await asyncio.sleep(0.01)
    await eventually(lambda: told)
    watching.cancel()
    assert told == [40]
