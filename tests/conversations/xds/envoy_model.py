"""A client that behaves as Envoy was measured to behave, for both dialects, without a network.

Clusters and listeners by wildcard; endpoints by the clusters it holds; routes by fixed names.
A new or changed EDS cluster warms until its endpoints come *after* it, and the answer to the
cluster response is withheld as long. Routes may use active clusters only.
"""

from __future__ import annotations

from collections import Counter, deque

from tests.conversations.xds.responses import (
    BAD,
    Response,
    delta_request,
    read,
    reference,
    sotw_request,
    uses_eds,
    variant,
)
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE

ROUTES = ("r0", "r1")
TYPES = (CLUSTER, ENDPOINT, LISTENER, ROUTE)


class EnvoyModel:
    """Feed it responses in order with ``take``; what it says waits in ``outbox``."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.held: dict[str, dict[str, bytes]] = {url: {} for url in TYPES}
        self.versions: dict[str, dict[str, str]] = {url: {} for url in TYPES}
        self.version: dict[str, str] = dict.fromkeys(TYPES, "")
        self.warming: set[str] = set()
        self.active: set[str] = set()
        self.rejected: set[tuple[str, frozenset[tuple[str, bytes]], tuple[str, ...]]] = set()
        self.received: Counter[str] = Counter()
        self.routed_blindly = False  # it refused clusters before it had any route to keep
        self.connect()

    def connect(self) -> None:
        """Begin a new stream: what is held is kept and said."""
        self.outbox: deque[bytes] = deque()
        self.nonce: dict[str, str] = dict.fromkeys(TYPES, "")
        self.asked: dict[str, set[str]] = {ENDPOINT: set(), ROUTE: set(ROUTES)}
        self.rejected.clear()
        self._withheld: Response | None = None
        self.opened: set[str] = set()
        self._request(CLUSTER)
        if self._wanted():
            self.asked[ENDPOINT] = self._wanted()
            self._request(ENDPOINT)
        self._request(LISTENER)
        self._request(ROUTE)

    def take(self, data: bytes) -> None:
        """Handle one response; raise AssertionError where the server broke a rule."""
        response = read(data, self.dialect)
        content = (response.type_url, frozenset(response.bodies.items()), response.removed)
        assert content not in self.rejected, "a rejected content was sent again unchanged"
        self.received[response.type_url] += len(response.bodies)
        self.nonce[response.type_url] = response.nonce
        bad = [name for name, body in response.bodies.items() if variant(body) == BAD]
        if bad:
            self.rejected.add(content)
            self.routed_blindly |= response.type_url == CLUSTER and not self.held[ROUTE]
            self._request(response.type_url, error=f"Error adding cluster(s) {', '.join(bad)}")
            return
        self._apply(response)
        if response.type_url == CLUSTER and self.warming:
            self._withheld = response
        else:
            self._acknowledge(response)
        self._follow_clusters()

    def _apply(self, response: Response) -> None:
        held = self.held[response.type_url]
        whole = self.dialect is Dialect.SOTW and response.type_url in (CLUSTER, LISTENER)
        removed = set(held) - set(response.bodies) if whole else set(response.removed)
        for name in removed:
            held.pop(name, None)
            self.versions[response.type_url].pop(name, None)
            if response.type_url == CLUSTER:
                self.active.discard(name)
                self.warming.discard(name)
        for name, body in sorted(response.bodies.items()):
            changed = held.get(name) != body
            held[name] = body
            if response.type_url == CLUSTER and changed:
                self._update_cluster(name, body)
        self.versions[response.type_url].update(response.versions)
        if response.type_url == ENDPOINT:
            self._warm({*response.bodies, *response.removed})

    def _update_cluster(self, name: str, body: bytes) -> None:
        if uses_eds(body):
            self.warming.add(name)
        else:
            self.warming.discard(name)
            self.active.add(name)

    def _warm(self, names: set[str]) -> None:
        self.active |= names & self.warming
        self.warming -= names
        if not self.warming and self._withheld is not None:
            response, self._withheld = self._withheld, None
            self._acknowledge(response)

    def _acknowledge(self, response: Response) -> None:
        if self.dialect is Dialect.SOTW:
            self.version[response.type_url] = response.version
        self._request(response.type_url)

    def _wanted(self) -> set[str]:
        return {name for name, body in self.held[CLUSTER].items() if uses_eds(body)}

    def _follow_clusters(self) -> None:
        """Subscribe to the endpoints of the clusters held, and drop the others."""
        before, wanted = self.asked[ENDPOINT], self._wanted()
        if before == wanted:
            return
        self.asked[ENDPOINT] = wanted
        for name in before - wanted:
            self.held[ENDPOINT].pop(name, None)
            self.versions[ENDPOINT].pop(name, None)
        self._request(ENDPOINT, add=wanted - before, drop=before - wanted, answer=False)

    def _request(
        self,
        type_url: str,
        error: str | None = None,
        add: set[str] | None = None,
        drop: set[str] | None = None,
        answer: bool = True,
    ) -> None:
        nonce = self.nonce[type_url]
        first = type_url not in self.opened
        self.opened.add(type_url)
        names = self.asked.get(type_url, set())
        if self.dialect is Dialect.SOTW:
            version = self.version[type_url]
            data = sotw_request(type_url, tuple(sorted(names)), version, nonce, error)
        else:
            initial = dict(self.versions[type_url]) if first else {}
            added = names if first else add or set()
            data = delta_request(
                type_url,
                tuple(sorted(added)),
                tuple(sorted(drop or ())),
                initial,
                nonce if answer else "",
                error,
            )
        self.outbox.append(data)

    def check(self) -> None:
        """Every route that is held leads to a cluster that can be used."""
        for name, body in self.held[ROUTE].items() if not self.routed_blindly else ():
            assert reference(body) in self.active, f"{name} leads to a cluster that is not there"
