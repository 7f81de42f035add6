"""Plan to flows: every feature's share of one host's bridge, in canonical order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from translators.openflow.conjunction import BAND
from translators.openflow.features import (
    addresses,
    arrivals,
    audits,
    captures,
    classify,
    commit,
    delivery,
    dhcp,
    neighbours,
    outside,
    revocation,
    rules,
    services,
    shapes,
    tracking,
)
from translators.openflow.flow import Flow, Group, Program, program
from translators.openflow.site import Site, missing_ports
from translators.openflow.tables import Table
from translators.plan.model import Plan

__all__ = ["FEATURES", "Feature", "always_fits", "missing_ports", "translate"]


def _no_groups(site: Site) -> Iterable[Group]:
    del site
    return ()


@dataclass(frozen=True, slots=True)
class Feature:
    """A slice of the pipeline: the tables that it alone writes, its flows and its groups."""

    name: str
    tables: tuple[Table, ...]
    flows: Callable[[Site], Iterable[Flow]]
    groups: Callable[[Site], Iterable[Group]] = _no_groups


FEATURES = (
    Feature("classify", classify.TABLES, classify.flows),
    Feature("dhcp", dhcp.TABLES, dhcp.flows),
    Feature("neighbours", neighbours.TABLES, neighbours.flows),
    Feature("outside", outside.TABLES, outside.flows),
    Feature("tracking", tracking.TABLES, tracking.flows),
    Feature("services", services.TABLES, services.flows, services.groups),
    Feature("addresses", addresses.TABLES, addresses.flows),
    Feature("rules", rules.TABLES, rules.flows),
    Feature("captures", captures.TABLES, captures.flows),
    Feature("arrivals", arrivals.TABLES, arrivals.flows),
    Feature("commit", commit.TABLES, commit.flows),
    Feature("revocation", revocation.TABLES, revocation.flows),
    Feature("delivery", delivery.TABLES, delivery.flows),
)


def translate(plan: Plan, host: str, ports: Mapping[str, int]) -> Program:
    """Return the flows, groups and meters of one host's bridge.

    ``ports`` maps interface names to OpenFlow port numbers. A workload whose interface is not
    among them can neither send nor receive; ``missing_ports`` names such interfaces.

    Raises ValueError where the plan does not fit into a bridge's priorities.
    """
    site = Site(plan, plan.host[host], ports)
    groups = [group for feature in FEATURES for group in feature.groups(site)]
    return program(_all_flows(site), groups, shapes.meters(site))


def always_fits(plan: Plan) -> bool:
    """Whether every bridge has priorities enough for the plan, whoever is attached to it."""
    return len(plan.rules) <= BAND and not audits.may_be_too_many(plan)


def _all_flows(site: Site) -> Iterator[Flow]:
    for feature in FEATURES:
        for flow in feature.flows(site):
            if flow.table not in feature.tables:
                raise ValueError(f"{feature.name} does not own table {flow.table}")
            yield flow
