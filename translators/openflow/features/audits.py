"""Audits: rules that count a new connection and leave it to the rules after them.

An audit stands among the rules in their order. It notes its place in a register and looks the
packet up in the same table again, where audits up to that place no longer match: what an earlier
rule decides never comes to it, and several audits each count the same connection once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import Decision, masks
from translators.openflow.fields import AUDITED
from translators.openflow.flow import Resubmit, SetField, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Plan, PortRange

DEEPEST = 48  # audits of one connection; Open vSwitch gives up at 64 lookups within each other


def audited(site: Site) -> Mapping[str, int]:
    """Return the places, from 1, of the audits that have sources here, by rule.

    Raises ValueError where one source has more of them than a bridge can look up.
    """
    found = [r for r in site.plan.extras if not r.decides and site.local(r.sources)]
    most = Counter(name for r in found for name in set(r.sources) & site.local_ids.keys())
    for source, number in most.most_common(1):
        if number > DEEPEST:
            raise ValueError(
                f"{number} audit rules have {source} among their sources: "
                f"a bridge counts at most {DEEPEST} for one connection"
            )
    return {rule.name: place for place, rule in enumerate(found, start=1)}


def counted(decision: Decision, place: int) -> Decision:
    """Return a decision that counts what audits before ``place`` have left, and goes on."""
    before = tuple(match((AUDITED, *mask)) for mask in masks(PortRange(0, place - 1)))
    alternatives = tuple((*clauses, before) for clauses in decision.alternatives)
    acts = (SetField(AUDITED, place), Resubmit(Table.POLICY))
    owner = cookie(Cause.AUDIT, decision.number)
    return replace(decision, cookie=owner, alternatives=alternatives, actions=acts, goto=None)


def may_be_too_many(plan: Plan) -> bool:
    """Whether some source might have more audits than a bridge can look up."""
    return sum(not rule.decides for rule in plan.extras) > DEEPEST
