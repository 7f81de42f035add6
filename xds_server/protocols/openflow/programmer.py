"""One bridge brought to its program: list what it holds, send the difference, read the verdict."""

from __future__ import annotations

from xds_server.protocols.openflow.codec import decode_bundle_control
from xds_server.protocols.openflow.effects import Effect, Send
from xds_server.protocols.openflow.errors import DeviceError, TooLargeError
from xds_server.protocols.openflow.inventory import Dump, Owner, Question, Xids
from xds_server.protocols.openflow.multipart import (
    Part,
    flows_request,
    groups_request,
    meters_request,
)
from xds_server.protocols.openflow.reconcile import (
    Action,
    Held,
    Step,
    changed,
    describe,
    group_targets,
    reconcile,
)
from xds_server.protocols.openflow.transaction import Phase, Transaction
from xds_server.snapshots.evidence import Acked, Device, Nacked, Offered
from xds_server.snapshots.model import BridgeProgram

FLOWS = "flows"
# Errors that tell of groups and meters other than we believed: GROUP_EXISTS, UNKNOWN_GROUP,
# BAD_OUT_GROUP, METER_EXISTS, UNKNOWN_METER, BAD_METER.
_DRIFT = {(6, 0), (6, 8), (2, 9), (12, 1), (12, 3), (2, 17)}


