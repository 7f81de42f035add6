"""The plan: frozen values that say what must hold between endpoints, and who carries it.

References between objects are names of the form ``tenant/name`` (hosts, switches: ``name``).
Every tuple of a plan is sorted, so that one meaning has one spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import Any, TypeVar, cast

from translators.plan.fabric import Link, Switch, SwitchPort
from translators.plan.index import RuleIndex, index_of
from translators.plan.lineage import Lineage, lookups
from translators.plan.placement import Capture, Placement
from translators.plan.raw import RawPatch, RawResource
from translators.plan.routing import External, Router
from translators.plan.rules import (
    Compare,
    HttpMatch,
    PortRange,
    Retry,
    Route,
    Rule,
    Share,
    StringMatch,
    Transport,
)
from translators.plan.shaping import Shaping
from translators.plan.terms import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    Address,
    Affinity,
    AppProtocol,
    Layer,
    Network,
    Origin,
    ProxyMode,
    Role,
)

__all__ = [
    "ICMP",
    "ICMPV6",
    "TCP",
    "UDP",
    "Action",
    "Address",
    "Affinity",
    "AppProtocol",
    "Capture",
    "Compare",
    "Endpoint",
    "External",
    "Host",
    "HttpMatch",
    "Layer",
    "Link",
    "Network",
    "Origin",
    "Placement",
    "Plan",
    "PortRange",
    "ProxyMode",
    "RawPatch",
    "RawResource",
    "Retry",
    "Role",
    "Route",
    "Router",
    "Rule",
    "Segment",
    "Service",
    "ServicePort",
    "Shaping",
    "Share",
    "StringMatch",
    "Subset",
    "Switch",
    "SwitchPort",
    "Tenant",
    "Transport",
]

V = TypeVar("V")
_ALONE = Lineage()


@dataclass(frozen=True, slots=True, order=True)
class Tenant:
    """An isolation domain; what no rule matches takes its default action.

    By ``audit`` it passes, and is counted.
    """

    name: str
    number: int
    default: Action
    origin: Origin

    @property
    def passes(self) -> bool:
        """Whether what no rule matches is let through."""
        return self.default is not Action.DENY


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """An L2 broadcast domain: a VNI in the fabric, in the vswitches a conntrack zone."""

    name: str
    tenant: str
    number: int  # 1..65535
    vni: int
    vlan: int | None
    subnets: tuple[Network, ...]
    gateways: tuple[Address, ...]
    mtu: int
    origin: Origin
    router: Router | None = None
    dhcp: str | None = None  # the endpoint that answers DHCP

    @property
    def zone(self) -> int:
        """The conntrack zone: the segment's own, or that of its router."""
        return self.number if self.router is None else self.router.zone

    def reaches(self, other: Segment) -> bool:
        """Whether packets can pass to the other: it is the same one, or one router joins them."""
        return self.name == other.name or (self.router is not None and self.router == other.router)


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
    external: External | None = None


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
    port: str  # interface name on the host's bridge, or "iface-id=" and its external id
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
    affinity: Affinity | None = None
    draining: tuple[str, ...] = ()  # endpoints that get no new connections
    cuts: bool | None = None  # True: connections to an endpoint that has left it end

    def port(self, number: int, transport: int) -> ServicePort | None:
        """Return the service port on this TCP or UDP port number."""
        for port in self.ports:
            if port.port == number and port.protocol.transport == transport:
                return port
        return None


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
    raw_resources: tuple[RawResource, ...] = ()
    raw_patches: tuple[RawPatch, ...] = ()
    tenant: Mapping[str, Tenant] = field(init=False, repr=False, compare=False)
    segment: Mapping[str, Segment] = field(init=False, repr=False, compare=False)
    host: Mapping[str, Host] = field(init=False, repr=False, compare=False)
    endpoint: Mapping[str, Endpoint] = field(init=False, repr=False, compare=False)
    service: Mapping[str, Service] = field(init=False, repr=False, compare=False)
    captured: Mapping[tuple[str, int], Capture] = field(init=False, repr=False, compare=False)
    rule: Mapping[str, Rule] = field(init=False, repr=False, compare=False)
    lineage: Lineage = field(init=False, repr=False, compare=False)
    _later: dict[str, Any] = field(init=False, repr=False, compare=False)  # once asked for
    made: InitVar[Lineage] = _ALONE

    def __post_init__(self, made: Lineage) -> None:
        for name, found in (lookups(self, made) | {"lineage": made, "_later": {}}).items():
            object.__setattr__(self, name, found)

    def _once(self, name: str, make: Callable[[], V]) -> V:
        if name not in self._later:
            self._later[name] = make()
        return cast(V, self._later[name])

    @property
    def by_address(self) -> Mapping[Address, Endpoint]:
        """The endpoint that has an address."""
        return self._once("address", lambda: {a: e for e in self.endpoints for a in e.addresses})

    @property
    def by_vip(self) -> Mapping[Address, Service]:
        """The service that has a virtual address."""
        return self._once("vip", lambda: {vip: s for s in self.services for vip in s.vips})

    @property
    def by_identity(self) -> Mapping[int, Endpoint]:
        """The endpoint that has an identity."""
        return self._once("identity", lambda: {e.identity: e for e in self.endpoints})

    @property
    def by_number(self) -> Mapping[int, Rule]:
        """The rule that has a number."""
        return self._once("number", lambda: {rule.number: rule for rule in self.rules})

    @property
    def extras(self) -> tuple[Rule, ...]:
        """The rules that do more than allow or deny, in order: they audit, shape or mirror."""
        return self._once("extras", lambda: tuple(rule for rule in self.rules if rule.is_extra))

    @property
    def index(self) -> RuleIndex:
        """Which rules are about which services and endpoints."""
        return self._once("index", lambda: index_of(self.rules, self.services))

    def indexed(self, known: RuleIndex, addresses: Mapping[Address, Endpoint]) -> Plan:
        """Take what was made along with the plan, and return the plan."""
        self._later.update(index=known, address=addresses)
        return self

    def about(self, service: str) -> tuple[Rule, ...]:
        """Return the rules that may concern a service or an endpoint of it, in deciding order."""
        return tuple(self.rule[name] for name in self.index.about(self.service[service]))

    def joined(self, one: str, other: str) -> bool:
        """Whether packets can pass between two segments."""
        return self.segment[one].reaches(self.segment[other])

    def is_captured(self, source: str, service: str, port: int) -> bool:
        """Whether this endpoint's traffic to the service port goes through a proxy."""
        capture = self.captured.get((service, port))
        return capture is not None and source in capture.sources
