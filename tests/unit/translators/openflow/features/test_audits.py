"""Audits count in their order, each once, and change nothing that rules decide."""

from dataclasses import replace

import pytest

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of, rule_of
from translators.openflow.decision import BAND
from translators.openflow.features.audits import DEEPEST, audited, may_be_too_many
from translators.openflow.frames import from_workload, synthetic_ports
from translators.openflow.simulate import simulate
from translators.openflow.site import Site
from translators.openflow.translate import always_fits, translate
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import Action, Plan, Rule, Transport

WEB, STOCK = ("shop/web",), ("shop/stock",)


def _audit(number: int, **fields: object) -> Rule:
    wanted = {"action": Action.AUDIT, "sources": WEB, "endpoints": STOCK} | fields
    return rule(f"shop/audit[{number}]", 70 + number, **wanted)


def _packet(plan: Plan, port: int) -> Packet:
    source, target = plan.endpoint["shop/web"], plan.endpoint["shop/stock"]
    return Packet(source.name, source.addresses[0], target.addresses[0], 6, 40000, port)


def _counted(plan: Plan, port: int = 22) -> tuple[list[str], bool]:
    """Return the audits that count a packet at the source's bridge, and whether it passes."""
    ports = synthetic_ports(plan, "host1")
    frame = from_workload(plan, _packet(plan, port), ports)
    trace = simulate(translate(plan, "host1", ports), frame)
    met = [f.cookie for f in trace.flows if cause_of(f.cookie) is Cause.AUDIT]
    rules = [rule_of(plan, cookie) for cookie in met]
    return [found.name for found in rules if found is not None], trace.output is not None


def _with(*rules: Rule) -> Plan:
    return replace(shop_plan(), rules=rules, captures=())


ALLOW = rule("shop/yes[0]", 90, sources=WEB, endpoints=STOCK)
DENY = rule("shop/no[0]", 91, action=Action.DENY, sources=WEB, endpoints=STOCK)


def test_an_audit_counts_and_the_rule_behind_it_decides() -> None:
    assert _counted(_with(_audit(1), ALLOW)) == (["shop/audit[1]"], True)
    assert _counted(_with(_audit(1), DENY)) == (["shop/audit[1]"], False)
    assert _counted(_with(_audit(1))) == (["shop/audit[1]"], False)  # the default denies


def test_what_an_earlier_rule_decides_never_comes_to_an_audit() -> None:
    assert _counted(_with(ALLOW, _audit(1))) == ([], True)
    assert _counted(_with(DENY, _audit(1))) == ([], False)


def test_several_audits_count_one_connection_once_each() -> None:
    some = _audit(2, transport=Transport(protocol=6))
    plan = _with(_audit(1), some, _audit(3), ALLOW, _audit(4))
    assert _counted(plan) == ([f"shop/audit[{n}]" for n in (1, 2, 3)], True)
    assert evaluate(plan, _packet(plan, 22)).audits == tuple(f"shop/audit[{n}]" for n in (1, 2, 3))


def test_a_source_with_too_many_audits_is_refused() -> None:
    plan = _with(*(_audit(n) for n in range(DEEPEST + 1)), ALLOW)
    assert may_be_too_many(plan)
    assert not always_fits(plan)
    assert len(plan.rules) < BAND
    with pytest.raises(ValueError, match="49 audit rules have shop/web among their sources"):
        translate(plan, "host1", synthetic_ports(plan, "host1"))


def test_audits_of_other_hosts_sources_take_no_place() -> None:
    away = _audit(1, sources=("shop/reviews-1",))
    plan = _with(away, _audit(2), ALLOW)
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    assert audited(site) == {"shop/audit[2]": 1}


def test_a_default_of_audit_passes() -> None:
    shop = _with()
    tenants = tuple(
        replace(t, default=Action.AUDIT) if t.name == "shop" else t for t in shop.tenants
    )
    plan = replace(shop, tenants=tenants)
    assert _counted(plan) == ([], True)
    verdict = evaluate(plan, _packet(plan, 22))
    assert (verdict.action, verdict.rule) == (Action.ALLOW, None)
    assert verdict.reason.endswith("default is audit")
