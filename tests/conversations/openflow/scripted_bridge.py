"""The other end of a conversation: a bridge that answers as a test tells it to."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.unit.xds_server.protocols.openflow.test_multipart import (
    flow_desc,
    group_desc,
    meter_desc,
)
from xds_server.protocols.openflow import codec
from xds_server.protocols.openflow.codec import BundleStep
from xds_server.protocols.openflow.connection import Connection
from xds_server.protocols.openflow.effects import Close, Effect, Send
from xds_server.protocols.openflow.framing import Framer, Message, Type, frame
from xds_server.protocols.openflow.multipart import HeldFlow, Part
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import BridgeProgram, FlowEntry, GroupEntry, MeterEntry

HOST = Device(DeviceKind.BRIDGE, "host1")


def port_bytes(number: int, name: str) -> bytes:
    """Return a port as a bridge describes it."""
    return struct.pack("!IHxx6sxx16sII", number, 40, b"\x02" * 6, name.encode(), 0, 4)


@dataclass
class ScriptedBridge:
    """Keeps what was sent to it; every ``answer`` is a message back, which gives new effects."""

    connection: Connection
    now: float = 100.0
    sent: list[Message] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    framer: Framer = field(default_factory=Framer)

    def take(self, effects: Iterable[Effect]) -> list[Effect]:
        """Take effects: bytes become messages, the rest is returned."""
        others = []
        for effect in effects:
            if isinstance(effect, Send):
                self.sent += self.framer.feed(effect.data)
            else:
                others.append(effect)
        self.effects += others
        return others

    def says(self, kind: Type, xid: int, body: bytes = b"") -> list[Effect]:
        """Send one message to the controller."""
        return self.take(self.connection.receive(frame(kind, xid, body), self.now))

    def last(self, kind: Type) -> Message:
        """Return the last message of a kind that the controller sent."""
        return [message for message in self.sent if message.type == kind][-1]

    def asked(self, part: Part) -> Message:
        """Return the last multipart request of a kind."""
        found = [m for m in self.sent if m.type == Type.MULTIPART_REQUEST]
        return [m for m in found if int.from_bytes(m.body[:2], "big") == part][-1]

    def handshake(self, datapath_id: int = 0xAA) -> list[Effect]:
        """Greet, and tell the datapath id."""
        self.take(self.connection.open())
        self.take(self.connection.receive(codec.hello(1), self.now))
        body = struct.pack("!QIBBxxII", datapath_id, 0, 254, 0, 0, 0)
        return self.says(Type.FEATURES_REPLY, self.last(Type.FEATURES_REQUEST).xid, body)

    def admitted(self) -> list[Effect]:
        """Go on until the ports are listed."""
        self.handshake()
        self.take(self.connection.admit(HOST, self.now, "a test"))
        return self.lists(Part.PORT_DESC, port_bytes(1, "web"))

    def lists(self, part: Part, payload: bytes, more: bool = False) -> list[Effect]:
        """Answer the last request of a kind."""
        body = struct.pack("!HHxxxx", part, int(more)) + payload
        return self.says(Type.MULTIPART_REPLY, self.asked(part).xid, body)

    def holds(
        self,
        flows: Iterable[FlowEntry] = (),
        groups: Iterable[GroupEntry] = (),
        meters: Iterable[MeterEntry] = (),
    ) -> list[Effect]:
        """Answer the questions what it holds."""
        effects = self.lists(Part.METER_DESC, b"".join(map(meter_desc, meters)))
        effects += self.lists(Part.GROUP_DESC, b"".join(map(group_desc, groups)))
        listed = b"".join(flow_desc(HeldFlow(entry, 3, 300)) for entry in flows)
        return effects + self.lists(Part.FLOW_DESC, listed)

    def runs(self, program: BridgeProgram) -> list[Effect]:
        """Let the controller want a program."""
        return self.take(self.connection.run(program, self.now))

    def passes_barrier(self) -> list[Effect]:
        """Answer the barrier behind the bundle's messages."""
        return self.says(Type.BARRIER_REPLY, self.last(Type.BARRIER_REQUEST).xid)

    def ends(self, step: BundleStep) -> list[Effect]:
        """Answer the last bundle control."""
        asked = self.last(Type.BUNDLE_CONTROL)
        body = asked.body[:4] + struct.pack("!HH", step, 3)
        return self.says(Type.BUNDLE_CONTROL, asked.xid, body)

    def commits(self) -> list[Effect]:
        """Accept a bundle as a whole."""
        return self.passes_barrier() + self.ends(BundleStep.COMMIT_REPLY)

    def refuses(self, xid: int, kind: int, code: int) -> list[Effect]:
        """Send an error about the controller's message ``xid``."""
        return self.says(Type.ERROR, xid, struct.pack("!HH", kind, code) + b"....")

    def waits(self, seconds: float) -> list[Effect]:
        """Let time pass."""
        self.now += seconds
        return self.take(self.connection.tick(self.now))

    def closing(self) -> str:
        """Return why the controller closed the session, "" if it did not."""
        return next((e.reason for e in self.effects if isinstance(e, Close)), "")
