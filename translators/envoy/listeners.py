"""Listeners: a captured service port on the service's own addresses, a filter chain a group."""

from __future__ import annotations

from envoy_data_plane.envoy.config.core.v3 import CidrRange, TrafficDirection
from envoy_data_plane.envoy.config.listener.v3 import (
    AdditionalAddress,
    Filter,
    FilterChain,
    FilterChainMatch,
    Listener,
)

from translators.envoy.clusters import BUFFER_LIMIT
from translators.envoy.endpoints import socket_address
from translators.envoy.filters.access_log import Logged
from translators.envoy.filters.http_connection_manager import http_connection_manager
from translators.envoy.filters.original_src import original_src
from translators.envoy.filters.tcp_proxy import closed, tcp_proxy
from translators.envoy.groups import Door, Group
from translators.envoy.routes import default_name, destinations
from translators.plan.model import Action, Address


def listener(door: Door, groups: tuple[Group, ...], logged: Logged) -> Listener:
    """Return the listener; a source of no group finds no filter chain, and is disconnected."""
    first, *others = (socket_address(str(vip), door.port.port) for vip in door.addresses)
    return Listener(
        name=door.name,
        address=first,
        additional_addresses=[AdditionalAddress(address=other) for other in others],
        stat_prefix=stat_prefix(door),
        filter_chains=[_chain(group, logged) for group in groups],
        per_connection_buffer_limit_bytes=BUFFER_LIMIT,
        listener_filters=[original_src()],
        transparent=True,
        freebind=True,
        traffic_direction=TrafficDirection.OUTBOUND,
    )


def stat_prefix(door: Door) -> str:
    """Return the door's name without the characters that divide a statistic's name."""
    return door.name.replace(":", "_").replace("/", "_").replace(".", "_")


def _chain(group: Group, logged: Logged) -> FilterChain:
    ranges = [_single(address) for address in group.addresses]
    return FilterChain(
        name=group.name,
        filter_chain_match=FilterChainMatch(source_prefix_ranges=ranges),
        filters=_filters(group, logged),
    )


def _single(address: Address) -> CidrRange:
    return CidrRange(address_prefix=str(address), prefix_len=address.max_prefixlen)


def _filters(group: Group, logged: Logged) -> list[Filter]:
    prefix = stat_prefix(group.door)
    if group.door.port.protocol.is_http:
        audits = len(group.audits(None))
        return [http_connection_manager(prefix, group.name, logged, audits)]
    return _connections(group, prefix, logged)


def _connections(group: Group, prefix: str, logged: Logged) -> list[Filter]:
    """Return the filters of a port whose connections are decided as a whole, by one rule."""
    rule = group.deciding[0] if group.deciding else None
    name = rule.name if rule is not None else default_name(group.door.service.tenant)
    action = rule.action if rule is not None else group.default
    chosen = destinations(group.door, rule.route if rule is not None else None)
    shares = tuple((destination.name, weight) for destination, weight in chosen)
    if action is Action.DENY or not shares:  # a chain ends in a proxy, even one never reached
        return [closed(prefix, name), tcp_proxy(prefix, ((group.door.name, 1),), logged)]
    sticky = group.door.service.affinity is not None
    return [tcp_proxy(prefix, shares, logged, sticky)]
