"""What a host's proxy does to a connection or request, in Envoy's own words."""

from __future__ import annotations

import json
from collections.abc import Iterator

from betterproto2 import Casing
from envoy_data_plane.envoy.config.route.v3 import Route

from translators.envoy.groups import Group, doors
from translators.envoy.routes import default_name, default_route, rule_route
from translators.plan.evaluate import Packet
from translators.plan.explanation import Step
from translators.plan.http import Request, matches
from translators.plan.model import TCP, Action, Plan, Rule


def explain(plan: Plan, packet: Packet, request: Request | None = None) -> tuple[Step, ...]:
    """Return the proxy's rows: its listener, then what decides; none if nothing is steered there.

    Without a request, a port that speaks HTTP has no second row: requests are decided one by one.
    """
    if not _is_steered(plan, packet):
        return ()
    group = _group(plan, packet)
    first = _listener(plan, group, packet)
    if not group.door.port.protocol.is_http:
        return (first, _connection(group))
    if request is None:
        return (first,)
    return (first, *_audits(group, request), _request(group, request))


def _is_steered(plan: Plan, packet: Packet) -> bool:
    """Whether the packet reaches the proxy: it is no forgery, and a capture within its reach."""
    source, service = plan.endpoint[packet.endpoint], plan.by_vip.get(packet.destination)
    return (
        service is not None
        and packet.source in source.addresses
        and packet.family == packet.source.version
        and source.tenant == service.tenant
        and plan.joined(source.segment, service.segment)
        and packet.protocol == TCP
        and plan.is_captured(source.name, service.name, packet.destination_port)
    )


def _group(plan: Plan, packet: Packet) -> Group:
    """Return the source's group at the door that the packet knocks at."""
    service = plan.by_vip[packet.destination]
    capture = plan.captured[service.name, packet.destination_port]
    source = plan.endpoint[packet.endpoint]
    return next(
        group
        for door, hosts in doors(plan, capture, source.host)
        for group in hosts[source.host]
        if door.family == packet.family and source in group.sources
    )


def _listener(plan: Plan, group: Group, packet: Packet) -> Step:
    address, width = packet.source, packet.source.max_prefixlen
    native = f"listener {group.door.name} filter_chain {group.name} source {address}/{width}"
    capture = group.door.capture
    origin = next((str(r.origin) for r in plan.rules if r.name == capture.rule), "")
    return _step(group, "carry", native, capture.rule, origin, capture.reason)


def _request(group: Group, request: Request) -> Step:
    if request.normal_path is None:
        native = "http_connection_manager normalize_path: 400"
        reason = "the path has an escaped slash or is malformed"
        return _step(group, "deny", native, "", "", reason)
    for rule in group.deciding:
        if rule.http is None or matches(rule.http, request):
            return _decided(group, rule, _route_text(rule_route(group, rule)))
    return _default(group, _route_text(default_route(group)))


def _audits(group: Group, request: Request) -> Iterator[Step]:
    """Yield a row for each audit that counts the request before a rule decides on it."""
    if request.normal_path is None:
        return
    for rule in group.rules:
        if rule.http is not None and not matches(rule.http, request):
            continue
        if rule.decides:
            return
        reason = "a rule counts it, and those after it decide"
        native = f"rbac shadow_rules policy {rule.name}"
        yield _step(group, "audit", native, rule.name, str(rule.origin), reason)


def _connection(group: Group) -> Step:
    """Return the row of a port without HTTP, where one rule decides on every connection."""
    if not group.deciding:
        return _default(group, f"tcp filters of filter_chain {group.name}")
    return _decided(group, group.deciding[0], f"tcp filters of filter_chain {group.name}")


def _decided(group: Group, rule: Rule, native: str) -> Step:
    reason = "a rule allows it" if rule.action is Action.ALLOW else "a rule denies it"
    return _step(group, rule.action, native, rule.name, str(rule.origin), reason)


def _default(group: Group, native: str) -> Step:
    reason = f"no rule matches; the tenant's default is {group.default}"
    name, origin = default_name(group.tenant.name), str(group.tenant.origin)
    return _step(group, group.default, native, name, origin, reason)


def _step(group: Group, verdict: str, native: str, rule: str, origin: str, reason: str) -> Step:
    device = f"{group.sources[0].host}/envoy"
    return Step("proxy", device, str(verdict), native, rule, origin, reason)


def _route_text(route: Route) -> str:
    """Return the route entry as JSON, without the metadata that the row's other columns show."""
    fields = route.to_dict(casing=Casing.SNAKE)
    shown = {key: fields[key] for key in ("match", "route", "direct_response") if key in fields}
    return f"route {json.dumps(shown, sort_keys=True)}"
