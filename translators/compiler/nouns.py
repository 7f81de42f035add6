"""What exists: tenants, segments, hosts, endpoints, services and the fabric, as the plan has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from typing import TypeVar

from translators.compiler.dhcp import server, serving
from translators.compiler.draft import Draft, Group, Member
from translators.compiler.findings import origin_of
from translators.compiler.outside import EXTERNAL
from translators.compiler.routers import router_of
from translators.compiler.table import Table, differing, renewed
from translators.diagnostics import Diagnostic
from translators.plan.model import (
    Action,
    Address,
    Affinity,
    AppProtocol,
    Endpoint,
    External,
    Host,
    Link,
    Network,
    ProxyMode,
    Role,
    Router,
    Segment,
    Service,
    ServicePort,
    Subset,
    Switch,
    SwitchPort,
    Tenant,
)
from translators.policy.document import Document
from translators.policy.host import External as ExternalModel
from translators.policy.host import Host as HostModel
from translators.policy.link import Link as LinkModel
from translators.policy.segment import Segment as SegmentModel
from translators.policy.shape import Thing
from translators.policy.switch import Switch as SwitchModel
from translators.policy.tenant import Tenant as TenantModel

T = TypeVar("T")
M = TypeVar("M", bound=Thing)


def tenants(draft: Draft, before: Draft) -> Table[Tenant]:
    """Return every tenant."""
    names = differing(before.numbers.tenants, draft.numbers.tenants)
    return _declared(draft, before.tenants, TenantModel, _tenant, names)


def segments(draft: Draft, before: Draft) -> Table[Segment]:
    """Return every segment."""
    names = differing(before.numbers.segments, draft.numbers.segments)
    if names - draft.catalogue.names("Segment"):  # a router's zone
        names |= draft.catalogue.names("Segment")
    return _declared(draft, before.segments, SegmentModel, _segment, names | serving(draft))


def hosts(draft: Draft, before: Draft) -> Table[Host]:
    """Return every host."""
    moved = EXTERNAL in differing(before.numbers.segments, draft.numbers.segments)
    names = draft.catalogue.names("Host") if moved else set()
    return _declared(draft, before.hosts, HostModel, _host, names)


def switches(draft: Draft, before: Draft) -> Table[Switch]:
    """Return every switch, with those bare ports whose segments exist."""
    renamed = draft.catalogue.renamed("Segment")
    names = draft.catalogue.names("Switch") if renamed else set()
    return _declared(draft, before.switches, SwitchModel, _switch, names)


def links(draft: Draft, before: Draft) -> Table[Link]:
    """Return every link between switches that exist."""
    renamed = draft.catalogue.renamed("Switch")
    names = draft.catalogue.names("Link") if renamed else set()
    return _declared(draft, before.links, LinkModel, _link, names)


def _declared(
    draft: Draft,
    before: Table[T],
    kind: type[M],
    build: Callable[[Draft, Document, M], T | None],
    more: Iterable[str] = (),
) -> Table[T]:
    """Return a table with a row for each document of a kind."""

    def make(name: str, _findings: list[Diagnostic]) -> T | None:
        found = draft.catalogue.get(kind, name)
        return None if found is None else build(draft, *found)

    return renewed(before, {*draft.catalogue.touched(kind.__name__), *more}, make)


def endpoints(draft: Draft, before: Draft) -> Table[Endpoint]:
    """Return an endpoint for each member, in no order."""

    def make(name: str, _findings: list[Diagnostic]) -> Endpoint | None:
        member = draft.members.rows.get(name)
        return None if member is None else _endpoint(draft, member)

    renumbered = differing(before.numbers.endpoints, draft.numbers.endpoints)
    return renewed(before.endpoints, draft.members.changed | renumbered, make, ordered=False)


def services(draft: Draft, before: Draft) -> Table[Service]:
    """Return a service for each group."""

    def make(name: str, _findings: list[Diagnostic]) -> Service | None:
        group = draft.groups.rows.get(name)
        return None if group is None else _service(draft, group)

    renumbered = differing(before.numbers.ports, draft.numbers.ports)
    names = {name.rpartition(":")[0] for name in renumbered}
    return renewed(before.services, draft.groups.changed | draft.vips.changed | names, make)


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
    spec, router = model.spec, router_of(document, model)
    zone = draft.numbers.segments.get(router, 0)
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
        dhcp=server(draft, document, model, []),  # findings: with the wiring
        router=Router(f"{document.tenant}/{spec.router}", zone) if router else None,
    )


def _host(draft: Draft, document: Document, model: HostModel) -> Host:
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
        external=None if spec.external is None else _external(draft, spec.external),
    )


def _external(draft: Draft, model: ExternalModel) -> External:
    return External(
        port=model.port,
        mac=model.mac,
        addresses=_addresses(model.addresses),
        gateway_mac=model.gateway_mac,
        zone=draft.numbers.segments[EXTERNAL],
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
        vips=_addresses(spec.addresses or draft.vips.rows.get(group.name, ())),
        ports=tuple(sorted(ports)),
        endpoints=group.endpoints,
        subsets=tuple(Subset(name, names) for name, names in sorted(group.subsets.items())),
        origin=origin_of(group.document),
        affinity=None if spec.affinity == "none" else Affinity(spec.affinity),
        draining=group.draining,
        cuts=spec.revoke == "cut" or None,
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


def _link(draft: Draft, document: Document, model: LinkModel) -> Link | None:
    if not all(draft.catalogue.has("Switch", end.switch) for end in model.spec.ends):
        return None
    a, b = sorted((end.switch, end.port) for end in model.spec.ends)
    return Link(document.name, a, b, origin_of(document))
