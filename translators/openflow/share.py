"""A bridge's share of a plan's rules: those that its program can depend on."""

from __future__ import annotations

from translators.openflow.port_queues import numbers_here
from translators.openflow.site import Site
from translators.plan.model import Rule


def meets(site: Site, rule: Rule) -> bool:
    """Whether a bridge's program can depend on a rule.

    It cannot on one whose sources, destinations and collector are all elsewhere, unless it
    captures. Queues have numbers also where a workload is not attached yet.
    """
    here = site.here
    return not (
        here.isdisjoint(rule.sources)
        and here.isdisjoint(rule.endpoints)
        and site.serving.isdisjoint(rule.services)
        and rule.name not in site.capturing
        and rule.mirror not in here
        and not numbers_here(site.plan, site.host.name, rule)
    )
