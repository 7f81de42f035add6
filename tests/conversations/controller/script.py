"""A conversation with reconciliation: events in, effects out, with what a host needs at hand."""

from collections.abc import Mapping

from tests.plans import shop_plan
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import (
    FLOWS,
    Committed,
    DeclareHosts,
    Effect,
    Event,
    PublishBridge,
    PublishProxy,
    Reached,
    State,
    Translate,
    WithdrawProxy,
)
from xds_server.controller.targets import Ports, Targets
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind, PortsChanged
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    Resource,
    Snapshot,
    program_of,
    snapshot_of,
)

LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
PROXY = Device(DeviceKind.PROXY, "host1")
BRIDGE = Device(DeviceKind.BRIDGE, "host1")
PLAN = shop_plan()
PORTS: Mapping[str, Ports] = {"host1": {"web": 1}}


def snapshot(*names: str) -> Snapshot:
    return snapshot_of(Resource(LISTENER, name, name.encode()) for name in names)


def program(*cookies: int) -> BridgeProgram:
    return program_of([FlowEntry(FlowKey(0, c, b""), c, b"") for c in cookies], [])


def targets(listeners: Snapshot, flows: BridgeProgram | None = None) -> Targets:
    """What host1 should run; host2 never has anything in these conversations."""
    bridges = {} if flows is None else {"host1": flows}
    return Targets({"host1": listeners, "host2": snapshot()}, bridges)


class Conversation:
    """Feeds events to a state and keeps what host1 was told."""

    def __init__(self) -> None:
        self.state = State()
        self.now = 0.0

    def __rshift__(self, event: Event) -> list[str]:
        """Feed an event; return its effects in words."""
        self.now = event.at
        self.state, effects = reconcile(self.state, event)
        return [words for effect in effects if (words := spoken(effect))]

    def commit(
        self, revision: int, wanted: Targets, ports: Mapping[str, Ports] = PORTS
    ) -> list[str]:
        return self >> Committed(revision, PLAN, wanted, ports, self.now + 1)

    def connect(self, *devices: Device) -> None:
        for device in devices:
            self >> Connected(device, self.now)
            if device.kind is DeviceKind.BRIDGE:
                self >> PortsChanged(device, self.now, PORTS[device.name])

    def ack_proxy(self) -> list[str]:
        wanted = self.state.status.of(PROXY).types[LISTENER].wanted
        return self >> Acked(PROXY, LISTENER, wanted, self.now)

    def ack_bridge(self) -> list[str]:
        wanted = self.state.status.of(BRIDGE).types[FLOWS].wanted
        return self >> Acked(BRIDGE, FLOWS, wanted, self.now)


def spoken(effect: Effect) -> str:
    """Return an effect in words; those for host2 and declarations are left out."""
    match effect:
        case PublishProxy(node="host1", snapshot=sent):
            return f"proxy {' '.join(sent.of(LISTENER)) or 'nothing'}"
        case PublishBridge(program=sent):
            return f"bridge {' '.join(str(flow.cookie) for flow in sent.flows.values())}"
        case Reached(revision=revision):
            return f"reached {revision}"
        case Translate(host=host):
            return f"translate {host}"
        case WithdrawProxy(node=node):
            return f"withdraw {node}"
        case PublishProxy() | DeclareHosts():
            return ""
