"""A connection's settings and limits; what it says and hears is told in the conversations."""

from dataclasses import FrozenInstanceError
from ipaddress import ip_address

import pytest

from tests.devices.ovs_bridge import flow
from xds_server.protocols.openflow.codec import Role
from xds_server.protocols.openflow.connection import Connection, Settings, Stage
from xds_server.protocols.openflow.effects import Send
from xds_server.protocols.openflow.orders import CtFlush, Tuple
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import program_of

WEB = ip_address("10.0.0.1")
HOST = Device(DeviceKind.BRIDGE, "host1")


def test_by_default_we_share_the_bridge_and_own_one_cookie_prefix() -> None:
    settings = Settings()
    assert settings.role is Role.EQUAL
    assert settings.owner.cookie == 0xF5D0_0000_0000_0000
    with pytest.raises(FrozenInstanceError):
        settings.idle = 1.0  # type: ignore[misc]


def test_a_new_connection_says_hello_and_nothing_else() -> None:
    (greeting,) = Connection(Settings(), 0.0).open()
    assert isinstance(greeting, Send)
    assert greeting.data[:2] == b"\x06\x00"


def test_before_admission_it_does_nothing_for_anybody() -> None:
    connection = Connection(Settings(), 0.0)
    assert connection.admit(HOST, 0.0) == []
    assert connection.run(program_of([flow(1)], []), 0.0) == []
    assert connection.resync(0.0) == []
    assert connection.count(1) == []
    assert connection.order([CtFlush(1, Tuple(6, WEB, 1, WEB, 2))]) == []
    assert connection.device is None


def test_after_the_end_it_is_silent() -> None:
    connection = Connection(Settings(), 0.0)
    connection.closed("gone", 1.0)
    assert connection.over
    assert connection.stage is Stage.CLOSED
    assert connection.receive(b"\x06\x00\x00\x08\x00\x00\x00\x01", 2.0) == []
    assert connection.tick(1000.0) == []
