"""One OVSDB session (RFC 7047): watch the bridges, answer echoes, and carry transactions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xds_server.protocols.ovsdb.json_stream import JsonStream, OvsdbProtocolError
from xds_server.protocols.ovsdb.mirror import WATCHED, Bridge, Mirror

DATABASE = "Open_vSwitch"
_MONITOR = "fsdn-monitor"
_ECHO = "fsdn-echo"


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes to the database server."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection; the reason is meant for an operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Described:
    """The bridges of this database, as they are now."""

    bridges: tuple[Bridge, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to ``OvsdbConnection.transact``; ``error`` is empty when all operations held."""

    request: int
    results: tuple[Any, ...]
    error: str = ""


Effect = Send | Close | Described | Answered


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session behaves; durations are in seconds."""

    handshake: float = 10.0  # from connecting to the monitor's first answer
    idle: float = 5.0  # silence after which we probe
    patience: float = 15.0  # from a probe to giving up


class OvsdbConnection:
    """Feed it bytes and the time, and perform what it returns."""

    def __init__(self, settings: Settings, now: float) -> None:
        self.over = False
        self.bridges: tuple[Bridge, ...] = ()
        self._settings = settings
        self._stream = JsonStream()
        self._mirror = Mirror()
        self._watching = False
        self._opened = self._heard = now
        self._give_up: float | None = None
        self._requests: set[int] = set()

    def open(self) -> list[Effect]:
        """Return the request to watch the bridges."""
        tables = {table: {"columns": list(columns)} for table, columns in WATCHED.items()}
        return [_request("monitor", [DATABASE, None, tables], _MONITOR)]

    def receive(self, data: bytes, now: float) -> list[Effect]:
        """Take bytes from the database server, in pieces of any size."""
        self._heard, self._give_up = now, None
        effects: list[Effect] = []
        if self.over:
            return effects
        try:
            for message in self._stream.feed(data):
                effects += self._dispatch(message)
        except OvsdbProtocolError as error:
            effects += self._close(f"the database server broke the OVSDB protocol: {error}")
        return effects

    def tick(self, now: float) -> list[Effect]:
        """Let time pass: probe a silent server, and give up on one that no longer answers."""
        limits = self._settings
        if self.over:
            return []
        if not self._watching and now - self._opened > limits.handshake:
            return self._close(f"no answer to the monitor request within {limits.handshake:g} s")
        if self._give_up is not None:
            late = now > self._give_up
            return self._close("no answer to an echo request") if late else []
        if now - self._heard > limits.idle:
            self._give_up = now + limits.patience
            return [_request("echo", [], _ECHO)]
        return []

    def transact(self, request: int, operations: Sequence[dict[str, Any]]) -> list[Effect]:
        """Send operations (RFC 7047 section 5.2) that hold together or not at all."""
        if self.over:
            return [Answered(request, (), "the OVSDB session has ended")]
        self._requests.add(request)
        return [_request("transact", [DATABASE, *operations], request)]

    def _close(self, reason: str) -> list[Effect]:
        self.over = True
        return [Close(reason)]

    def _dispatch(self, message: dict[str, Any]) -> list[Effect]:
        method, identity = message.get("method"), message.get("id")
        if isinstance(method, str):
            return self._called(method, message.get("params"), identity)
        if "result" not in message:
            raise OvsdbProtocolError("a message is neither a request nor a response")
        if identity == _MONITOR:
            return self._monitored(message["result"], message.get("error"))
        if isinstance(identity, int) and identity in self._requests:
            self._requests.discard(identity)
            return [_answer(identity, message["result"], message.get("error"))]
        return []

    def _called(self, method: str, params: object, identity: object) -> list[Effect]:
        if method == "echo":
            return [_response(params, None, identity)]
        if method == "update" and isinstance(params, list) and len(params) == 2:
            self._mirror.update(params[1])
            return self._describe()
        if identity is None:
            return []  # a notification that we did not ask for
        return [_response(None, "unknown method", identity)]

    def _monitored(self, result: object, error: object) -> list[Effect]:
        if error is not None:
            return self._close(f"the database server refuses to be watched: {error}")
        self._watching = True
        self._mirror.update(result)
        return self._describe()

    def _describe(self) -> list[Effect]:
        bridges = self._mirror.bridges()
        if bridges == self.bridges:
            return []
        self.bridges = bridges
        return [Described(bridges)]


def _request(method: str, params: list[Any], identity: str | int) -> Send:
    return _send({"method": method, "params": params, "id": identity})


def _response(result: object, error: object, identity: object) -> Send:
    return _send({"result": result, "error": error, "id": identity})


def _send(message: dict[str, Any]) -> Send:
    return Send(json.dumps(message, separators=(",", ":")).encode())


def _answer(request: int, result: object, error: object) -> Answered:
    """Return the outcome; a failed operation hides in the results (RFC 7047 section 4.1.3)."""
    results = tuple(result) if isinstance(result, list) else ()
    failed = [r for r in results if isinstance(r, dict) and r.get("error")]
    text = str(error) if error is not None else ""
    if failed:
        text = ": ".join(str(failed[0].get(key, "")) for key in ("error", "details")).strip(": ")
    return Answered(request, results, text)
