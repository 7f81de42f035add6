"""A stream to talk to in tests: say a request, read what comes back."""

from __future__ import annotations

from collections.abc import Iterable

from tests.conversations.xds.responses import Response, delta_request, read, sotw_request
from xds_server.protocols.xds.ads import Dialect, Limits, XdsStream
from xds_server.protocols.xds.effects import Effect, Send
from xds_server.protocols.xds.wire import Node
from xds_server.snapshots.model import Resource, snapshot_of

_LIMITS = Limits()


class Talk:
    """One client of one server; ``effects`` are those of the last call."""

    def __init__(self, dialect: Dialect, only: str = "", limits: Limits = _LIMITS) -> None:
        self.dialect = dialect
        self.now = 100.0
        self.stream = XdsStream(dialect, only, limits)
        self.stream.identify(Node("web-1"), self.now)
        self.effects: list[Effect] = []

    def publish(self, *resources: Resource) -> list[Response]:
        return self._read(self.stream.publish(snapshot_of(resources), self.now))

    def ask(self, url: str, *names: str, **more: object) -> list[Response]:
        make = sotw_request if self.dialect is Dialect.SOTW else delta_request
        data = make(url, names, **more)  # type: ignore[arg-type]
        return self._read(self.stream.receive(self.stream.decode(data), self.now))

    def ack(self, response: Response, *names: str, **more: object) -> list[Response]:
        if self.dialect is Dialect.SOTW:
            more.setdefault("version", response.version)
        return self.ask(response.type_url, *names, nonce=response.nonce, **more)

    def nack(self, response: Response, error: str) -> list[Response]:
        """Refuse a response; a state-of-the-world client repeats the version that it keeps."""
        return self.ask(response.type_url, nonce=response.nonce, error=error)

    def wait(self, seconds: float) -> list[Response]:
        self.now += seconds
        return self._read(self.stream.tick(self.now))

    def evidence(self, kind: type) -> list[object]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def _read(self, effects: Iterable[Effect]) -> list[Response]:
        self.effects = list(effects)
        return [read(e.data, self.dialect) for e in self.effects if isinstance(e, Send)]
