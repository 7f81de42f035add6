"""From the plan to everything that one host's proxy should have."""

from __future__ import annotations

from collections.abc import Iterator

from translators.diagnostics import Diagnostic
from translators.envoy.clusters import cluster
from translators.envoy.endpoints import assignment, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.fronts import destinations_of, origin_of
from translators.envoy.groups import groups
from translators.envoy.listeners import listener
from translators.envoy.patch import patch_findings
from translators.envoy.proxies import Proxies, translated
from translators.envoy.raw import parsed, raw_findings, taken
from translators.envoy.resources import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    EncodedResource,
    TypedResource,
)
from translators.envoy.routes import route_configuration
from translators.plan.model import Plan


def translate(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[EncodedResource, ...]:
    """Return the resources of the host's proxy as bytes, sorted by type and name.

    ``host`` is the proxy's node id. Compiled resources are amended by the plan's patches, and the
    host's raw resources stand beside them. A host without either has no resources.
    """
    return translated(plan, logged).of(host)


def findings(proxies: Proxies) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the plan's raw resources and patches, sorted."""
    plan = proxies.plan
    if not plan.raw_resources and not plan.raw_patches:
        return ()
    own = [(host.name, proxies.compiled(host.name)) for host in plan.hosts]
    found = [*raw_findings(plan), *patch_findings(own, plan.raw_patches)]
    for raw in plan.raw_resources:
        one = parsed(raw.body)
        hits = (proxies.compiled_as(host, one.type_url, one.name) for host in raw.hosts)
        hit = next((known for known in hits if known is not None), None)
        if hit is not None:
            found.append(taken(raw, one, f"it is compiled from {hit.origin}"))
    return tuple(sorted(set(found)))


def messages(plan: Plan, host: str, logged: Logged = Logged.DENIED) -> tuple[TypedResource, ...]:
    """Return the compiled resources as typed messages, in the same order."""
    return tuple(sorted(_typed(plan, host, logged), key=lambda typed: (typed.type_url, typed.name)))


def _typed(plan: Plan, host: str, logged: Logged) -> Iterator[TypedResource]:
    for door, found in groups(plan, host):
        origin = origin_of(plan, door.capture)
        yield TypedResource(LISTENER, door.name, listener(door, found, logged), origin)
        for group in found if door.port.protocol.is_http else ():
            yield TypedResource(ROUTE, group.name, route_configuration(group), origin)
        own = str(door.service.origin)
        for one in destinations_of(found):
            yield TypedResource(CLUSTER, one.name, cluster(one), own)
            message = assignment(one.name, locations(plan, one))
            yield TypedResource(ENDPOINT, one.name, message, own)
