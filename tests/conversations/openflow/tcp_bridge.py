"""A small software bridge on a real socket: it greets, lists what it holds, and takes bundles."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from tests.conversations.openflow.scripted_bridge import port_bytes
from xds_server.protocols.openflow import codec
from xds_server.protocols.openflow.framing import Framer, Message, Type, frame
from xds_server.protocols.openflow.multipart import Part


@dataclass
class TcpBridge:
    """Connect, then ``serve`` in a task; ``seen`` holds every message of the controller."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    datapath_id: int = 0xAA
    seen: list[Message] = field(default_factory=list)

    @classmethod
    async def to(cls, port: int, datapath_id: int = 0xAA) -> TcpBridge:
        """Connect to a listener on this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port), datapath_id)

    async def serve(self) -> None:
        """Answer until the controller closes the connection."""
        framer = Framer()
        self.writer.write(codec.hello(1))
        while data := await self.reader.read(65536):
            for message in framer.feed(data):
                self.seen.append(message)
                self.writer.write(self._answer(message))
            await self.writer.drain()
        self.writer.close()

    def _answer(self, message: Message) -> bytes:
        match message.type:
            case Type.FEATURES_REQUEST:
                body = struct.pack("!QIBBxxII", self.datapath_id, 0, 254, 0, 0, 0)
                return frame(Type.FEATURES_REPLY, message.xid, body)
            case Type.MULTIPART_REQUEST:
                part = int.from_bytes(message.body[:2], "big")
                body = port_bytes(1, "web") if part == Part.PORT_DESC else b""
                return frame(Type.MULTIPART_REPLY, message.xid, message.body[:8] + body)
            case Type.BARRIER_REQUEST:
                return frame(Type.BARRIER_REPLY, message.xid)
            case Type.ECHO_REQUEST:
                return frame(Type.ECHO_REPLY, message.xid, message.body)
            case Type.BUNDLE_CONTROL:
                bundle, step, flags = struct.unpack("!IHH", message.body)
                body = struct.pack("!IHH", bundle, step + 1, flags)
                return frame(Type.BUNDLE_CONTROL, message.xid, body)
        return b""
