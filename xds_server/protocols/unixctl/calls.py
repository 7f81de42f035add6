"""Open vSwitch's control socket: commands as JSON-RPC 1.0, sans-IO (ovs-appctl(8))."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from xds_server.protocols.ovsdb.json_stream import JsonStream, OvsdbProtocolError

_LARGEST = 256 * 1024 * 1024  # bytes in one reply: a million connections are 200 MB


class UnixctlError(Exception):
    """A command was refused or not answered; the message holds the daemon's words or the mend."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a daemon answered to one command."""

    number: int
    text: str
    refused: bool

    @property
    def result(self) -> str:
        """What the command printed; raises UnixctlError where it was refused."""
        if self.refused:
            raise UnixctlError(self.text)
        return self.text


@dataclass(slots=True)
class Calls:
    """The commands of one connection: ``ask`` returns bytes to send, ``receive`` takes answers."""

    asked: set[int] = field(default_factory=set)
    _stream: JsonStream = field(default_factory=lambda: JsonStream(_LARGEST))
    _last: int = 0

    def ask(self, method: str, *params: str) -> tuple[int, bytes]:
        """Return the number of a new command, and the bytes that give it."""
        self._last += 1
        self.asked.add(self._last)
        request = {"id": self._last, "method": method, "params": list(params)}
        return self._last, json.dumps(request).encode()

    def receive(self, data: bytes) -> list[Reply]:
        """Take bytes in pieces of any size; return the answers that they complete.

        Raises UnixctlError for anything that is no answer to a command of ours.
        """
        try:
            return [self._reply(message) for message in self._stream.feed(data)]
        except OvsdbProtocolError as error:
            raise UnixctlError(f"the control socket speaks no JSON-RPC: {error}") from error

    def _reply(self, message: dict[str, Any]) -> Reply:
        number, error = message.get("id"), message.get("error")
        if not isinstance(number, int) or number not in self.asked:
            raise UnixctlError(f"the control socket answers what was not asked: {number!r}")
        self.asked.discard(number)
        text = message.get("result") if error is None else error
        return Reply(number, str(text or "").strip("\n"), error is not None)
