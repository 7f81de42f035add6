"""A workload hears from its own gateway that a packet ended there, within limits."""

from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from tests.plans import shop_plan
from tests.unit.xds_server.controller.ordered import Bridges
from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import SEGMENT, SOURCE
from translators.openflow.tables import Table
from xds_server.controller.expiry import ANSWERS, Expiry
from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.icmp import time_exceeded
from xds_server.protocols.openflow.orders import PacketOut
from xds_server.protocols.openflow.punted import ACK, Door, frame_of

PLAN = shop_plan()
PLACE = 0x1234
FOUR = ((ip_address("10.10.0.11"), 4000), (ip_address("10.20.0.11"), 80))
SIX = ((ip_address("fd10:10::11"), 4000), (ip_address("fd10:20::11"), 80))


@dataclass
class Scene:
    bridges: Bridges = field(default_factory=Bridges)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.expiry = Expiry(self.bridges, lambda: PLAN, lambda: self.now)  # type: ignore[arg-type]

    def punt(
        self, ends: tuple[Door, Door] = FOUR, cause: Cause = Cause.EXPIRED, identity: int = 1
    ) -> bytes:
        data = frame_of(*ends, 1, 1, ACK)
        registers = ((SOURCE, identity), (SEGMENT, PLACE))
        match = b"".join(
            (f.oxm_class << 16 | f.oxm_field << 9 | 4).to_bytes(4, "big") + v.to_bytes(4, "big")
            for f, v in registers
        )
        self.expiry.punted("host1", PacketIn(1, 26, cookie(cause, 5), match, data))
        return data


@pytest.mark.parametrize(("ends", "gateway"), [(FOUR, "10.10.0.1"), (SIX, "fd10:10::1")])
def test_the_gateway_of_its_segment_tells_a_workload(ends: tuple[Door, Door], gateway: str) -> None:
    scene = Scene()
    asked = scene.punt(ends)
    frame = time_exceeded(asked, ip_address(gateway))
    assert frame is not None
    assert scene.bridges.told == [PacketOut(frame, Table.LOOKUP, PLACE)]


def test_of_other_packets_and_strangers_nobody_is_told() -> None:
    scene = Scene()
    scene.punt(cause=Cause.REVOKED)
    scene.punt(identity=999)
    scene.expiry.punted("host1", PacketIn(1, 26, cookie(Cause.EXPIRED, 5), b"", b"short"))
    assert scene.bridges.told == []


def test_a_flood_is_answered_in_part() -> None:
    scene = Scene()
    for _ in range(ANSWERS + 50):
        scene.punt()
    assert len(scene.bridges.told) == ANSWERS
    scene.now += 1
    scene.punt()
    assert len(scene.bridges.told) == ANSWERS + 1
