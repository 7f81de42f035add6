"""Health checks for the library: who checks which endpoints, and what they found."""

from __future__ import annotations

from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import HealthCheck
from envoy_data_plane.envoy.service.health.v3 import HealthCheckSpecifier

from translators.envoy.encode import encode
from xds_server.protocols.reports.health import Assignment, Checked, Health, HealthTable


class HealthChecks:
    """What each node checks for all clients of a cache (Envoy's health discovery service).

    An endpoint that is found unhealthy is sent to clients as UNHEALTHY in the assignment of the
    cluster that the check names, and as it was once it is well again.
    """

    def __init__(self) -> None:
        self.table = HealthTable()
        self._assigned: dict[str, Assignment] = {}

    def assign(self, node: str, specifier: HealthCheckSpecifier | None) -> None:
        """Set what a node checks, None for nothing; one that is connected is told at once."""
        self._assigned.pop(node, None)
        if specifier is not None:
            self._assigned[node] = Assignment(encode(specifier), _settle(specifier))
        self.table.assign(self._assigned)

    def found(self) -> dict[tuple[str, Checked], Health]:
        """Return the last word of each node about each endpoint that it checks."""
        return {(node, checked): health for node, checked, health in self.table.rows()}


def _settle(specifier: HealthCheckSpecifier) -> float:
    """Return the seconds in which a check can come to call an endpoint unhealthy."""
    checks = [check for each in specifier.cluster_health_checks for check in each.health_checks]
    return max((_longest(check) for check in checks), default=0.0)


def _longest(check: HealthCheck) -> float:
    parts = (check.interval, check.timeout, check.initial_jitter)
    once = sum((part for part in parts if part is not None), timedelta())
    return once.total_seconds() * max(1, check.unhealthy_threshold or 1)
