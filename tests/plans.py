"""Plans built by hand, for tests that should not depend on the compiler."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, ip_address, ip_network

from translators.envoy import Proxies, translated
from translators.plan.model import (
    Action,
    AppProtocol,
    Capture,
    Compare,
    Endpoint,
    External,
    Host,
    HttpMatch,
    Link,
    Plan,
    PortRange,
    ProxyMode,
    Role,
    Route,
    Router,
    Rule,
    Segment,
    Service,
    ServicePort,
    Share,
    StringMatch,
    Subset,
    Switch,
    SwitchPort,
    Tenant,
    Transport,
)
from translators.plan.model import Origin as _Origin
from xds_server.controller.proxies import snapshots_of
from xds_server.snapshots.model import Snapshot

ORIGIN = _Origin("shop.yaml", 1)


def endpoint(name: str, identity: int, host: str, segment: str, *addresses: str) -> Endpoint:
    tenant = name.partition("/")[0]
    return Endpoint(
        name=name,
        tenant=tenant,
        segment=segment,
        identity=identity,
        addresses=tuple(ip_address(a) for a in addresses),
        mac=f"02:00:00:00:00:{identity:02x}",
        host=host,
        port=name.partition("/")[2],
        proxy=ProxyMode.NODE,
        origin=ORIGIN,
    )


def host(name: str, number: int, leaf: str) -> Host:
    return Host(
        name=name,
        bridge="br-int",
        datapath_id=number,
        tunnel=IPv4Interface(f"10.255.{number}.2/30"),
        gateway=IPv4Address(f"10.255.{number}.1"),
        switch=leaf,
        switch_port=name,
        proxy_port="fsdn-proxy",
        tunnel_port="fsdn-tun",
        origin=ORIGIN,
    )


def rule(name: str, number: int, **fields: object) -> Rule:
    given: dict[str, object] = {
        "tenant": name.partition("/")[0],
        "action": Action.ALLOW,
        "sources": (),
        "endpoints": (),
        "services": (),
        "transport": Transport(),
        "http": None,
        "route": None,
        "enforce": None,
        "origin": ORIGIN,
    }
    return Rule(name=name, number=number, **(given | fields))  # type: ignore[arg-type]


def segment(name: str, number: int, vni: int, *subnets: str) -> Segment:
    networks = tuple(ip_network(s) for s in subnets)
    return Segment(
        name=name,
        tenant=name.partition("/")[0],
        number=number,
        vni=vni,
        vlan=100 + number,
        subnets=networks,
        gateways=tuple(n[1] for n in networks),
        mtu=1400,
        origin=ORIGIN,
    )


def shop_plan() -> Plan:
    """The plan of examples/shop, built by hand."""
    web = ("shop/web",)
    reviews = ("shop/reviews-1", "shop/reviews-2")
    front, back, lan = "shop/front", "shop/back", "rival/lan"
    http = (ServicePort("http", 1, 80, 8080, AppProtocol.HTTP),)
    stock_http = (ServicePort("http", 2, 80, 8080, AppProtocol.HTTP),)
    to_reviews = {"sources": web, "services": ("shop/reviews",)}
    get = HttpMatch(methods=("GET",))
    tester = HttpMatch(headers=(("x-tester", StringMatch(Compare.EXACT, "1")),))
    admin = HttpMatch(path=StringMatch(Compare.PREFIX, "/admin"))
    return Plan(
        tenants=(
            Tenant("rival", 2, Action.ALLOW, ORIGIN),
            Tenant("shop", 1, Action.DENY, ORIGIN),
        ),
        segments=(
            segment(lan, 3, 20010, "10.30.0.0/24"),
            segment(back, 2, 10020, "10.20.0.0/24", "fd10:20::/64"),
            segment(front, 1, 10010, "10.10.0.0/24", "fd10:10::/64"),
        ),
        hosts=(host("host1", 1, "leaf1"), host("host2", 2, "leaf2")),
        endpoints=(
            endpoint("rival/spy", 6, "host1", lan, "10.30.0.11"),
            endpoint("shop/audit", 5, "host2", back, "10.20.0.11", "fd10:20::11"),
            endpoint("shop/reviews-1", 2, "host2", front, "10.10.0.21", "fd10:10::21"),
            endpoint("shop/reviews-2", 3, "host1", front, "10.10.0.22", "fd10:10::22"),
            endpoint("shop/stock", 4, "host2", front, "10.10.0.31", "fd10:10::31"),
            endpoint("shop/web", 1, "host1", front, "10.10.0.11", "fd10:10::11"),
        ),
        services=(
            Service(
                name="shop/reviews",
                tenant="shop",
                segment=front,
                hostnames=("reviews.shop.example",),
                vips=(ip_address("10.10.0.200"), ip_address("fd10:10::ff10")),
                ports=http,
                endpoints=reviews,
                subsets=(Subset("v1", reviews[:1]), Subset("v2", reviews[1:])),
                origin=ORIGIN,
            ),
            Service(
                name="shop/stock",
                tenant="shop",
                segment=front,
                hostnames=("stock.shop.example",),
                vips=(ip_address("10.10.0.201"), ip_address("fd10:10::ff11")),
                ports=stock_http,
                endpoints=("shop/stock",),
                subsets=(),
                origin=ORIGIN,
            ),
        ),
        rules=(
            rule(
                "shop/stock-closed[0]",
                5,
                action=Action.DENY,
                sources=reviews,
                endpoints=("shop/stock",),
                services=("shop/stock",),
            ),
            rule("shop/reviews[0]", 1, action=Action.DENY, http=admin, **to_reviews),
            rule("shop/reviews[1]", 2, http=tester, route=Route((Share("v2", 1),)), **to_reviews),
            rule(
                "shop/reviews[2]",
                3,
                http=get,
                route=Route((Share("v1", 90), Share("v2", 10))),
                **to_reviews,
            ),
            rule(
                "shop/stock[0]",
                4,
                sources=web,
                services=("shop/stock",),
                transport=Transport(protocol=6, ports=(PortRange(80, 80),)),
            ),
        ),
        captures=(
            Capture("shop/reviews", 80, web, "shop/reviews[0]", "an HTTP match needs the proxy"),
        ),
        switches=(
            Switch(
                "leaf1",
                Role.LEAF,
                65001,
                IPv4Address("10.254.0.11"),
                (SwitchPort("bare1", front),),
                ORIGIN,
            ),
            Switch(
                "leaf2",
                Role.LEAF,
                65002,
                IPv4Address("10.254.0.12"),
                (SwitchPort("bare2", front),),
                ORIGIN,
            ),
            Switch("spine1", Role.SPINE, 65000, IPv4Address("10.254.0.1"), (), ORIGIN),
            Switch("spine2", Role.SPINE, 65000, IPv4Address("10.254.0.2"), (), ORIGIN),
        ),
        links=tuple(
            Link(f"{spine}-{leaf}", (spine, leaf), (leaf, spine), ORIGIN)
            for spine in ("spine1", "spine2")
            for leaf in ("leaf1", "leaf2")
        ),
    )


def rule_within(plan: Plan, host: str) -> Rule:
    """Return a rule between two endpoints of a host, which concerns no other host."""
    source, target, *_ = (one.name for one in plan.endpoints if one.host == host)
    return rule("shop/between[0]", 4711, sources=(source,), endpoints=(target,))


def routed(plan: Plan) -> Plan:
    """Return the plan with one router for all segments of tenant shop."""
    router = Router("shop/main", 77)
    segments = tuple(replace(s, router=router) if s.tenant == "shop" else s for s in plan.segments)
    return replace(plan, segments=segments)


EXTERNAL = External(
    port="outside",
    mac="02:00:00:00:ee:01",
    addresses=(ip_address("198.51.100.2"), ip_address("2001:db8:ee::2")),
    gateway_mac="02:00:00:00:ee:fe",
    zone=99,
)


def leaving(plan: Plan) -> Plan:
    """Return the plan with a way outside for every host, and web's leave to take it by TCP 443."""
    hosts = tuple(replace(host, external=EXTERNAL) for host in plan.hosts)
    networks = tuple(ip_network(text) for text in ("203.0.113.0/24", "2001:db8:3::/48"))
    out = rule(
        "shop/out[0]",
        80,
        sources=("shop/web",),
        transport=Transport(protocol=6, ports=(PortRange(443, 443),)),
        externals=networks,
    )
    return replace(plan, hosts=hosts, rules=(*plan.rules, out))


def leasing(plan: Plan) -> Plan:
    """Return the plan in which stock answers DHCP for segment front."""
    segments = tuple(
        replace(s, dhcp="shop/stock") if s.name == "shop/front" else s for s in plan.segments
    )
    return replace(plan, segments=segments)


def proxy_snapshot(plan: Plan, host: str) -> Snapshot:
    """Return the xDS resources of a host's proxy."""
    return snapshots_of(translated(plan), Proxies(), {})[host]
