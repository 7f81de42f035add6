"""Punted packets are answered, within limits; a session that was cut is forgotten afterwards."""

from dataclasses import dataclass, field, replace

import pytest

from tests.plans import shop_plan
from tests.unit.xds_server.controller.ordered import Bridges
from tests.unit.xds_server.controller.test_ends import CLIENT, ENDS, MET, REQUEST, SERVER
from translators.openflow.cookie import Cause, cookie
from xds_server.controller import cuts
from xds_server.controller.cuts import LINGER_SECONDS, Cuts
from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.orders import CtFlush, PacketOut
from xds_server.protocols.openflow.punted import ACK, RST, SYN, frame_of


@dataclass
class Scene:
    bridges: Bridges = field(default_factory=Bridges)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.cuts = Cuts(self.bridges, shop_plan, lambda: self.now)  # type: ignore[arg-type]

    def punt(self, flags: int = ACK, cause: Cause = Cause.REVOKED, **changes: object) -> None:
        data = frame_of(CLIENT, SERVER, REQUEST.sequence, REQUEST.acknowledged, flags)
        packet = PacketIn(1, 26, cookie(cause, 5), _match(), data)
        self.cuts.punted("host1", replace(packet, **changes))  # type: ignore[arg-type]


def _match() -> bytes:
    sizes = {(1, 108): 16}
    parts = []
    for (kind, number), value in MET.items():
        size = sizes.get((kind, number), 2 if number == 125 else 4)
        head = (kind << 16 | number << 9 | size).to_bytes(4, "big")
        parts.append(head + value.to_bytes(size, "big"))
    return b"".join(parts)


def test_both_ends_are_told_and_then_the_bridge_forgets() -> None:
    scene = Scene()
    scene.punt()
    assert [type(one) for one in scene.bridges.told] == [PacketOut, PacketOut]
    scene.now += LINGER_SECONDS / 2
    scene.punt()  # an end asks back
    scene.now += LINGER_SECONDS / 2
    scene.cuts.tick()
    assert len(scene.bridges.told) == 4
    scene.now += LINGER_SECONDS / 2
    scene.cuts.tick()
    scene.cuts.tick()
    assert scene.bridges.told[4:] == [CtFlush(1, ENDS.connection)]


def test_a_client_that_begins_anew_finds_nothing_old() -> None:
    scene = Scene()
    scene.punt(SYN)
    assert scene.bridges.told == [CtFlush(1, ENDS.connection)]


def test_resets_and_strange_packets_are_not_answered() -> None:
    scene = Scene()
    scene.punt(RST)
    scene.punt(cookie=0)
    scene.punt(cookie=cookie(Cause.RULE, 5))
    scene.punt(data=b"short")
    scene.punt(match=b"\x00\x01\xd6\x04")
    assert scene.bridges.told == []


def test_a_killed_session_is_known_by_its_cookie() -> None:
    scene = Scene()
    scene.cuts.killed[5] = ENDS
    scene.punt(cause=Cause.KILLED)
    assert len(scene.bridges.told) == 2
    scene.now += 10
    scene.cuts.tick()
    assert len(scene.bridges.told) == 2  # the bridge forgot it when it was killed
    scene.cuts.killed.clear()
    scene.punt(cause=Cause.KILLED)  # after a restart: who asks is answered
    assert len(scene.bridges.told) == 3


def test_a_flood_is_answered_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "ANSWERS", 3)
    scene = Scene()
    for _ in range(10):
        scene.punt()
    assert len(scene.bridges.told) == 6
    scene.now += 1
    scene.punt()
    assert len(scene.bridges.told) == 8


def test_a_session_that_tracking_has_lost_is_reset_and_nothing_is_remembered() -> None:
    scene = Scene()
    scene.punt(cause=Cause.LOST)
    scene.punt(RST, cause=Cause.LOST)
    assert [type(one) for one in scene.bridges.told] == [PacketOut, PacketOut]
    scene.now += 10
    scene.cuts.tick()
    assert len(scene.bridges.told) == 2
