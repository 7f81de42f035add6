from benchmarks import vswitch_bridges, vswitch_scale
from benchmarks import vswitch_policy as policy
from benchmarks.vswitch_path import OPEN
from translators.compiler.pipeline import compile_policy
from translators.plan.model import Plan
from translators.policy.load import load


def plan(source: str) -> Plan:
    loaded = load(source, "bench.yaml")
    assert not loaded.diagnostics
    return compile_policy(loaded.documents).plan


def test_both_languages_say_the_same() -> None:
    found = plan(policy.text(30))
    assert len(found.endpoints) == policy.WORKLOADS
    assert len(found.rules) == 30
    for number in range(30):
        rule = found.rule[f"bench/p{number}[0]"]
        source, target = policy.ends(number)
        group, match = policy.ovn_policy(number)[1], policy.ovn_policy(number)[4]
        assert group == f"g{target}"
        assert match.startswith(f"outport == @g{target} && ip4 && ip4.src == $g{source}_ip4")
        (span,) = rule.transport.ports
        assert match.endswith(
            f"tcp.dst == {{{', '.join(map(str, range(span.first, span.last + 1)))}}}"
        )
        members = next(c for c in policy.ovn_network() if c[:2] == ["pg-add", f"g{source}"])[2:]
        assert sorted(rule.sources) == sorted(f"bench/{name}" for name in members)


def test_a_change_makes_a_policy_another_one() -> None:
    before, after = (
        plan(policy.text(2)),
        plan(policy.text(2).replace(*(policy.policy(0, n) for n in (0, 5)))),
    )
    assert [r.name for r in before.rules if r not in after.rules] == ["bench/p0[0]"]
    assert policy.ovn_no_policy(0, 5)[1:] == policy.ovn_policy(0, 5)[1:-1]


def test_moving_a_workload_changes_its_address_alone() -> None:
    (before,), (after,) = (load(policy.workload(1, n), "w.yaml").documents for n in (0, 3))
    assert before.key == after.key
    assert policy.ovn_workload(1, 3)[2] == f"{policy.mac(1)} {policy.address(1, 3)}"


def test_a_scale_has_as_many_workloads_as_it_says() -> None:
    found = plan(vswitch_scale.text(250))
    assert len(found.endpoints) == 250
    assert [h.name for h in found.hosts] == ["host1", "host2", "host3"]


def test_the_measured_packets_are_admitted() -> None:
    found = plan(policy.text(10) + OPEN)
    assert found.rule["bench/measured[0]"].sources == ("bench/w1",)


def test_on_several_bridges_a_policy_has_ends_on_all_of_them() -> None:
    found = plan(vswitch_bridges.text(10))
    hosts = {host.name for host in found.hosts}
    assert len(hosts) == vswitch_bridges.BRIDGES
    rule = found.rule["bench/p0[0]"]
    for ends in (rule.sources, rule.endpoints):
        assert {found.endpoint[name].host for name in ends} == hosts
