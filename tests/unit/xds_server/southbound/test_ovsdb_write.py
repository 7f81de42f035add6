"""Databases that are written: once, and not in a fight that cannot be won."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.southbound.ovsdb_prepare import Advertised, Preparation
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession
from xds_server.southbound.ovsdb_write import Writer

OPEN = replace(BRIDGE, fail_mode="", interfaces=())
DONE = replace(OPEN, fail_mode="secure")
AT = Advertised("192.0.2.1", 6653)


class Database:
    """A session whose bridge is as the last of ``answers`` says once they were asked for."""

    def __init__(self, *answers: Bridge | str) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[dict[str, Any]]] = []
        self.local_address = "198.51.100.7"
        self.connection = self
        self.bridges: tuple[Bridge, ...] = (OPEN,)
        self.over = False

    async def transact(self, operations: Sequence[dict[str, Any]], _timeout: float) -> list[Any]:
        self.asked.append(operations)
        answer = self.answers.pop(0) if self.answers else self.bridges[0]
        if isinstance(answer, str):
            raise OvsdbError(answer)
        self.bridges = (answer,)
        return []


async def _describe(database: Database) -> tuple[Writer, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    missing = Preparation(AT, "vxlan").missing
    failed = "the bridge could not be set up"
    writer = Writer(missing, lambda host, text: told.append((host, text)), failed)
    await _again(writer, database)
    return writer, told


async def _again(writer: Writer, database: Database) -> None:
    writer.described(cast(OvsdbSession, database), database.bridges[0], "host1")
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_bridge_is_set_up_by_one_transaction() -> None:
    database = Database(DONE)
    _writer, told = await _describe(database)
    assert len(database.asked) == 1
    assert told == [("host1", "")]


async def test_a_refusal_is_told_and_not_repeated_until_something_changes() -> None:
    database = Database("constraint violation", DONE)
    writer, told = await _describe(database)
    assert told == [
        ("host1", "the bridge could not be set up: its database refuses: constraint violation")
    ]
    await _again(writer, database)
    assert len(database.asked) == 1
    database.bridges = (replace(OPEN, protocols=("OpenFlow13",)),)
    await _again(writer, database)
    assert told[-1] == ("host1", "")


async def test_what_is_undone_again_and_again_is_given_up() -> None:
    database = Database()
    _writer, told = await _describe(database)
    assert len(database.asked) == 3
    assert "somebody undoes what was set" in told[0][1]
