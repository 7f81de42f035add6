"""What a folder's files tell proxies to check for all others (HealthCheckSpecifier)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from envoy_data_plane.envoy.service.health.v3 import HealthCheckSpecifier

from translators.envoy.encode import encode
from translators.envoy.from_json import Path, Wrong, from_json
from translators.envoy.health_checks import (
    HEALTH_CHECKS,
    SLOW,
    as_cluster,
    settle_seconds,
    wrong_checks,
)
from translators.envoy.resources import CLUSTER, EncodedResource


@dataclass(frozen=True, slots=True, order=True)
class Checks:
    """A HealthCheckSpecifier, and the "file:line" that it begins at.

    ``settle``: seconds until a checker's bad word counts; ``clusters``: each check as the cluster
    that Envoy makes of it, with the place of its name.
    """

    origin: str
    specifier: bytes
    settle: float
    clusters: tuple[EncodedResource, ...]


def is_checks(value: Mapping[str, Any]) -> bool:
    """Whether an object of this type says what to check."""
    return value.get("@type") == HEALTH_CHECKS


def checks_of(
    value: Mapping[str, Any], place: Callable[[Path], str]
) -> tuple[Checks | None, tuple[Wrong, ...]]:
    """Return what is to be checked, or None where it cannot be, and what is wrong with it."""
    message, wrong = from_json(value)
    if not isinstance(message, HealthCheckSpecifier):
        return None, wrong
    wrong = tuple(wrong_checks(message))
    if any(one.code != SLOW for one in wrong):
        return None, wrong
    clusters = []
    for number, each in enumerate(message.cluster_health_checks):
        at = place(("cluster_health_checks", number, "cluster_name"))
        clusters.append(EncodedResource(CLUSTER, each.cluster_name, encode(as_cluster(each)), at))
    settle = settle_seconds(message)
    return Checks(place(("@type",)), encode(message), settle, tuple(clusters)), wrong
