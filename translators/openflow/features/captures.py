"""Captured service ports: no way around the proxy, and no more for the proxy than its clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.openflow.conjunction import Decision, decide
from translators.openflow.cookie import Cause, cookie
from translators.openflow.features.commit import admitting
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    FAMILIES,
    IP_PROTO,
    PORT,
    SERVICE,
)
from translators.openflow.flow import Flow, Match, Test, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, Capture

TABLES = (Table.PROXY,)


def flows(site: Site) -> Iterator[Flow]:
    """Yield what the proxy may reach on behalf of its clients."""
    permits = [_permit(site, c, site.local(c.sources), None) for c in site.plan.captures]
    yield from decide(Table.PROXY, 10, [permit for permit in permits if permit is not None])
    yield Flow(Table.PROXY, 0, (), cookie(Cause.PROXY))


def closures(site: Site) -> list[Decision]:
    """Return the drops of direct access to endpoints that captured service ports lead to.

    Connections by the service port that were there before the capture go around the proxy, too.
    """
    found = []
    for capture in site.plan.captures:
        permit = _permit(site, capture, site.local(capture.sources), (SERVICE, 0, None))
        if permit is not None:
            owner = cookie(Cause.CLOSURE, permit.number)
            port = site.captured_port(capture)
            through = () if port is None else (match((SERVICE, port.number)),)
            ways = (*permit.alternatives, (through,))
            found.append(Decision(permit.number, owner, permit.sources, ways))
    return found


def proxied(site: Site) -> Iterator[Decision]:
    """Yield what other hosts' proxies may reach here on behalf of their clients."""
    for capture in site.plan.captures:
        permit = _permit(site, capture, site.elsewhere(capture.sources), None, site.local_ids)
        if permit is not None:
            yield permit


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
