"""Bridges that are set up: once, and not in a fight that cannot be won."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.southbound.ovsdb_prepare import Advertised, Preparer
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

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


async def _describe(database: Database) -> tuple[Preparer, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    preparer = Preparer(AT, lambda host, text: told.append((host, text)), "vxlan")
    await _again(preparer, database)
    return preparer, told


async def _again(preparer: Preparer, database: Database) -> None:
    preparer.described(cast(OvsdbSession, database), database.bridges[0], "host1")
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_bridge_is_set_up_by_one_transaction() -> None:
    database = Database(DONE)
    _preparer, told = await _describe(database)
    assert len(database.asked) == 1
    assert told == [("host1", "")]


async def test_a_refusal_is_told_and_not_repeated_until_something_changes() -> None:
    database = Database("constraint violation", DONE)
    preparer, told = await _describe(database)
    assert told == [
        ("host1", "the bridge could not be set up: its database refuses: constraint violation")
    ]
    await _again(preparer, database)
    assert len(database.asked) == 1
    database.bridges = (replace(OPEN, protocols=("OpenFlow13",)),)
    await _again(preparer, database)
    assert told[-1] == ("host1", "")


async def test_what_is_undone_again_and_again_is_given_up() -> None:
    database = Database()
    _preparer, told = await _describe(database)
    assert len(database.asked) == 3
    assert "somebody undoes what was set" in told[0][1]


def test_a_bridge_is_pointed_at_the_address_that_reaches_us() -> None:
    database = cast(OvsdbSession, Database())
    assert AT.to(database) == "tcp:192.0.2.1:6653"
    assert Advertised("0.0.0.0", 6653, tls=True).to(database) == "ssl:198.51.100.7:6653"
    assert Advertised("::1", 6653).to(database) == "tcp:[::1]:6653"
    assert Advertised("::", 1, target="tcp:lb:6653").to(database) == "tcp:lb:6653"
    local = Database()
    local.local_address = ""
    assert Advertised("::", 6653).to(cast(OvsdbSession, local)) == "tcp:127.0.0.1:6653"
