"""One bridge's OpenFlow session: feed it bytes and the time, and perform what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from xds_server.protocols.openflow import codec
from xds_server.protocols.openflow.codec import Role
from xds_server.protocols.openflow.effects import Close, Effect, Identified, Punted, Send
from xds_server.protocols.openflow.errors import DeviceError, ProtocolError
from xds_server.protocols.openflow.framing import VERSION, Framer, Message, Type, frame
from xds_server.protocols.openflow.inquiries import Inquiries
from xds_server.protocols.openflow.inventory import Owner, Ports, Question, Xids
from xds_server.protocols.openflow.multipart import Part, ports_request
from xds_server.protocols.openflow.orders import Order, encode_orders
from xds_server.protocols.openflow.programmer import Programmer
from xds_server.snapshots.evidence import Connected, Device, Disconnected, PortsChanged, Warned
from xds_server.snapshots.model import BridgeProgram

_STALE = (11, 0)  # ROLE_REQUEST_FAILED, STALE
_MOST_WARNINGS = 10  # errors without a cause that one session may report
_SECONDARY = 3  # OFPCR_ROLE_SLAVE
_FENCED = "role"  # topic of the warning that a newer controller owns the bridge


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session behaves; durations are in seconds."""

    owner: Owner = field(default_factory=Owner)
    role: Role = Role.EQUAL
    generation: int = 0  # with role PRIMARY: monotonic over all controllers, fences late ones
    handshake: float = 10.0  # from connecting to the features reply
    idle: float = 5.0  # silence after which we probe
    patience: float = 15.0  # from a probe to giving up
    answer: float = 60.0  # the longest wait for the next part of a dump, or for a commit


class Stage(Enum):
    """How far a session has come."""

    HELLO = "waits for the hello"
    FEATURES = "waits for the datapath id"
    UNKNOWN = "waits until the datapath id is known to us"
    ADMITTED = "serves its bridge"
    CLOSED = "is over"


