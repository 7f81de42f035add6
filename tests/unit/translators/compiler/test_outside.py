from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import compiled, host, plan_of, policy, workload

WAY: Thing = {
    "port": "outside",
    "mac": "02:00:00:00:ee:01",
    "addresses": ["198.51.100.2"],
    "gatewayMac": "02:00:00:00:ee:fe",
}
OUT = policy("out", {"action": "allow"}, to=[{"external": "0.0.0.0/0"}])


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in compiled(*more).diagnostics]


def test_a_way_outside_is_a_zone_of_its_own() -> None:
    plan = plan_of(host(external=WAY), OUT)
    external = plan.hosts[0].external
    assert external is not None
    assert external.zone not in {segment.number for segment in plan.segments}
    assert [str(network) for network in plan.rules[0].externals] == ["0.0.0.0/0"]
    assert plan.rules[0].endpoints == plan.rules[0].services == ()


def test_sources_need_a_way_outside_of_the_family() -> None:
    six = policy("out", {"action": "allow"}, to=[{"external": "::/0"}])
    assert found(host(external=WAY), OUT) == []
    assert found(OUT) == [("FS4021", "shop/web is on host1, which has no external IPv4 address")]
    assert "IPv6" in found(host(external=WAY), six)[0][1]
    denial = policy("out", {"action": "deny"}, to=[{"external": "::/0"}])
    assert found(host(external=WAY), denial) == []


def test_external_means_outside() -> None:
    within = policy("out", {"action": "allow"}, to=[{"external": "10.10.0.0/25"}])
    ((code, message),) = found(host(external=WAY), within)
    assert code == "FS1103"
    assert "shop/front" in message


def test_only_connections_leave() -> None:
    http = policy("out", {"match": {"http": {}}, "action": "allow"}, to=[{"external": "::/0"}])
    assert [code for code, _ in found(host(external=WAY), http)] == ["FS7001"]
    pinned = policy("out", {"action": "allow", "enforce": "proxy"}, to=[{"external": "::/0"}])
    assert [code for code, _ in found(host(external=WAY), pinned)] == ["FS8004"]


def test_what_a_way_outside_has_is_its_own() -> None:
    mac = workload("x", 50, "x", mac=WAY["mac"])
    port = workload("x", 50, "x", port=WAY["port"])
    assert [code for code, _ in found(host(external=WAY), mac)] == ["FS2005"]
    assert [code for code, _ in found(host(external=WAY), port)] == ["FS2004"]
    other = host("host2", 2, external={**WAY, "mac": "02:00:00:00:ee:02"})
    assert [code for code, _ in found(host(external=WAY), other)] == ["FS2006"]


def test_a_wider_rule_does_not_hide_one_that_leaves() -> None:
    both = policy("b", {"action": "allow"}, to=[{"service": "api"}, {"external": "0.0.0.0/0"}])
    first = policy("a", {"action": "allow"}, to=[{"service": "api"}], priority=9)
    service = {"ports": [{"name": "sql", "port": 5432}], "selector": {"app": "api"}}
    api = {**OUT, "kind": "Service", "metadata": {"name": "api", "tenant": "shop"}, "spec": service}
    assert found(host(external=WAY), api, first, both) == []
