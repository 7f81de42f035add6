"""Copies of what rules admit, for a workload that collects them: here, or through the tunnel.

A copy is made after policy has decided and before the packet is delivered, so that what is denied
has none and the original goes its way untouched. Copies have the collector's MAC and, between
hosts, a VNI of their own: the receiver asks neither policy nor whose the source address is.
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    DESTINATION,
    ETH_DST,
    ETH_TYPE,
    FAMILIES,
    FROM_OUTSIDE,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    JUDGED,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MIRROR_VNI,
    MIRRORED,
    ORIGIN,
    OUTSIDE,
    RULE,
    TUN_DST,
    TUN_ID,
    TUN_SRC,
    mac_value,
)
from translators.openflow.flow import Act, Flow, Output, Reflect, Resubmit, SetField, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Endpoint, Rule

TABLES = (Table.COPY, Table.MIRROR)
_ORIGINAL: Test = (CT_STATE, CT_TRACKED, CT_TRACKED | CT_REPLY)
_REPLY: Test = (CT_STATE, CT_TRACKED | CT_REPLY, CT_TRACKED | CT_REPLY)
_ONCE: Test = (MIRRORED, 0, None)
_MADE, _ARRIVED = 1, 2  # of MIRRORED: the original's copy was made; this is a copy
_STANDS: Test = (JUDGED, 0, 1)  # it is not being judged again, or it was and may go on


def flows(site: Site) -> Iterator[Flow | Part]:
    """Yield the copies of what workloads here send and are answered, and where copies go."""
    yield site.kept("", _on)
    collected: dict[str, set[str]] = {}
    for rule in site.plan.extras:
        if rule.mirror is None:
            continue
        if local := site.local(rule.sources):
            yield from _copied(site, rule, site.plan.endpoint[rule.mirror])
        if local or rule.mirror in site.local_ids:
            collected.setdefault(rule.mirror, set()).update(rule.sources)
    for name, sources in sorted(collected.items()):
        yield from _to(site, site.plan.endpoint[name], sources)


def _on(site: Site) -> Iterator[Flow]:
    """Yield the ways on: outside, or to a workload."""
    own = cookie(Cause.NONE)
    if site.external is not None:
        established = match((CT_MARK, MARK_OUTSIDE), _ORIGINAL)
        yield Flow(Table.COPY, 21, established, own, goto=Table.LEAVE)
        yield Flow(Table.COPY, 20, match((DESTINATION, OUTSIDE)), own, goto=Table.LEAVE)
    yield Flow(Table.COPY, 0, (), own, goto=Table.DELIVER)
    yield Flow(Table.MIRROR, 0, (), cookie(Cause.UNDELIVERED))


def _copied(site: Site, rule: Rule, collector: Endpoint) -> Iterator[Flow]:
    """Yield what copies a connection's first packet, and then those that its label tells."""
    acts = (
        SetField(MIRRORED, _MADE),
        SetField(ETH_DST, mac_value(collector.mac)),  # whoever delivers the original sets its own
        Resubmit(Table.MIRROR),
        Resubmit(Table.COPY),
    )
    owner = cookie(Cause.MIRROR, rule.number)
    first = match((RULE, rule.number), (ORIGIN, FROM_WORKLOAD), (JUDGED, 0), _ONCE)
    yield Flow(Table.COPY, 110, first, owner, acts)
    for tests in _known(site, rule):
        for _, ether in FAMILIES:
            label: Test = (CT_LABEL, rule.number, 0xFFFFFFFF)
            known = match(*tests, (ETH_TYPE, ether, None), label, _STANDS, _ONCE)
            yield Flow(Table.COPY, 100, known, owner, acts)


def _known(site: Site, rule: Rule) -> Iterator[tuple[Test, ...]]:
    """Yield what tells packets of the rule's connections whose client is here, both ways."""
    away = [(MARK_DIRECT, FROM_TUNNEL)]
    if rule.externals and site.external is not None:
        away.append((MARK_OUTSIDE, FROM_OUTSIDE))
    for mark, origin in away:
        path: Test = (CT_MARK, mark, None)
        yield path, _ORIGINAL, (ORIGIN, FROM_WORKLOAD, None)
        yield path, _REPLY, (ORIGIN, origin, None)
    for identity in site.local(rule.sources):
        local: Test = (ORIGIN, FROM_WORKLOAD, None)
        yield (CT_MARK, MARK_DIRECT, None), _REPLY, local, (DESTINATION, identity, None)


def _to(site: Site, collector: Endpoint, sources: set[str]) -> Iterator[Flow]:
    mac: Test = (ETH_DST, mac_value(collector.mac), None)
    made: Test = (MIRRORED, _MADE, None)
    owner = cookie(Cause.COPY, collector.identity)
    if collector.name in site.local_ids:
        out = (Output(site.ports[collector.port]),)
        yield Flow(Table.MIRROR, 100, match(mac, made), owner, out)
        for sender in _senders(site, sources):
            arrived: Test = (MIRRORED, _ARRIVED, None)
            yield Flow(Table.MIRROR, 100, match(mac, arrived, (TUN_SRC, sender)), owner, out)
        return
    tunnel = site.plan.host[collector.host].tunnel
    if site.tunnel_port is None or tunnel is None or collector.host == site.host.name:
        return
    way: tuple[Act, ...] = (SetField(TUN_ID, MIRROR_VNI), SetField(TUN_DST, int(tunnel.ip)))
    back = match(mac, made, (ORIGIN, FROM_TUNNEL))  # a port sends nothing back by its own number
    yield Flow(Table.MIRROR, 110, back, owner, (*way, Reflect()))
    yield Flow(Table.MIRROR, 100, match(mac, made), owner, (*way, Output(site.tunnel_port)))


def _senders(site: Site, sources: set[str]) -> list[int]:
    """Return the tunnel addresses of other hosts that may send copies here."""
    names = {site.plan.endpoint[name].host for name in sources} - {site.host.name}
    tunnels = (site.plan.host[name].tunnel for name in sorted(names))
    return [int(tunnel.ip) for tunnel in tunnels if tunnel is not None]
