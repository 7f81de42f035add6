"""Health checks through workers: what nodes check goes down the pipe, what they find comes up."""

from __future__ import annotations

from collections.abc import Mapping

from xds_server.protocols.reports.health import Assignment, Checked, Health
from xds_server.protocols.reports.health_table import HealthTable
from xds_server.protocols.workers.commands import Assign
from xds_server.protocols.workers.framing import FrameError
from xds_server.protocols.workers.outbox import Outbox

EVERY = ""  # in the place of a node: every node that is not named


def assign_of(table: HealthTable) -> Assign:
    """Return what lets a worker tell each node what the table tells it."""
    nodes, every = table.assignments
    rows = sorted({**nodes, EVERY: every}.items())
    sizes = tuple((node, one.settle, len(one.specifier)) for node, one in rows)
    return Assign(sizes, b"".join(one.specifier for _, one in rows))


class ToldChecks(HealthTable):
    """The table of a worker: it knows what nodes are to check, and passes on what they say.

    What they say is judged by the controller, which hears the nodes of all workers.
    """

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox

    def told(self, command: Assign) -> None:
        """Take what each node is to check; raises FrameError where the bytes do not fit."""
        assigned: dict[str, Assignment] = {}
        position = 0
        for node, settle, size in command.nodes:
            specifier = command.specifiers[position : position + size]
            assigned[node] = Assignment(specifier, settle)
            position += size
        if position != len(command.specifiers):
            raise FrameError(f"{len(command.specifiers)} bytes of checks, {position} expected")
        every = assigned.pop(EVERY, Assignment())
        self.assign(assigned, every)

    def take(
        self, node: str, found: Mapping[Checked, Health], now: float, *, settled: bool = True
    ) -> None:
        """Pass a report on, as far as the node was asked for it."""
        mine = self.assigned(node).endpoints
        kept = {checked: health for checked, health in found.items() if checked in mine}
        self._outbox.found(node, kept, now, settled=settled)

    def forget(self, node: str, left: float, now: float) -> None:  # noqa: ARG002
        """Say that a node left and did not come back to this worker."""
        self._outbox.found(node, None, left)
