"""The plan: frozen values that say what must hold between endpoints, and who carries it.

References between objects are names of the form ``tenant/name`` (hosts, switches: ``name``).
Every tuple of a plan is sorted, so that one meaning has one spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Action(StrEnum):
    """What a rule does with the traffic it matches."""

    ALLOW = "allow"
    DENY = "deny"


class Layer(StrEnum):
    """Who carries a clause."""

    VSWITCH = "vswitch"
    PROXY = "proxy"
    FABRIC = "fabric"


class AppProtocol(StrEnum):
    """What a service port speaks."""

    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"
    TCP = "tcp"
    UDP = "udp"

    @property
    def is_http(self) -> bool:
        """Whether requests of this port can be matched by HTTP fields."""
        return self in (AppProtocol.HTTP, AppProtocol.HTTP2, AppProtocol.GRPC)

    @property
    def transport(self) -> int:
        """The IP protocol number that carries it (IANA: 6 TCP, 17 UDP)."""
        return UDP if self is AppProtocol.UDP else TCP


class ProxyMode(StrEnum):
    """How a workload's requests reach a proxy."""

    NODE = "node"
    NONE = "none"


class Role(StrEnum):
    """A switch's place in the fabric."""

    SPINE = "spine"
    LEAF = "leaf"


ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58  # IANA protocol numbers


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where an author wrote it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Tenant:
    """An isolation domain; what no rule matches takes its default action."""

    name: str
    number: int
    default: Action
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """An L2 broadcast domain: a VNI in the fabric, a conntrack zone in the vswitches."""

    name: str
    tenant: str
    number: int  # 1..65535, the conntrack zone
    vni: int
    vlan: int | None
    subnets: tuple[Network, ...]
    gateways: tuple[Address, ...]
    mtu: int
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """A machine with a vswitch, and its way into the fabric."""

    name: str
    bridge: str
    datapath_id: int
    tunnel: IPv4Interface | None  # tunnel endpoint address with its prefix length
    gateway: IPv4Address | None  # the leaf's address on that link
    switch: str | None  # the leaf it is wired to
    switch_port: str | None
    proxy_port: str  # vswitch interface that leads to the host's proxy
    tunnel_port: str  # vswitch interface of the tunnel
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One running workload at one vswitch port."""

    name: str
    tenant: str
    segment: str
    identity: int  # 1..2^24-1, unique in the plan
    addresses: tuple[Address, ...]
    mac: str  # lower case, colons
    host: str
    port: str  # interface name on the host's bridge
    proxy: ProxyMode
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class ServicePort:
    """A port of a service: ``port`` on the virtual addresses, ``target`` on the endpoints."""

    name: str
    number: int  # 1..2^24-1, unique in the plan
    port: int
    target: int
    protocol: AppProtocol


@dataclass(frozen=True, slots=True, order=True)
class Subset:
    """A named part of a service's endpoints."""

    name: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Service:
    """A name and virtual addresses for a set of endpoints, all in one segment."""

    name: str
    tenant: str
    segment: str
    hostnames: tuple[str, ...]
    vips: tuple[Address, ...]
    ports: tuple[ServicePort, ...]
    endpoints: tuple[str, ...]
    subsets: tuple[Subset, ...]
    origin: Origin

    def port(self, number: int, transport: int) -> ServicePort | None:
        """Return the service port on this TCP or UDP port number."""
        for port in self.ports:
            if port.port == number and port.protocol.transport == transport:
                return port
        return None


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """An inclusive range of transport ports."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last


@dataclass(frozen=True, slots=True, order=True)
class Transport:
    """The L3 and L4 part of a match; what is None or empty matches everything.

    ``protocol`` is the IANA number; ICMP (1) stands for ICMP and ICMPv6 alike.
    ``ports`` are destination ports and need TCP or UDP.
    """

    family: int | None = None  # 4 or 6
    protocol: int | None = None
    ports: tuple[PortRange, ...] = ()

    def covers(self, family: int, protocol: int, port: int) -> bool:
        """Whether a packet of this IP version, protocol and destination port matches."""
        if self.family not in (None, family):
            return False
        if self.protocol is not None and self.protocol != _canonical(protocol):
            return False
        return not self.ports or any(port in ports for ports in self.ports)


def _canonical(protocol: int) -> int:
    return ICMP if protocol == ICMPV6 else protocol


class Compare(StrEnum):
    """How a string is compared."""

    EXACT = "exact"
    PREFIX = "prefix"  # of a path: whole elements, as in the Gateway API
    PRESENT = "present"


@dataclass(frozen=True, slots=True, order=True)
class StringMatch:
    """A comparison with a value; PRESENT ignores the value."""

    compare: Compare
    value: str = ""

    def matches(self, text: str | None) -> bool:
        """Whether ``text`` (None: absent) satisfies the comparison."""
        if text is None:
            return False
        if self.compare is Compare.EXACT:
            return text == self.value
        return self.compare is Compare.PRESENT or text.startswith(self.value)


@dataclass(frozen=True, slots=True, order=True)
class HttpMatch:
    """The L7 part of a match; all given parts must hold, alternatives within a part are or-ed."""

    hosts: tuple[str, ...] = ()  # lower case, exact, without port
    path: StringMatch | None = None
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, StringMatch], ...] = ()  # names in lower case
    query: tuple[tuple[str, StringMatch], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """A weighted destination of a route: a subset of the addressed service, or all of it."""

    subset: str | None
    weight: int


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """Where allowed requests go; ``timeout`` in seconds, None for the proxy's default of 15 s."""

    shares: tuple[Share, ...]
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One clause of a policy. The plan's tuple of rules is in deciding order: first match decides.

    A rule matches a flow from one of ``sources`` that is addressed to one of ``services`` (then
    ``transport`` is held against the service port), or that reaches one of ``endpoints``, directly
    or through a service (then it is held against the endpoint's own port).
    """

    name: str  # tenant/policy[index]
    number: int  # 1..2^32-1, unique: the OpenFlow cookie's object id, the conntrack label
    tenant: str
    action: Action
    sources: tuple[str, ...]
    endpoints: tuple[str, ...]
    services: tuple[str, ...]
    transport: Transport
    http: HttpMatch | None
    route: Route | None
    enforce: Layer | None  # pinned by the author
    origin: Origin

    @property
    def needs_proxy(self) -> bool:
        """Whether only an L7 proxy can carry this rule."""
        return self.http is not None or self.route is not None or self.enforce is Layer.PROXY


@dataclass(frozen=True, slots=True, order=True)
class Capture:
    """Traffic from ``sources`` to this service port goes through the source host's proxy."""

    service: str
    port: int  # the service port
    sources: tuple[str, ...]
    rule: str  # the first rule that needs the proxy
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """Which layer enforces a clause, and why."""

    rule: str
    layer: Layer
    where: str  # "source bridge", "proxy on host1", ...
    reason: str
    refused: tuple[str, ...]  # alternatives, each with its reason
    saving: str


@dataclass(frozen=True, slots=True, order=True)
class SwitchPort:
    """A bare port of a leaf that belongs to a segment."""

    name: str
    segment: str


@dataclass(frozen=True, slots=True, order=True)
class Switch:
    """A fabric switch."""

    name: str
    role: Role
    asn: int
    loopback: IPv4Address
    ports: tuple[SwitchPort, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A cable between two switches; ``a`` and ``b`` are (switch, interface)."""

    name: str
    a: tuple[str, str]
    b: tuple[str, str]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Plan:
    """All that must be true of the network. Look-ups by name are built once, on construction."""

    tenants: tuple[Tenant, ...] = ()
    segments: tuple[Segment, ...] = ()
    hosts: tuple[Host, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    services: tuple[Service, ...] = ()
    rules: tuple[Rule, ...] = ()
    captures: tuple[Capture, ...] = ()
    placements: tuple[Placement, ...] = ()
    switches: tuple[Switch, ...] = ()
    links: tuple[Link, ...] = ()
    tenant: Mapping[str, Tenant] = field(init=False, repr=False, compare=False)
    segment: Mapping[str, Segment] = field(init=False, repr=False, compare=False)
    host: Mapping[str, Host] = field(init=False, repr=False, compare=False)
    endpoint: Mapping[str, Endpoint] = field(init=False, repr=False, compare=False)
    service: Mapping[str, Service] = field(init=False, repr=False, compare=False)
    by_address: Mapping[Address, Endpoint] = field(init=False, repr=False, compare=False)
    by_vip: Mapping[Address, Service] = field(init=False, repr=False, compare=False)
    captured: Mapping[tuple[str, int], Capture] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = object.__setattr__
        index(self, "tenant", {t.name: t for t in self.tenants})
        index(self, "segment", {s.name: s for s in self.segments})
        index(self, "host", {h.name: h for h in self.hosts})
        index(self, "endpoint", {e.name: e for e in self.endpoints})
        index(self, "service", {s.name: s for s in self.services})
        index(self, "by_address", {a: e for e in self.endpoints for a in e.addresses})
        index(self, "by_vip", {v: s for s in self.services for v in s.vips})
        index(self, "captured", {(c.service, c.port): c for c in self.captures})

    def is_captured(self, source: str, service: str, port: int) -> bool:
        """Whether this endpoint's traffic to the service port goes through a proxy."""
        capture = self.captured.get((service, port))
        return capture is not None and source in capture.sources