class Programmer:
    """Keeps one bridge at the program that was last wanted; knows nothing of sockets and time."""

    def __init__(self, device: Device, owner: Owner, xids: Xids) -> None:
        self._device = device
        self._owner = owner
        self._xids = xids
        self._wanted: BridgeProgram | None = None
        self._refused = ""  # the version that the bridge rejected: parked, never sent again
        self._held: Held | None = None
        self._steady: BridgeProgram | None = None  # what ``_held`` was brought to, and still is
        self._fresh = False  # whether ``_held`` was just listed by the bridge itself
        self.running: BridgeProgram | None = None  # what the bridge took last; None: nothing yet
        self._sweeping = False  # whether what others wrote is to go, too
        self._swept: set[int] = set()  # groups of others that are to go
        self._groups: set[int] = set()  # numbers that we wrote during this session
        self._meters: set[int] = set()
        self._questions: dict[int, Question] = {}
        self._dump = Dump(owner)
        self._transaction: Transaction | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer of the bridge is outstanding."""
        return bool(self._questions) or self._transaction is not None

    def want(self, program: BridgeProgram, now: float) -> list[Effect]:
        """Bring the bridge to ``program``; during a change only the latest program is kept."""
        self._wanted = program
        return [] if self.busy else self._proceed(now)

    def resync(self, now: float, sweep: bool = False) -> list[Effect]:
        """Ask the bridge again what it holds, and mend what others changed; or remove theirs."""
        if self.busy or self._wanted is None:
            return []
        self._held, self._steady, self._sweeping = None, None, sweep
        return self._proceed(now)

    def answer(self, xid: int, body: bytes, now: float) -> list[Effect]:
        """Take a multipart reply, which may not be ours.

        Raises ProtocolError for a malformed one.
        """
        question = self._questions.get(xid)
        if question is None or not question.answered(body):
            return []
        del self._questions[xid]
        if self._questions:
            return []
        self._held, self._fresh = self._dump.held(), True
        if self._sweeping:
            self._swept = self._held.groups.keys() - set(group_targets(self._dump.left_out))
            self._sweeping = False
        self._dump = Dump(self._owner)  # what was listed belongs to ``_held`` now
        return self._proceed(now)

    def barrier(self, xid: int, now: float) -> list[Effect]:
        """Take a barrier reply."""
        data = self._transaction.barrier(xid) if self._transaction else b""
        return [Send(data)] if data else self._settle(now)

    def control(self, xid: int, body: bytes, now: float) -> list[Effect]:
        """Take a bundle control reply.

        Raises ProtocolError for a malformed one.
        """
        _bundle, step = decode_bundle_control(body)
        data = self._transaction.control(xid, step) if self._transaction else b""
        return [Send(data)] if data else self._settle(now)

    def failed(self, error: DeviceError, now: float) -> list[Effect] | None:
        """Take an error; return None when it is not about anything of this programmer."""
        if self._transaction is not None and self._transaction.owns(error.xid):
            self._transaction.failed(error)
            return self._settle(now)
        if error.xid not in self._questions:
            return None
        self._questions.clear()
        self._sweeping = False
        return self._refuse(f"the bridge does not list what it holds: {error}", "", now)

    def _proceed(self, now: float) -> list[Effect]:
        if self._wanted is None or self._wanted.version == self._refused:
            return []
        if self._held is None:
            return self._ask()
        if self._steady is not None:
            steps = changed(self._steady, self._wanted)
        else:
            known = self._groups | self._swept
            steps = reconcile(self._held, self._wanted, known, self._meters)
        if not steps:
            self._steady = self._wanted
            self._fresh = False  # from now on others may have changed it
            self.running = self._wanted
            return [Acked(self._device, FLOWS, self._wanted.version, now, 0)]
        return self._offer(self._wanted, steps, now)

    def _ask(self) -> list[Effect]:
        owner = self._owner.everyone() if self._sweeping else self._owner
        wanted = {} if self._wanted is None else self._wanted.flows
        self._dump, self._swept = (dump := Dump(owner, wanted)), set()
        meters, groups, flows = (self._xids.take() for _ in range(3))
        self._questions = {
            meters: Question(Part.METER_DESC, dump.meters_listed, "meters"),
            groups: Question(Part.GROUP_DESC, dump.groups_listed, "groups"),
            flows: Question(Part.FLOW_DESC, dump.flows_listed, "flows"),
        }
        request = flows_request(flows, owner.cookie, owner.mask)
        return [Send(meters_request(meters) + groups_request(groups) + request)]

    def _offer(self, program: BridgeProgram, steps: tuple[Step, ...], now: float) -> list[Effect]:
        transaction = Transaction(program, steps, self._xids.take(len(steps) + 4))
        try:
            chunks = transaction.begin()
        except TooLargeError as error:
            return self._refuse(str(error), describe(error.subject), now)
        self._transaction = transaction
        offered = Offered(self._device, FLOWS, program.version, now)
        return [offered, *(Send(chunk) for chunk in chunks)]

    def _settle(self, now: float) -> list[Effect]:
        done = self._transaction
        if done is None or not done.over:
            return []
        self._transaction = None
        effects = self._applied(done, now) if done.phase is Phase.COMMITTED else []
        if done.phase is Phase.FAILED:
            effects = self._rejected(done, now)
        waiting = self._wanted is not None and self._wanted.version != done.program.version
        return effects + (self._proceed(now) if waiting and not self.busy else [])

    def _applied(self, done: Transaction, now: float) -> list[Effect]:
        program = done.program
        gone = (Action.DELETE_GROUP, Action.DELETE_METER)
        deleted = {s.subject for s in done.steps if s.action in gone}
        before = self._held.groups.items() if self._held else ()
        kept = {number: group for number, group in before if group not in deleted}
        others = self._held.meters.items() if self._held else ()
        limits = {n: m for n, m in others if m not in deleted} | dict(program.meters)
        self._held, self._fresh = Held(program.flows, kept | dict(program.groups), limits), False
        self._groups.update(program.groups)
        self._meters.update(program.meters)
        self.running = program
        self._steady = program
        return [Acked(self._device, FLOWS, program.version, now, len(done.steps))]

    def _rejected(self, done: Transaction, now: float) -> list[Effect]:
        if not self._fresh and any((e.type, e.code) in _DRIFT for e in done.errors):
            # Others changed groups behind our back: look again, then retry.
            self._held = self._steady = None
            return self._proceed(now)
        if done.touches_meters:
            self._held = self._steady = None  # the discarded bundle left them as they are
        reason, subject = done.culprit()
        return self._refuse(reason, subject, now, done.program)

    def _refuse(
        self, reason: str, subject: str, now: float, program: BridgeProgram | None = None
    ) -> list[Effect]:
        blamed = program or self._wanted
        if blamed is None:
            return []
        self._refused, self._fresh = blamed.version, False
        return [Nacked(self._device, FLOWS, blamed.version, now, reason, subject)]