class Connection:
    """A session, from hello to close; a bridge gets nothing before it is admitted."""

    def __init__(self, settings: Settings, now: float) -> None:
        self.stage = Stage.HELLO
        self.datapath_id: int | None = None
        self.device: Device | None = None
        self._settings = settings
        self._framer = Framer()
        self._xids = Xids()
        self._ports = Ports()
        self._ports_new = False  # whether they have changed since that was told
        self._listing = 0  # the port list's xid, until it is complete
        self._inquiries = Inquiries(settings.owner, self._xids)
        self._programmer: Programmer | None = None
        self._opened = self._heard = self._progress = now
        self._give_up: float | None = None  # when the probe under way fails
        self._warnings = 0

    @property
    def over(self) -> bool:
        """Whether the session has ended, by our will or the bridge's."""
        return self.stage is Stage.CLOSED

    def open(self) -> list[Effect]:
        """Return our greeting."""
        return [Send(codec.hello(self._xids.take()))]

    def receive(self, data: bytes, now: float) -> list[Effect]:
        """Take bytes from the bridge, in pieces of any size."""
        effects: list[Effect] = []
        self._heard, self._give_up = now, None
        try:
            for message in self._framer.feed(data):
                if self.over:
                    break
                effects += self._dispatch(message, now)
        except ProtocolError as error:
            if not self.over:
                effects += self._close(f"the bridge broke the OpenFlow 1.5 protocol: {error}")
        return effects + self._ports_told(now)

    def tick(self, now: float) -> list[Effect]:
        """Let time pass: probe a silent bridge, and give up on one that no longer answers."""
        limits = self._settings
        if self.stage is Stage.CLOSED:
            return []
        if self.stage in (Stage.HELLO, Stage.FEATURES) and now - self._opened > limits.handshake:
            return self._close(f"no OpenFlow handshake within {limits.handshake:g} s")
        if self._give_up is not None and now > self._give_up:
            return self._close("no answer to an echo request")
        if self.busy and now - self._progress > limits.answer:
            return self._close(f"a request was not answered within {limits.answer:g} s")
        if self._give_up is None and now - self._heard > limits.idle:
            return self.probe(now, limits.patience)
        return []

    def probe(self, now: float, patience: float) -> list[Effect]:
        """Ask for a sign of life within ``patience`` seconds (sooner, if one is asked already)."""
        until = now + patience
        self._give_up = until if self._give_up is None else min(until, self._give_up)
        return [Send(frame(Type.ECHO_REQUEST, self._xids.take()))]

    def admit(self, device: Device, now: float, detail: str = "") -> list[Effect]:
        """Serve the bridge as ``device``, after it was identified; ``detail`` describes it."""
        if self.stage is not Stage.UNKNOWN:
            return []
        self.stage, self.device = Stage.ADMITTED, device
        self._programmer = Programmer(device, self._settings.owner, self._xids)
        self._listing = self._xids.take()
        start = codec.no_miss_send(self._xids.take()) + self._role() + ports_request(self._listing)
        return [Connected(device, now, detail), Send(start)]

    def run(self, program: BridgeProgram, now: float) -> list[Effect]:
        """Bring an admitted bridge to ``program``."""
        if self._programmer is None or self.stage is Stage.CLOSED:
            return []
        self._progress = now
        return self._programmer.want(program, now)

    @property
    def busy(self) -> bool:
        """Whether the bridge is being brought to a program."""
        return self._programmer is not None and self._programmer.busy

    @property
    def ports(self) -> dict[str, int] | None:
        """The bridge's interfaces with their port numbers; None until they have been listed."""
        listed = self.stage is Stage.ADMITTED and not self._listing
        return self._ports.by_name() if listed else None

    @property
    def running(self) -> BridgeProgram | None:
        """The program that the bridge should hold now; None before its first and in a change."""
        known = self._programmer
        return None if known is None or known.busy else known.running

    def resync(self, now: float, sweep: bool = False) -> list[Effect]:
        """Compare the bridge with its program anew, and mend what differs.

        ``sweep``: what others wrote is removed, too, except in spared tables.
        """
        if self._programmer is None or self.stage is Stage.CLOSED:
            return []
        self._progress = now
        return self._programmer.resync(now, sweep)

    def count(self, request: int) -> list[Effect]:
        """Ask for the counters of our flows and meters; ``request`` comes back in ``Counted``."""
        metered = self.running is not None and bool(self.running.meters)
        return self._inquiries.count(request, metered) if self.stage is Stage.ADMITTED else []

    def inspect(self, request: int) -> list[Effect]:
        """Ask for all that the bridge holds; ``request`` comes back in ``Inspected``."""
        return self._inquiries.inspect(request) if self.stage is Stage.ADMITTED else []

    def order(self, orders: Sequence[Order]) -> list[Effect]:
        """Tell an admitted bridge what is no part of its program; what it refuses is a warning."""
        if self.stage is not Stage.ADMITTED or not orders:
            return []
        return [Send(encode_orders(orders, self._xids.take(len(orders))))]

    def closed(self, reason: str, now: float) -> list[Effect]:
        """Take note that the connection has ended."""
        self.stage = Stage.CLOSED
        device, self.device = self.device, None
        return [] if device is None else [Disconnected(device, now, reason)]

    def _role(self) -> bytes:
        settings = self._settings
        if settings.role is Role.EQUAL:  # what every controller is at first
            return b""
        return codec.role_request(self._xids.take(), settings.role, settings.generation)

    def _close(self, reason: str) -> list[Effect]:
        self.stage = Stage.CLOSED
        return [Close(reason)]

    def _dispatch(self, message: Message, now: float) -> list[Effect]:
        if message.type == Type.ERROR:
            return self._error(codec.decode_error(message), now)
        if self.stage is Stage.HELLO:
            return self._greet(message)
        if message.version != VERSION:
            raise ProtocolError(f"a message of version {message.version:#x} after the hello")
        if message.type == Type.ECHO_REQUEST:
            return [Send(frame(Type.ECHO_REPLY, message.xid, message.body))]
        if message.type == Type.FEATURES_REPLY and self.stage is Stage.FEATURES:
            self.datapath_id = codec.decode_features(message.body).datapath_id
            self.stage = Stage.UNKNOWN
            return [Identified(self.datapath_id)]
        if self.stage is Stage.ADMITTED and self._programmer is not None:
            return self._serve(message, self._programmer, self.device, now)
        return []

    def _greet(self, message: Message) -> list[Effect]:
        if message.type != Type.HELLO:
            raise ProtocolError(f"a message of type {message.type} before the hello")
        if not codec.speaks_our_version(message):
            text = "this controller speaks OpenFlow 1.5 only"
            refusal = Send(codec.incompatible(message.xid, text))
            mend = "ovs-vsctl set bridge BRIDGE protocols=OpenFlow15"
            return [refusal, *self._close(f"the bridge offers no OpenFlow 1.5; run {mend}")]
        self.stage = Stage.FEATURES
        return [Send(frame(Type.FEATURES_REQUEST, self._xids.take()))]

    def _serve(
        self, message: Message, programmer: Programmer, device: Device | None, now: float
    ) -> list[Effect]:
        body, xid = message.body, message.xid
        match message.type:
            case Type.MULTIPART_REPLY:
                self._progress = now
                return self._answer(xid, body, programmer, now)
            case Type.BARRIER_REPLY:
                self._progress = now
                return programmer.barrier(xid, now)
            case Type.BUNDLE_CONTROL:
                return programmer.control(xid, body, now)
            case Type.PORT_STATUS:
                self._port_status(body)
            case Type.PACKET_IN:
                return [Punted(codec.decode_packet_in(body))]
            case Type.ROLE_REPLY if device:
                return [Warned(device, now, "", _FENCED)]
            case Type.ROLE_STATUS if body[:4] == _SECONDARY.to_bytes(4, "big") and device:
                return self._fence("it took the bridge over", now)
        return []

    def _answer(self, xid: int, body: bytes, programmer: Programmer, now: float) -> list[Effect]:
        if xid == self._listing and xid:
            question = Question(Part.PORT_DESC, self._ports.listed, "ports")
            if question.answered(body):
                self._listing, self._ports_new = 0, True
            return []
        told = self._inquiries.answer(xid, body)
        return programmer.answer(xid, body, now) if told is None else told

    def _port_status(self, body: bytes) -> None:
        self._ports_new |= self._ports.changed(*codec.decode_port_status(body))

    def _ports_told(self, now: float) -> list[Effect]:
        """Tell once of all port changes that came together: one that flaps costs no more."""
        if not self._ports_new or self.ports is None or self.device is None:
            return []
        self._ports_new = False
        return [PortsChanged(self.device, now, self._ports.by_name())]

    def _fence(self, why: str, now: float) -> list[Effect]:
        """Leave the bridge to a controller that was started later; it keeps what that one wrote."""
        text = f"a newer controller owns the bridge: {why}"
        mend = "stop that controller and start this one again if the bridge should be ours"
        known = (
            [] if self.device is None else [Warned(self.device, now, f"{text}; {mend}", _FENCED)]
        )
        return [*known, *self._close(text)]

    def _error(self, error: DeviceError, now: float) -> list[Effect]:
        if self.stage in (Stage.HELLO, Stage.FEATURES):
            return self._close(f"the bridge refused the session: {error}")
        if (error.type, error.code) == _STALE:
            return self._fence(str(error), now)
        if self._programmer is None or self.device is None:
            return []
        effects = self._programmer.failed(error, now)
        if effects is None:
            effects = self._inquiries.failed(error.xid)
        if effects is not None:
            return effects
        self._warnings += 1
        text = f"the bridge reports {error}"
        many = self._warnings > _MOST_WARNINGS
        return [] if many else [Warned(self.device, now, text, "openflow-error")]
