"""What one captured service port needs of each host's proxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from translators.envoy.clusters import Destination, cluster
from translators.envoy.encode import encode
from translators.envoy.endpoints import assignment_bytes, locations
from translators.envoy.filters.access_log import Logged
from translators.envoy.fronts import Fronts, Inputs, Kept, fronts
from translators.envoy.resources import CLUSTER, ENDPOINT, EncodedResource
from translators.plan.model import Capture, Plan

Some = tuple[EncodedResource, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """The resources of one capture on one host: listeners and routes, clusters and endpoints.

    ``back`` is one tuple for all hosts that need the same.
    """

    front: Some = ()
    back: Some = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The resources of one capture, by host; clusters and endpoints are one for all hosts.

    ``kept`` are the latter, each with all that it depends on.
    """

    hosts: Mapping[str, Share] = field(default_factory=dict)
    fronts: Fronts = field(default_factory=Fronts, repr=False)
    kept: Kept = field(default_factory=dict, repr=False)


NOTHING = Part()


def part(plan: Plan, capture: Capture, logged: Logged, before: Part = NOTHING) -> Part:
    """Return the resources of one capture.

    Their names begin with the service and its port, so that no two captures share any.
    """
    front = fronts(plan, capture, logged, before.fronts)
    work = _Work(plan, before)
    backs = {id(named): work.backs(named) for named in _distinct(front.named.values())}
    hosts = {h: Share(own, backs[id(front.named[h])]) for h, own in front.resources.items()}
    return Part(hosts, front, work.kept)


def _distinct(those: Iterable[tuple[Destination, ...]]) -> Iterable[tuple[Destination, ...]]:
    return {id(one): one for one in those}.values()


@dataclass(slots=True)
class _Work:
    """Makes clusters and endpoints, but not again those whose inputs are as before."""

    plan: Plan
    before: Part
    kept: dict[Inputs, tuple[Inputs, EncodedResource]] = field(default_factory=dict)

    def backs(self, named: tuple[Destination, ...]) -> Some:
        """Return clusters and their endpoints."""
        return tuple(made for one in named for made in (self._cluster(one), self._endpoints(one)))

    def _cluster(self, one: Destination) -> EncodedResource:
        key, origin = (CLUSTER, one.name), str(one.door.service.origin)
        inputs: Inputs = (one, origin)
        held = self.kept.get(key) or self.before.kept.get(key)
        if held is None or held[0] != inputs:
            held = inputs, EncodedResource(*key, encode(cluster(one)), origin)
        self.kept[key] = held
        return held[1]

    def _endpoints(self, one: Destination) -> EncodedResource:
        key, origin = (ENDPOINT, one.name), str(one.door.service.origin)
        if key in self.kept:
            return self.kept[key][1]
        found = locations(self.plan, one)
        inputs: Inputs = (found, origin)
        held = self.before.kept.get(key)
        if held is None or held[0] != inputs:
            held = inputs, EncodedResource(*key, assignment_bytes(one.name, found), origin)
        self.kept[key] = held
        return held[1]
