from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from xds_server.controller.errors import ConflictError, NotFoundError
from xds_server.controller.values import ChangeKind, ObjectChange, StatusRow, StoredObject
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[SqlRepository]:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    yield SqlRepository(engine)
    await engine.dispose()


def thing(name: str, source: str = "text") -> StoredObject:
    return StoredObject(f"policy/shop/{name}", "Policy", "shop", name, "a.yaml", 3, source)


def added(*things: StoredObject) -> list[ObjectChange]:
    return [ObjectChange(ChangeKind.ADDED, one) for one in things]


async def test_every_revision_can_be_read_as_it_was(repository: SqlRepository) -> None:
    one, two, changed = thing("one"), thing("two"), thing("one", "other\n  text # é\n")
    await repository.commit(0, "ann", "first", 1.0, added(one, two), {"rules": {"a": 1}})
    await repository.commit(
        1, "bob", "second", 2.0, [ObjectChange(ChangeKind.CHANGED, changed)], {"rules": {"a": 2}}
    )
    await repository.commit(2, "ann", "third", 3.0, [ObjectChange(ChangeKind.REMOVED, two)], {})
    await repository.commit(3, "ann", "fourth", 4.0, added(two), {})
    assert await repository.head() == 4
    assert await repository.objects(1) == (one, two)
    assert await repository.objects(2) == (changed, two)
    assert await repository.objects(3) == (changed,)
    assert await repository.objects(4) == (changed, two)
    assert await repository.allocations(1) == {"rules": {"a": 1}}
    assert await repository.allocations(4) == {}
    assert [r.author for r in await repository.revisions(3)] == ["ann", "ann", "bob"]


async def test_numbers_that_stay_are_written_once(repository: SqlRepository) -> None:
    await repository.commit(0, "a", "", 1.0, added(thing("one")), {"rules": {"a": 1}})
    await repository.commit(1, "a", "", 2.0, added(thing("two")), None)
    await repository.commit(2, "a", "", 3.0, added(thing("six")), {"rules": {"a": 2}})
    found = [await repository.allocations(number) for number in range(4)]
    assert found == [{}, {"rules": {"a": 1}}, {"rules": {"a": 1}}, {"rules": {"a": 2}}]


async def test_only_one_change_follows_a_revision(repository: SqlRepository) -> None:
    await repository.commit(0, "a", "", 1.0, added(thing("one")), {})
    with pytest.raises(ConflictError, match="apply again"):
        await repository.commit(0, "b", "", 2.0, added(thing("two")), {})
    assert await repository.objects(1) == (thing("one"),)
    with pytest.raises(ConflictError, match="not in the store"):
        await repository.commit(7, "b", "", 2.0, added(thing("two")), {})


async def test_a_failing_commit_leaves_nothing(repository: SqlRepository) -> None:
    twice = added(thing("one"), thing("one"))
    with pytest.raises(ConflictError):
        await repository.commit(0, "a", "", 1.0, twice, {})
    assert await repository.head() == 0
    assert await repository.objects(1) == ()


async def test_digests_form_a_chain(repository: SqlRepository) -> None:
    first = await repository.commit(0, "a", "m", 1.0, added(thing("one")), {})
    second = await repository.commit(1, "a", "m", 1.0, added(thing("two")), {})
    assert len({first.digest, second.digest}) == 2
    assert (await repository.revision(2)).digest == second.digest


async def test_an_acknowledgement_is_noted_once(repository: SqlRepository) -> None:
    await repository.commit(0, "a", "", 1.0, added(thing("one")), {})
    assert (await repository.revision(1)).acked_after is None
    await repository.acknowledged(1, 0.5)
    await repository.acknowledged(1, 9.0)
    assert (await repository.revision(1)).acked_after == 0.5


async def test_an_unknown_revision_names_the_newest(repository: SqlRepository) -> None:
    with pytest.raises(NotFoundError, match="the newest is 0"):
        await repository.revision(3)


async def test_the_last_state_of_a_device_replaces_the_one_before(
    repository: SqlRepository,
) -> None:
    old = StatusRow("proxy/host1", "lds", "1", "SYNCED", "", 1.0)
    new = StatusRow("proxy/host1", "lds", "2", "NACKED", "bad", 2.0)
    await repository.save_status([old])
    await repository.save_status([new])
    assert await repository.load_status() == (new,)


async def test_many_rows_are_replaced_part_by_part(repository: SqlRepository) -> None:
    rows = [StatusRow(f"proxy/{n}", "t", "v1", "SYNCED", "", 1.0) for n in range(1100)]
    await repository.save_status(rows)
    again = [replace(row, version="v2") for row in rows[:700]]
    await repository.save_status(again)
    found = {row.device: row.version for row in await repository.load_status()}
    assert len(found) == 1100
    assert sum(version == "v2" for version in found.values()) == 700
