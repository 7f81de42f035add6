"""Many workers seen as one server: a device is connected until its last stream anywhere ends."""

from __future__ import annotations

from dataclasses import replace

from xds_server.protocols.workers.quota import Quota
from xds_server.protocols.xds.fleet import SHARED_ID
from xds_server.snapshots.evidence import Connected, Device, Disconnected, Evidence, Warned

Allowance = tuple[str, dict[int, int]]


class Gathering:
    """Who has streams where; workers are numbers. ``node``, ``most``: streams of one node, of all.

    Allowances are (node, streams by worker); the node "" stands for all nodes together.
    """

    def __init__(self, node: int, most: int) -> None:
        self._node = node
        self._all = Quota(most)
        self._nodes: dict[str, Quota] = {}
        self._present: dict[Device, dict[int, Connected]] = {}  # the first worker speaks for all
        self._shared: dict[Device, dict[int, str]] = {}  # warnings of workers that clients share it
        self._warned: set[Device] = set()

    def heard(self, worker: int, evidence: Evidence) -> list[Evidence]:
        """Return what a worker's evidence says about the device as a whole."""
        if isinstance(evidence, Connected):
            found = self._present.setdefault(evidence.device, {})
            found[worker] = evidence
            heard: list[Evidence] = [evidence] if next(iter(found)) == worker else []
            return heard + self._sharing(evidence.device, evidence.at)
        if isinstance(evidence, Disconnected):
            return self._left(worker, evidence)
        if isinstance(evidence, Warned) and evidence.topic == SHARED_ID:
            self._shared.setdefault(evidence.device, {})[worker] = evidence.warning
            return self._sharing(evidence.device, evidence.at)
        return [evidence]

    def counted(self, worker: int, node: str, streams: int) -> list[Allowance]:
        """Take a node's streams at a worker; return who may hold how many from now on."""
        quota = self._nodes.setdefault(node, Quota(self._node))
        more = streams - quota.held.get(worker, 0)
        allowed = [
            ("", self._all.counted(worker, self._all.held.get(worker, 0) + more)),
            (node, quota.counted(worker, streams)),
        ]
        if not quota.total:
            del self._nodes[node]
        return [(name, changed) for name, changed in allowed if changed]

    def lost(self, worker: int, at: float, reason: str) -> tuple[list[Evidence], list[Allowance]]:
        """Take the end of a worker; return what it means for devices, and who may hold more."""
        allowed = [("", self._all.lost(worker))]
        allowed += [(node, quota.lost(worker)) for node, quota in self._nodes.items()]
        self._nodes = {node: quota for node, quota in self._nodes.items() if quota.total}
        evidence: list[Evidence] = []
        for device in [one for one, found in self._present.items() if worker in found]:
            evidence += self._left(worker, Disconnected(device, at, reason))
        return evidence, [(node, changed) for node, changed in allowed if changed]

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return self._all.total

    def _left(self, worker: int, evidence: Disconnected) -> list[Evidence]:
        found = self._present.get(evidence.device, {})
        spoke = next(iter(found), None)
        found.pop(worker, None)
        self._shared.get(evidence.device, {}).pop(worker, None)
        said = self._sharing(evidence.device, evidence.at)
        if not found:
            self._present.pop(evidence.device, None)
            self._shared.pop(evidence.device, None)
            return [*said, evidence]
        # What it had said of itself (its address) is said anew of the stream that is left.
        speaks = next(iter(found))
        return [*said, replace(found[speaks], at=evidence.at)] if spoke != speaks else said

    def _sharing(self, device: Device, now: float) -> list[Evidence]:
        """Say that clients share a node id, at one worker or at several, or no longer do."""
        workers = len(self._present.get(device, ()))
        told = [text for text in self._shared.get(device, {}).values() if text]
        if (workers > 1 or bool(told)) == (device in self._warned):
            return []
        self._warned ^= {device}
        text = (
            f"clients at {workers} workers call themselves {device.name} and are served the same: "
            "give each proxy a node id of its own"
        )
        warning = "" if device not in self._warned else text if workers > 1 else told[0]
        return [Warned(device, now, warning, SHARED_ID)]
