"""What exists: tenants, segments, hosts, endpoints, services and the fabric, as the plan has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TypeVar

from translators.compiler.draft import Draft, Group, Member, origin_of
from translators.plan.model import (
    Action,
    Address,
    AppProtocol,
    Endpoint,
    Host,
    Link,
    Network,
    Plan,
    ProxyMode,
    Role,
    Segment,
    Service,
    ServicePort,
    Subset,
    Switch,
    SwitchPort,
    Tenant,
)
from translators.policy.document import Document
from translators.policy.host import Host as HostModel
from translators.policy.link import Link as LinkModel
from translators.policy.segment import Segment as SegmentModel
from translators.policy.switch import Switch as SwitchModel
from translators.policy.tenant import Tenant as TenantModel

T = TypeVar("T", Tenant, Segment, Host, Endpoint, Service, Switch, Link)


def nouns(draft: Draft) -> Draft:
    """Return the draft with a plan of everything but rules, sorted by name."""
    catalogue = draft.catalogue
    plan = Plan(
        tenants=_sorted(_tenant(draft, d, m) for d, m in catalogue.of(TenantModel)),
        segments=_sorted(_segment(draft, d, m) for d, m in catalogue.of(SegmentModel)),
        hosts=_sorted(_host(d, m) for d, m in catalogue.of(HostModel)),
        endpoints=_sorted(_endpoint(draft, m) for m in draft.members.values()),
        services=_sorted(_service(draft, g) for g in draft.groups.values()),
        switches=_sorted(_switch(draft, d, m) for d, m in catalogue.of(SwitchModel)),
        links=_sorted(_link(d, m) for d, m in catalogue.of(LinkModel) if _wired(draft, m)),
    )
    return replace(draft, plan=plan)


def _sorted(things: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(things, key=lambda thing: thing.name))


def _addresses(addresses: Iterable[Address]) -> tuple[Address, ...]:
    return tuple(sorted(set(addresses), key=lambda a: (a.version, int(a))))


def _networks(networks: Iterable[Network]) -> tuple[Network, ...]:
    return tuple(
        sorted(set(networks), key=lambda n: (n.version, int(n.network_address), n.prefixlen))
    )


def _tenant(draft: Draft, document: Document, model: TenantModel) -> Tenant:
    name = document.name
    number = draft.numbers.tenants[name]
    return Tenant(name, number, Action(model.spec.default), origin_of(document))


def _segment(draft: Draft, document: Document, model: SegmentModel) -> Segment:
    spec = model.spec
    return Segment(
        name=document.reference,
        tenant=document.tenant,
        number=draft.numbers.segments[document.reference],
        vni=spec.vni,
        vlan=spec.vlan,
        subnets=_networks(spec.subnets),
        gateways=_addresses(spec.gateways),
        mtu=spec.mtu,
        origin=origin_of(document),
    )


def _host(document: Document, model: HostModel) -> Host:
    spec = model.spec
    gateway = spec.tunnel.gateway if spec.tunnel else None
    return Host(
        name=document.name,
        bridge=spec.bridge,
        datapath_id=int(spec.datapath_id, 16),
        tunnel=spec.tunnel.address if spec.tunnel else None,
        gateway=gateway if isinstance(gateway, IPv4Address) else None,
        switch=spec.uplink.switch if spec.uplink else None,
        switch_port=spec.uplink.port if spec.uplink else None,
        proxy_port=spec.ports.proxy,
        tunnel_port=spec.ports.tunnel,
        origin=origin_of(document),
    )


def _endpoint(draft: Draft, member: Member) -> Endpoint:
    spec = member.model.spec
    return Endpoint(
        name=member.name,
        tenant=member.document.tenant,
        segment=member.segment,
        identity=draft.numbers.endpoints[member.name],
        addresses=_addresses(spec.addresses),
        mac=spec.mac,
        host=spec.host,
        port=spec.port,
        proxy=ProxyMode(spec.proxy),
        origin=origin_of(member.document),
    )


def _service(draft: Draft, group: Group) -> Service:
    spec = group.model.spec
    numbers = draft.numbers.ports
    ports = [
        ServicePort(
            name=port.name,
            number=numbers[f"{group.name}:{port.name}"],
            port=port.port,
            target=port.target_port or port.port,
            protocol=AppProtocol(port.protocol),
        )
        for port in spec.ports
    ]
    return Service(
        name=group.name,
        tenant=group.document.tenant,
        segment=group.segment,
        hostnames=tuple(sorted(set(spec.hostnames))),
        vips=_addresses(spec.addresses or draft.numbers.vips.get(group.name, ())),
        ports=tuple(sorted(ports)),
        endpoints=group.endpoints,
        subsets=tuple(Subset(name, names) for name, names in sorted(group.subsets.items())),
        origin=origin_of(group.document),
    )


def _switch(draft: Draft, document: Document, model: SwitchModel) -> Switch:
    spec = model.spec
    return Switch(
        name=document.name,
        role=Role(spec.role),
        asn=spec.asn,
        loopback=IPv4Address(spec.loopback),
        ports=tuple(
            sorted(
                SwitchPort(port.name, port.segment)
                for port in spec.ports
                if draft.catalogue.has("Segment", port.segment)
            )
        ),
        origin=origin_of(document),
    )


def _wired(draft: Draft, model: LinkModel) -> bool:
    return all(draft.catalogue.has("Switch", end.switch) for end in model.spec.ends)


def _link(document: Document, model: LinkModel) -> Link:
    a, b = sorted((end.switch, end.port) for end in model.spec.ends)
    return Link(document.name, a, b, origin_of(document))
