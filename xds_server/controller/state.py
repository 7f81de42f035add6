"""The controller's state, and the events and effects of its reconciliation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from immutables import Map

from translators.plan.model import Plan
from xds_server.controller.targets import Ports, Targets
from xds_server.controller.values import Progress
from xds_server.protocols.reports.health import Checked
from xds_server.snapshots.evidence import Acked, Device, Evidence, Offered
from xds_server.snapshots.model import BridgeProgram, Snapshot
from xds_server.snapshots.queues import Queues
from xds_server.status.model import Status

FLOWS = "flows"  # the one type of a bridge
CONFIG = "config"  # the one type of a switch
STAGE_SECONDS = 5.0  # one sick device holds its own host's rollout for so long, never others'


class Stage(StrEnum):
    """What a host's rollout waits for before it goes on."""

    PROXY = "proxy"  # the proxy has the new beside the old; then the bridge may steer to it
    BRIDGE = "bridge"  # no new traffic reaches the old; then the proxy may drop it


@dataclass(frozen=True, slots=True)
class Rollout:
    """One host on its way from one plan to the next."""

    stage: Stage
    deadline: float


@dataclass(frozen=True, slots=True)
class State:
    """All that the controller knows between two events."""

    revision: int = 0
    committed_at: float = 0.0
    acked: bool = True  # whether this revision was seen to run everywhere
    plan: Plan = field(default_factory=Plan)
    targets: Targets = field(default_factory=Targets)
    ports: Mapping[str, Ports] = field(default_factory=dict)
    translating: frozenset[str] = frozenset()  # hosts whose bridge program is being computed
    rollouts: Map[str, Rollout] = field(default_factory=Map)
    widening: Map[str, None] = field(default_factory=Map)  # hosts at the first stage
    # To each proxy, last; it was told this with those endpoints marked that are unhealthy.
    published: Map[str, Snapshot] = field(default_factory=Map)
    unhealthy: frozenset[Checked] = frozenset()
    owners: frozenset[str] = frozenset()  # nodes with secrets, which come by another way
    programs: Map[str, BridgeProgram] = field(default_factory=Map)  # to each bridge, last
    status: Status = field(default_factory=Status)
    progress: Map[Device, Progress] = field(default_factory=Map)  # of this revision
    absent: Map[Device, Progress] = field(default_factory=Map)  # of any, before a device is asked


@dataclass(frozen=True, slots=True)
class Committed:
    """A revision was stored and compiled; ``ports`` are those that its programs were made with."""

    revision: int
    plan: Plan
    targets: Targets
    ports: Mapping[str, Ports]
    at: float
    acked: bool = False  # after a restart: whether it had been acknowledged before
    since: float | None = None  # after a restart: when it was first committed
    progress: Mapping[Device, Progress] = field(default_factory=dict)  # after a restart: so far


@dataclass(frozen=True, slots=True)
class Translated:
    """A bridge program is ready, made from this plan and these ports."""

    host: str
    plan: Plan
    ports: Ports
    program: BridgeProgram
    at: float


@dataclass(frozen=True, slots=True)
class Untranslated:
    """No program for a host's bridge can be made from this plan and these ports."""

    host: str
    plan: Plan
    ports: Ports
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes."""

    at: float


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """Health checks found out that exactly these endpoints are unhealthy."""

    unhealthy: frozenset[Checked]
    at: float


@dataclass(frozen=True, slots=True)
class Owning:
    """Exactly these nodes have secrets: they are served, if nothing else, those."""

    nodes: frozenset[str]
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Acknowledgements that came together, at least one, in their order."""

    acks: tuple[Acked, ...]

    @property
    def at(self) -> float:
        """When the last of them came."""
        return self.acks[-1].at


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What was sent and has not been answered soon, at least one."""

    offers: tuple[Offered, ...]

    @property
    def at(self) -> float:
        """When the last of it was sent."""
        return self.offers[-1].at


Event = (
    Committed
    | Translated
    | Untranslated
    | Tick
    | Diagnosed
    | Owning
    | Answered
    | Unanswered
    | Evidence
)


@dataclass(frozen=True, slots=True)
class PublishProxy:
    """Let a proxy have this snapshot."""

    node: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class WithdrawProxy:
    """Tell a proxy that is no longer declared nothing more."""

    node: str


@dataclass(frozen=True, slots=True)
class PublishBridge:
    """Let a host's bridge hold this program."""

    datapath_id: int
    program: BridgeProgram
    host: str


@dataclass(frozen=True, slots=True)
class DeclareHosts:
    """Say which datapath ids are ours to drive.

    By host: ``tunnels``, the tunnel's interface; ``queues``, those of the bridge's ports.
    """

    hosts: Mapping[int, str]
    tunnels: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, Queues] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Translate:
    """Compute a bridge program; answer with Translated or Untranslated."""

    host: str
    plan: Plan
    ports: Ports


@dataclass(frozen=True, slots=True)
class Reached:
    """Every connected device runs the revision, so many seconds after its commit."""

    revision: int
    seconds: float


Effect = PublishProxy | WithdrawProxy | PublishBridge | DeclareHosts | Translate | Reached
