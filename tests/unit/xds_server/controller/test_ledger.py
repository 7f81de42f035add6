import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from immutables import Map

from tests.conversations.controller.script import PROXY, Conversation, program, snapshot, targets
from xds_server.controller.ledger import AT_ONCE, LONGEST_DELAY, PART, PATIENCE, REST, Ledger
from xds_server.controller.values import Progress, ProgressRow, Reach, StatusRow
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_locked_database_is_tried_again_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xds_server.store.engine._PRAGMAS", ("busy_timeout=20",))
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository, time = SqlRepository(engine), Time()
    await repository.commit(0, "ann", "", 1.0, [], {})
    ledger = Ledger(repository, time)
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a"), program(1)))
    talk.ack_proxy()
    ledger.reached(1, 0.5)
    stored = await repository.revision(1)
    assert stored.acked_after is None
    assert ledger.complete(stored).acked_after == 0.5  # told before it is stored
    assert ledger.complete(replace(stored, number=2)).acked_after is None
    with sqlite3.connect(tmp_path / "db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        delays = []
        for _ in range(7):
            await ledger.tick(talk.state)
            assert "locked" in ledger.trouble
            before = ledger.due
            await ledger.tick(talk.state)  # its time has not come
            assert ledger.due == before
            delays.append(ledger.due - time.now)
            time.now = ledger.due
        assert delays == [1, 2, 4, 8, 16, 30, LONGEST_DELAY]
        other.execute("ROLLBACK")
    await ledger.tick(talk.state)
    assert ledger.trouble == ""
    assert {row.device for row in await repository.load_status()} == {"proxy/host1"}
    assert (await repository.revision(1)).acked_after == 0.5
    kept = {row.device: row.progress.reach for row in await repository.load_progress(1)}
    assert kept["proxy/host1"] is Reach.ACKED
    assert kept["bridge/host1"] is Reach.ABSENT
    await engine.dispose()


async def test_the_last_word_on_a_revision_is_kept_when_the_next_one_comes(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository = SqlRepository(engine)
    for number in (0, 1):
        await repository.commit(number, "ann", "", 1.0, [], {})
    ledger, talk = Ledger(repository, Time()), Conversation()
    talk.commit(1, targets(snapshot("a")))
    refused = Progress(Reach.NACKED, None, "no", "a.yaml:3")
    ledger.note(replace(talk.state, progress={PROXY: refused}))
    talk.commit(2, targets(snapshot("b")))
    assert await repository.load_progress(1) == ()
    assert {row.progress for row in ledger.waiting(1).values()} == {refused}  # told before it is
    await ledger.close(talk.state)
    assert ledger.waiting(1) == {}
    assert [row.progress for row in await repository.load_progress(1)] == [refused]
    assert {r.progress.reach for r in await repository.load_progress(2)} == {Reach.ABSENT}
    await engine.dispose()


class Counted(SqlRepository):
    """A repository that remembers how many rows each transaction about devices had."""

    def listen(self) -> list[int]:
        self.saved: list[int] = []
        return self.saved

    async def save_status(self, rows: Sequence[StatusRow]) -> None:
        self.saved.append(len(rows))
        await super().save_status(rows)

    async def save_progress(self, rows: Sequence[ProgressRow]) -> None:
        self.saved.append(len(rows))
        await super().save_progress(rows)


async def test_a_revision_on_its_way_comes_before_what_devices_say(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository, time, talk = Counted(engine), Time(), Conversation()
    for number in (0, 1):
        await repository.commit(number, "ann", "", 1.0, [], {})
    saved, ledger = repository.listen(), Ledger(repository, time)
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    for _ in range(4):
        await ledger.tick(talk.state)
    assert saved == []
    talk.ack_proxy()
    await ledger.tick(talk.state)
    assert saved == []  # another change may follow at once
    assert ledger.resting
    time.now += REST
    assert not ledger.resting
    await ledger.tick(talk.state)
    once = [1, len(talk.state.progress)]  # a word of the proxy, and how far each device has come
    assert saved == once
    talk.commit(2, targets(snapshot("b")))  # which is never acknowledged
    await ledger.tick(talk.state)
    assert saved == once
    time.now += PATIENCE
    await ledger.tick(talk.state)
    assert len(saved) > len(once)
    kept = {row.device: row.progress.reach for row in await repository.load_progress(2)}
    assert kept["proxy/host1"] is Reach.PENDING
    await engine.dispose()


async def test_a_long_write_gives_way_and_is_gone_on_with(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository, time, talk = Counted(engine), Time(), Conversation()
    await repository.commit(0, "ann", "", 1.0, [], {})
    saved, ledger = repository.listen(), Ledger(repository, time)
    talk.commit(1, targets(snapshot("a")))
    many = Map({Device(DeviceKind.PROXY, f"n{n}"): Progress(Reach.ABSENT) for n in range(1200)})
    state = replace(talk.state, progress=many, acked=True)

    async def interrupted(rows: Sequence[ProgressRow]) -> None:
        await SqlRepository.save_progress(repository, rows)
        saved.append(len(rows))
        ledger.note(state)  # the next revision is about to be published

    repository.save_progress = interrupted  # type: ignore[method-assign]
    await ledger.tick(state)
    assert saved == [AT_ONCE]
    await ledger.tick(replace(state, acked=False))
    assert saved == [AT_ONCE]
    await ledger.close(state)
    assert saved == [AT_ONCE, AT_ONCE, 1200 - 2 * AT_ONCE]
    assert len(await repository.load_progress(1)) == 1200
    await engine.dispose()


async def test_what_has_waited_for_long_is_written_in_parts_while_changes_follow_each_other(
    tmp_path: Path,
) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    repository, time, talk = Counted(engine), Time(), Conversation()
    last = 2 * PART
    for number in range(last):
        await repository.commit(number, "ann", "", 1.0, [], {})
    saved, ledger = repository.listen(), Ledger(repository, time)
    talk.commit(1, targets(snapshot("a")))
    many = Map({Device(DeviceKind.PROXY, f"n{n}"): Progress(Reach.ABSENT) for n in range(600)})
    states = [
        replace(talk.state, revision=number, progress=many, acked=False)
        for number in range(1, last + 1)
    ]
    for state in states[:-1]:
        ledger.note(state)
    time.now += PATIENCE
    await ledger.tick(states[-1])
    assert saved == [AT_ONCE]  # of two revisions' rows
    for _ in range(4 * PART):
        await ledger.tick(states[-1])
    assert max(saved) <= AT_ONCE
    assert len(await repository.load_progress(last)) == 600  # all that waited, and the newest
    for state in states:
        ledger.note(state)
    time.now += 2 * PATIENCE
    await ledger.tick(states[-1])
    assert ledger.waiting(last) == {}
    for number in range(1, last + 1):
        assert len(await repository.load_progress(number)) == 600
    await engine.dispose()
