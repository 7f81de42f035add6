from dataclasses import replace

from xds_server.controller.memory import remembered, rows_of
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Nacked,
)
from xds_server.status.fold import declare, expect, fold
from xds_server.status.model import State, Status

PROXY = Device(DeviceKind.PROXY, "host1")


def spoken() -> Status:
    status = expect(declare(Status(), [PROXY]), PROXY, {"lds": "1", "rds": "2", "cds": "3"})
    status = fold(status, Connected(PROXY, 1.0))
    status = fold(status, Acked(PROXY, "lds", "1", 2.0))
    return fold(status, Nacked(PROXY, "rds", "2", 3.0, "bad"))


def test_the_last_word_of_each_type_is_a_row() -> None:
    rows = {
        (row.device, row.type): (row.version, row.state, row.reason) for row in rows_of(spoken())
    }
    assert rows == {
        ("proxy/host1", "lds"): ("1", State.SYNCED, ""),
        ("proxy/host1", "rds"): ("2", State.NACKED, "bad"),
    }


def test_what_is_remembered_was_seen_and_is_not_connected() -> None:
    status = declare(remembered(rows_of(spoken())), [PROXY])
    known = status.of(PROXY)
    assert known.overall is State.DISCONNECTED
    assert known.types["lds"].acked == "1"
    assert known.types["rds"].refusal is not None


def test_what_an_undeclared_device_says_is_not_kept() -> None:
    status = fold(fold(Status(), Connected(PROXY, 1.0)), Acked(PROXY, "lds", "1", 2.0))
    assert rows_of(status) == ()


def test_only_types_of_which_something_else_is_known_have_rows_again() -> None:
    before = spoken()
    assert rows_of(before, before) == ()
    assert rows_of(before.having(PROXY, replace(before.of(PROXY), detail="other")), before) == ()
    after = fold(before, Acked(PROXY, "cds", "3", 4.0))
    assert [row.type for row in rows_of(after, before)] == ["cds"]
    gone = fold(before, Disconnected(PROXY, 5.0, ""))
    assert [row.type for row in rows_of(gone, before)] == ["lds", "rds"]
