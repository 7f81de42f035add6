"""Random worlds as documents: two tenants, three segments, two hosts, up to six policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from translators.policy.document import Document
from translators.policy.load import load

Thing = dict[str, Any]

_FRONT = ("w1", "w2", "w3", "w4")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/admin", "/admin/x", "/b")
METHODS = ("GET", "POST", "DELETE")
HOSTS = ("web.example", "db.example")
VALUES = ("1", "12", "2")
OUTSIDE = ("0.0.0.0/0", "192.0.2.0/24", "203.0.113.8/29", "::/0", "2001:db8::/48")
_PROTOCOLS = ("http", "http", "http2", "grpc", "tcp")


def thing(kind: str, name: str, spec: Thing, tenant: str = "", **labels: str) -> Thing:
    """Return a document as plain values."""
    metadata: Thing = {"name": name}
    if tenant:
        metadata["tenant"] = tenant
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": "fsdn/v1", "kind": kind, "metadata": metadata, "spec": spec}


def documents_of(things: list[Thing], file: str = "random.yaml") -> tuple[Document, ...]:
    """Load things, one on each line; a thing that is refused is an error of this file."""
    text = "".join(f"--- {json.dumps(item)}\n" for item in things)
    loaded = load(text, file)
    assert not loaded.diagnostics, loaded.diagnostics[0]
    return loaded.documents


def _some(rng: Random, values: tuple[str, ...]) -> list[str]:
    return sorted({rng.choice(values) for _ in range(rng.randint(1, 2))})


def random_things(rng: Random) -> list[Thing]:
    """Return a world of two tenants, three segments, two hosts and up to six policies.

    In two of three worlds a router joins the segments of the first tenant; in half of them hosts
    have a way outside, the second host for IPv4 only.
    """
    router = rng.choice(("main", "main", None))
    outside = rng.choice((True, False))
    places = _places(router, outside)
    things = [
        thing("Tenant", "shop", {"default": rng.choice(("deny", "deny", "allow", "audit"))}),
        thing("Tenant", "rival", {"default": rng.choice(("deny", "allow"))}),
        *places,
    ]
    front = [_workload(rng, name, index) for index, name in enumerate(_FRONT[: rng.randint(2, 4)])]
    if rng.randrange(2):
        places[0]["spec"]["dhcpServer"] = rng.choice(front)["metadata"]["name"]
    others = [
        _settled("back", "shop", "back", 20, {"app": "a", "version": "v1"}, "fd10:20::20"),
        _settled("back2", "shop", "back", 21, {"app": "b", "version": "v1"}),
        _settled("spy", "rival", "lan", 30, {"app": "a"}),
        _settled("spy2", "rival", "lan", 31, {"app": "b"}),
    ]
    names = tuple(item["metadata"]["name"] for item in front)
    services = [_service(rng, name, names) for name in ("web", "db", "dns")[: rng.randint(2, 3)]]
    rival = thing(
        "Service",
        "trap",
        {
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "http"}],
            "endpoints": ["spy2"],
        },
        "rival",
    )
    offered = tuple(item["metadata"]["name"] for item in services)
    if router:  # of use to others than the segment's own
        services.append(_far(rng))
        names, offered = (*names, "back"), (*offered, "far")
    policies = [_policy(rng, f"p{n}", names, offered) for n in range(rng.randint(0, 6))]
    if outside:
        policies.append(_leave(rng, names))
    return [*things, *front, *others, *services, rival, *policies]


def _leave(rng: Random, workloads: tuple[str, ...]) -> Thing:
    to = [{"external": network} for network in rng.sample(OUTSIDE, rng.randint(1, 3))]
    rules = [
        {"match": some_transport(rng, False), "action": rng.choice(("allow", "allow", "deny"))}
    ]
    rules += [{"action": "allow"}] * rng.randrange(2)
    spec: Thing = {"from": [{"any": True}, some_source(rng, workloads)][rng.randrange(2) :]}
    spec |= {"to": to, "rules": rules}
    return thing("Policy", "leave", {**spec, "priority": rng.choice((0, 15))}, "shop")


def _far(rng: Random) -> Thing:
    ports = [{"name": "first", "port": 80, "targetPort": 8080, "protocol": rng.choice(_PROTOCOLS)}]
    endpoints = rng.choice((["back"], ["back", "back2"]))
    return thing("Service", "far", {"ports": ports, "endpoints": endpoints}, "shop")


def _places(router: str | None = None, outside: bool = False) -> list[Thing]:
    things = [
        _segment("front", "shop", 10, "fd10:10::/64", ["10.10.0.192/26", "fd10:10::ff00/120"]),
        _segment("back", "shop", 20, "fd10:20::/64", ["10.20.0.192/26", "fd10:20::ff00/120"]),
        _segment("lan", "rival", 30, None, ["10.30.0.192/26"]),
        thing("Switch", "spine1", {"role": "spine", "asn": 65000, "loopback": "10.254.0.1"}),
    ]
    for segment in things[:3] if router else ():  # one name, but not one router for two tenants
        segment["spec"]["router"] = router
    for number in (1, 2):
        leaf, host = f"leaf{number}", f"host{number}"
        spec: Thing = {"role": "leaf", "asn": 65000 + number, "loopback": f"10.254.0.1{number}"}
        spec["ports"] = [{"name": f"bare{number}", "segment": "shop/front"}]
        ends = [{"switch": "spine1", "port": leaf}, {"switch": leaf, "port": "spine1"}]
        tunnel = {"address": f"10.255.{number}.2/30", "gateway": f"10.255.{number}.1"}
        uplink = {"switch": leaf, "port": host}
        way = {"external": _external(number)} if outside else {}
        things += [
            thing("Switch", leaf, spec),
            thing("Link", f"spine1-{leaf}", {"ends": ends}),
            thing(
                "Host",
                host,
                {"datapathId": f"{number:016x}", "tunnel": tunnel, "uplink": uplink, **way},
            ),
        ]
    return things


def _external(number: int) -> Thing:
    addresses = [f"198.51.100.{number}", *(["2001:db8:ee::1"] if number == 1 else [])]
    macs = {"mac": f"02:00:00:00:ee:0{number}", "gatewayMac": "02:00:00:00:ee:fe"}
    return {"port": "outside", "addresses": addresses, **macs}


def _segment(name: str, tenant: str, number: int, six: str | None, pool: list[str]) -> Thing:
    subnets = [f"10.{number}.0.0/24", *([six] if six else [])]
    gateways = [f"10.{number}.0.1", *([six.replace("/64", "1")] if six else [])]
    spec: Thing = {"vni": 10000 + number, "vlan": 100 + number, "subnets": subnets}
    return thing("Segment", name, {**spec, "gateways": gateways, "services": pool}, tenant)


def _workload(rng: Random, name: str, index: int) -> Thing:
    both = [f"10.10.0.1{index}", f"fd10:10::1{index}"]
    addresses = rng.choice((both, both, both, both[:1], both[1:]))
    proxy = "none" if rng.randrange(10) == 0 else "node"
    spec = _placed("front", addresses, index, rng.choice(("host1", "host2")), name)
    labels = {"app": rng.choice("ab"), "version": rng.choice(("v1", "v2"))}
    drain = {"drain": True} if rng.randrange(10) == 0 else {}
    return thing("Workload", name, {**spec, "proxy": proxy, **drain}, "shop", **labels)


def _settled(
    name: str, tenant: str, segment: str, number: int, labels: dict[str, str], *more: str
) -> Thing:
    addresses = [f"10.{number // 10 * 10}.0.{number}", *more]
    host = f"host{number % 2 + 1}"
    return thing(
        "Workload", name, _placed(segment, addresses, number, host, name), tenant, **labels
    )


def _placed(segment: str, addresses: list[str], number: int, host: str, port: str) -> Thing:
    mac = f"02:00:00:00:00:{number:02x}"
    return {"segment": segment, "addresses": addresses, "mac": mac, "host": host, "port": port}


def _service(rng: Random, name: str, workloads: tuple[str, ...]) -> Thing:
    ports: list[Thing] = []
    if name == "dns" or rng.randrange(4) == 0:
        ports.append({"name": "dns", "port": 53, "targetPort": 5353, "protocol": "udp"})
    if name != "dns":
        ports.append({"name": "first", "port": 80, "protocol": rng.choice(_PROTOCOLS)})
        ports[-1]["targetPort"] = rng.choice((80, 8080))
    if rng.randrange(2) == 0:
        ports.append({"name": "second", "port": 8080, "protocol": rng.choice(_PROTOCOLS)})
    if rng.randrange(6) == 0:
        ports.append({"name": "twin", "port": 80, "targetPort": 8080, "protocol": "udp"})
    spec: Thing = {"ports": ports, "segment": "front", "hostnames": [f"{name}.example"]}
    spec["endpoints"] = sorted(rng.sample(workloads, rng.randint(1, len(workloads))))
    spec["subsets"] = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
    spec["affinity"] = rng.choice(("none", "none", "client-ip"))
    spec["revoke"] = rng.choice(("drain", "cut"))
    if rng.randrange(5) == 0:
        spec["drain"] = [rng.choice(workloads)]
    return thing("Service", name, spec, "shop")


def _policy(rng: Random, name: str, workloads: tuple[str, ...], services: tuple[str, ...]) -> Thing:
    tenant = "rival" if rng.randrange(8) == 0 else "shop"
    if tenant == "rival":
        workloads, services = ("spy", "spy2"), ("trap",)
    rules = [some_rule(rng) for _ in range(rng.randint(1, 3))]
    for rule in rules:
        connections = not rule.keys() & {"route", "enforce"} and "http" not in rule.get("match", {})
        if rule.get("action") == "allow" and connections and rng.randrange(4) == 0:
            rule["mirror"] = {"workload": rng.choice(workloads)}
    to = [some_target(rng, workloads, services) for _ in range(rng.randint(1, 2))]
    if any("route" in rule or "http" in rule.get("match", {}) for rule in rules):
        to = [{"service": rng.choice(services[:2])}, *to[1:]]  # what may speak HTTP
    spec: Thing = {
        "priority": rng.choice((0, 0, 10, 20)),
        "from": [some_source(rng, workloads) for _ in range(rng.randint(1, 2))],
        "to": to,
        "rules": rules,
    }
    return thing("Policy", name, spec, tenant)


def some_source(rng: Random, workloads: tuple[str, ...]) -> Thing:
    choices: tuple[Callable[[], Thing], ...] = (
        lambda: {"labels": {"app": rng.choice("ab")}},
        lambda: {"workload": rng.choice(workloads)},
        lambda: {"workload": rng.choice(workloads)},
        lambda: {"cidr": rng.choice(("10.10.0.8/29", "10.10.0.0/24", "fd10:10::/64"))},
        lambda: {"any": True},
    )
    return rng.choice(choices)()


def some_target(rng: Random, workloads: tuple[str, ...], services: tuple[str, ...]) -> Thing:
    kind = rng.randrange(6)
    if kind < 3:
        return {"service": rng.choice(services)}
    if kind == 3:
        return {"external": rng.choice(OUTSIDE)}
    return some_source(rng, workloads)


def some_rule(rng: Random) -> Thing:
    rule: Thing = {}
    http = rng.randrange(5) < 2
    match = {"http": some_http(rng)} if http else {}
    if not http or rng.randrange(4) == 0:
        match.update(some_transport(rng, http))
    if match:
        rule["match"] = match
    if (http or rng.randrange(8) == 0) and rng.randrange(3) == 0:
        rule["route"] = some_route(rng)
    else:
        actions = ("allow", "allow", "deny", "audit")
        by_query = "query" in match.get("http", {})  # which no proxy counts by
        rule["action"] = rng.choice(actions[:3] if by_query else actions)
        if not http and rule["action"] == "allow" and rng.randrange(3) == 0:
            limit = {"rate": "1Gbps", "dscp": 8, "queue": "tcp" in match}
            burst = {"rate": "1Gbps", "dscp": 8, "burst": "1Gb"}
            rule["shape"] = rng.choice(({"dscp": "af21"}, limit, burst))
        elif not http and rng.randrange(12) == 0:
            rule["enforce"] = rng.choice(("proxy", "vswitch"))
    return rule


def some_transport(rng: Random, http: bool) -> Thing:
    tcp: Thing = {"tcp": {"ports": [rng.choice((80, 8080, "1-100", "80-8080"))]}}
    if http:
        return tcp
    udp: Thing = {"udp": {"ports": [rng.choice((53, 5353, 80))]}}
    ip: Thing = {"ip": {"family": rng.choice(("ipv4", "ipv6"))}}
    number: Thing = {"ip": {"protocol": rng.choice((6, 17, 58, 1, 132))}}
    choices = ({}, tcp, tcp, udp, {"icmp": {}}, ip, {**ip, **tcp}, {"tcp": {}}, number)
    return rng.choice(choices)


def some_http(rng: Random) -> Thing:
    match: Thing = {}
    if rng.randrange(2):
        match["path"] = {rng.choice(("exact", "prefix")): rng.choice(PATHS)}
    if rng.randrange(3) == 0:
        match["methods"] = _some(rng, METHODS)
    if rng.randrange(3) == 0:
        match["headers"] = {"x-tester": _value(rng)}
    if rng.randrange(4) == 0:
        match["query"] = {"v": _value(rng)}
    if rng.randrange(4) == 0:
        match["hosts"] = _some(rng, HOSTS)
    return match


def _value(rng: Random) -> Thing:
    kind = rng.choice(("exact", "prefix", "present"))
    return {kind: True if kind == "present" else rng.choice(VALUES)}


def some_route(rng: Random) -> Thing:
    subsets = rng.sample(("v1", "v2"), rng.randint(1, 2))
    route: Thing = {"to": [{"subset": name, "weight": rng.randint(1, 9)} for name in subsets]}
    if rng.randrange(6) == 0:
        route["to"] = [{}]
    if rng.randrange(4) == 0:
        route["timeout"] = "2s"
    return route
