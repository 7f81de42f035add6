"""Captured service ports: no way around the proxy, and no more for the proxy than its clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from translators.openflow.conjunction import Decided
from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import Decision
from translators.openflow.features.commit import admitting, arriving
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    FAMILIES,
    IP_PROTO,
    PORT,
    SERVICE,
)
from translators.openflow.flow import Flow, Match, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, Capture

TABLES = (Table.PROXY,)


def flows(site: Site) -> Iterator[Part | Decided]:
    """Yield what the proxy may reach on behalf of its clients."""
    yield site.decided(Table.PROXY, (10, _each(site, _permitted)))
    yield site.kept("", _none)


def _none(site: Site) -> Iterator[Flow]:
    del site
    yield Flow(Table.PROXY, 0, (), cookie(Cause.UNCAPTURED))


def closures(site: Site) -> list[Decision]:
    """Return the drops of direct access to endpoints that captured service ports lead to.

    Connections by the service port that were there before the capture go around the proxy, too.
    """
    return _each(site, _closure)


def proxied(site: Site) -> list[Decision]:
    """Return what other hosts' proxies may reach here on behalf of their clients."""
    return _each(site, _proxied)


def _each(site: Site, make: Callable[[Site, Capture], Decision | None]) -> list[Decision]:
    """Return what ``make`` says of captures; the same of those of which nothing has changed."""
    found = (site.of_capture(capture, make) for capture in site.plan.captures)
    return [decision for decision in found if decision is not None]


def _permitted(site: Site, capture: Capture) -> Decision | None:
    return _permit(site, capture, site.local(capture.sources), None)


def _closure(site: Site, capture: Capture) -> Decision | None:
    permit = _permit(site, capture, site.local(capture.sources), (SERVICE, 0, None))
    if permit is None:
        return None
    owner = cookie(Cause.CLOSURE, permit.number)
    port = site.captured_port(capture)
    through = () if port is None else (match((SERVICE, port.number)),)
    ways = (*permit.alternatives, (through,))
    return Decision(permit.number, owner, permit.sources, ways)


def _proxied(site: Site, capture: Capture) -> Decision | None:
    found = _permit(site, capture, site.elsewhere(capture.sources), None, site.local_ids)
    rule = site.plan.rule[capture.rule]
    return None if found is None else replace(found, actions=arriving(rule))


def targets(
    site: Site, names: Iterable[str], target: int, protocol: int, extra: tuple[Test, ...] = ()
) -> tuple[Match, ...]:
    """Return one match an endpoint and address family for a transport port at the endpoints."""
    found = []
    for name in names:
        endpoint = site.plan.endpoint.get(name)
        if endpoint is None:
            continue
        for family, code in FAMILIES:
            if family in site.families(endpoint):
                door = ((DESTINATION, endpoint.identity), (PORT, target))
                found.append(match((ETH_TYPE, code), (IP_PROTO, protocol), *door, *extra))
    return tuple(found)


def _permit(
    site: Site,
    capture: Capture,
    sources: tuple[int, ...],
    extra: Test | None,
    only: Iterable[str] | None = None,
) -> Decision | None:
    port = site.captured_port(capture)
    if port is None:
        return None
    rule = site.plan.rule[capture.rule]
    names = site.plan.service[capture.service].endpoints
    kept = names if only is None else [name for name in names if name in only]
    tests = targets(site, kept, port.target, TCP, () if extra is None else (extra,))
    return Decision(
        rule.number,
        cookie(Cause.PROXY, rule.number),
        sources,
        ((tests,),),
        admitting(rule),
        Table.COMMIT,
    )
