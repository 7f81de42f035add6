"""Plan to flows: every feature's share of one host's bridge, in canonical order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from translators.openflow.conjunction import Decided
from translators.openflow.decision import BAND
from translators.openflow.each import Each
from translators.openflow.features import (
    addresses,
    arrivals,
    audits,
    captures,
    classify,
    commit,
    delivery,
    dhcp,
    gateways,
    mirrors,
    neighbours,
    outside,
    revocation,
    rules,
    services,
    shapes,
    tracking,
)
from translators.openflow.flow import Flow, Group, Item, Program, items_of, program
from translators.openflow.part import Part
from translators.openflow.site import Site, missing_ports
from translators.openflow.tables import Table
from translators.plan.model import Plan

__all__ = ["FEATURES", "Feature", "always_fits", "missing_ports", "translate"]

Made = Item | Part | Each | Decided
_PLACES = ("tenants", "segments", "hosts", "endpoints")


def _no_groups(site: Site) -> Iterable[Group | Part]:
    del site
    return ()


@dataclass(frozen=True, slots=True)
class Feature:
    """A slice of the pipeline: the tables that it alone writes, its flows and its groups.

    What it yields bare is made again whenever the bridge's share of the plan changes; parts
    (``Site.kept``) and decisions (``Site.decided``) only where what they depend on has changed.
    """

    name: str
    tables: tuple[Table, ...]
    flows: Callable[[Site], Iterable[Made]]
    groups: Callable[[Site], Iterable[Group | Part]] = _no_groups
    # The parts of the plan that it reads beside tenants, segments, hosts and endpoints.
    reads: tuple[str, ...] | None = None  # None: all

    def depends(self, parts: Set[str]) -> bool:
        """Whether it may make something else of a plan of which these parts are others."""
        return bool(parts) and (self.reads is None or not parts.isdisjoint((*_PLACES, *self.reads)))

    def made(self, site: Site) -> Iterator[Made]:
        """Yield all that it contributes to a bridge."""
        site.memory.turn(self.name)
        yield from self.flows(site)
        yield from self.groups(site)

    def check(self, items: Iterable[Item]) -> None:
        """Raise ValueError for a flow in a table that is another feature's."""
        for item in items:
            if isinstance(item, Flow) and item.table not in self.tables:
                raise ValueError(f"{self.name} does not own table {item.table}")


FEATURES = (
    Feature("classify", classify.TABLES, classify.flows, reads=("services", "captures")),
    Feature("dhcp", dhcp.TABLES, dhcp.flows, reads=()),
    Feature("neighbours", neighbours.TABLES, neighbours.flows, reads=("services",)),
    Feature("outside", outside.TABLES, outside.flows, reads=()),
    Feature("tracking", tracking.TABLES, tracking.flows, reads=("rules", "services")),
    Feature("gateways", gateways.TABLES, gateways.flows, reads=("services",)),
    Feature("services", services.TABLES, services.flows, services.groups),
    Feature("addresses", addresses.TABLES, addresses.flows, reads=()),
    Feature("rules", rules.TABLES, rules.flows),
    Feature("captures", captures.TABLES, captures.flows),
    Feature("arrivals", arrivals.TABLES, arrivals.flows),
    Feature("commit", commit.TABLES, commit.flows, reads=("services", "rules")),
    Feature("revocation", revocation.TABLES, revocation.flows),
    Feature("shapes", (), shapes.meters),
    Feature("mirrors", mirrors.TABLES, mirrors.flows, reads=("rules",)),
    Feature("delivery", delivery.TABLES, delivery.flows, reads=()),
)


def translate(plan: Plan, host: str, ports: Mapping[str, int]) -> Program:
    """Return the flows, groups and meters of one host's bridge.

    ``ports`` maps interface names to OpenFlow port numbers. A workload whose interface is not
    among them can neither send nor receive; ``missing_ports`` names such interfaces.

    Raises ValueError where the plan does not fit into a bridge's priorities.
    """
    site = Site(plan, plan.host[host], ports)
    found: list[Item] = []
    for feature in FEATURES:
        own = list(items_of(feature.made(site)))
        feature.check(own)
        found += own
    return program(found)


def always_fits(plan: Plan) -> bool:
    """Whether every bridge has priorities enough for the plan, whoever is attached to it."""
    return len(plan.rules) <= BAND and not audits.may_be_too_many(plan)
