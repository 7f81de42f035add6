"""Health checks for the library: who checks which endpoints, and what they found."""

from __future__ import annotations

from envoy_data_plane.envoy.service.health.v3 import HealthCheckSpecifier

from translators.envoy.encode import encode
from translators.envoy.health_checks import settle_seconds
from xds_server.protocols.reports.health import Assignment, Checked, Health
from xds_server.protocols.reports.health_table import HealthTable


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
            self._assigned[node] = Assignment(encode(specifier), settle_seconds(specifier))
        self.table.assign(self._assigned)

    def found(self) -> dict[tuple[str, Checked], Health]:
        """Return the last word of each node about each endpoint that it checks."""
        return {(node, checked): health for node, checked, health in self.table.rows()}
