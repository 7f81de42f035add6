from typing import Any

from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import compiled, host, plan_of, policy, workload, world
from translators.compiler.pipeline import compile_policy

TUNNEL = {"address": "10.255.1.1/30"}
FAR = {"address": "10.255.1.2/30"}


def _mirrored(collector: str, **fields: Any) -> Thing:
    rule = {"action": "allow", "match": {"tcp": {"ports": [5432]}}, **fields}
    to = [{"labels": {"app": "api"}}]
    return policy("copied", {**rule, "mirror": {"workload": collector}}, to=to)


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in compiled(*more).diagnostics]


def test_a_collector_is_a_workload_of_the_tenant_by_its_full_name() -> None:
    tap = workload("tap", 30, "tap")
    assert [r.mirror for r in plan_of(tap, _mirrored("tap")).rules] == ["shop/tap"]
    assert [r.mirror for r in plan_of(tap, _mirrored("shop/tap")).rules] == ["shop/tap"]
    assert [code for code, _ in found(_mirrored("tap"))] == ["FS1101"]
    assert [code for code, _ in found(tap, _mirrored("rival/tap"))] == ["FS1102"]


def test_copies_between_hosts_need_a_tunnel_at_both() -> None:
    tap = workload("tap", 30, "tap", host="host2")
    ((code, message),) = found(host(), host("host2", 2), tap, _mirrored("tap"))
    assert code == "FS8005"
    assert message == "shop/tap is on host2, sources are on host1; without a tunnel: host1, host2"
    half = found(host(tunnel=TUNNEL), host("host2", 2), tap, _mirrored("tap"))
    assert half == [
        ("FS8005", "shop/tap is on host2, sources are on host1; without a tunnel: host2")
    ]
    both = (host(tunnel=TUNNEL), host("host2", 2, tunnel=FAR))
    assert found(*both, tap, _mirrored("tap")) == []


def test_a_tunnel_that_goes_is_found_though_the_rule_stays() -> None:
    tap = workload("tap", 30, "tap", host="host2")
    here, there = host(tunnel=TUNNEL), host("host2", 2, tunnel=FAR)
    before = compiled(here, there, tap, _mirrored("tap"))
    assert before.diagnostics == ()
    after = documents_of(world(here, host("host2", 2), tap, _mirrored("tap")))
    found = compile_policy(after, before.allocations, before).diagnostics
    assert [one.code for one in found] == ["FS8005"]
