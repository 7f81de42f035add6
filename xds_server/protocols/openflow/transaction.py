"""One bundle from open to its end: everything it carries takes effect at once, or nothing does.

Open vSwitch takes no meters into a bundle: new ones go before it, and old ones after its commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from xds_server.protocols.openflow.codec import BundleStep, bundle_control
from xds_server.protocols.openflow.errors import DeviceError
from xds_server.protocols.openflow.framing import Type, frame
from xds_server.protocols.openflow.reconcile import Action, Step
from xds_server.snapshots.model import BridgeProgram

_CHUNK = 64 * 1024
# Tuples, since a member's hash is worked out each time, and each step is looked for.
_BEFORE = (Action.ADD_METER, Action.MODIFY_METER)
_AFTER = (Action.DELETE_METER,)
_KEPT_ERRORS = 16  # the first ones name the cause; a hostile bridge could send millions


class Phase(Enum):
    """Where a transaction stands."""

    FILLING = "waits for the barrier behind the last message"
    COMMITTING = "waits for the answer to the commit"
    DISCARDING = "waits for the answer to the discard"
    SWEEPING = "took effect, and waits until old meters are gone"
    COMMITTED = "took effect"
    FAILED = "left the bridge as it was"


class Transaction:
    """Feed it the bridge's answers; it says what to send next.

    A bundle is not spoilt by a message that the bridge could not decode: a commit would apply the
    rest. Hence the barrier, behind which all errors are known, before the commit.
    """

    def __init__(self, program: BridgeProgram, steps: Sequence[Step], first_xid: int) -> None:
        """Use ``len(steps) + 4`` ids from ``first_xid`` on; the first is the bundle's, too."""
        self.program = program
        self.steps = steps
        self.phase = Phase.FILLING
        self.errors: list[DeviceError] = []
        self._bundle = self._open = first_xid
        self._barrier = first_xid + len(steps) + 1
        self._end = self._barrier + 1
        self._swept = self._end + 1

    def begin(self) -> list[bytes]:
        """Return the opening chunks: new meters, open, every other step, barrier.

        Raises TooLargeError when a step does not fit into a message; nothing was sent then.
        """
        return list(_chunks(self._messages()))

    def _messages(self) -> Iterator[bytes]:
        yield from self._encoded(_BEFORE)
        yield bundle_control(self._open, self._bundle, BundleStep.OPEN_REQUEST)
        for xid, step in enumerate(self.steps, self._open + 1):
            if step.action not in _BEFORE and step.action not in _AFTER:
                yield step.bundled(self._bundle, xid)
        yield frame(Type.BARRIER_REQUEST, self._barrier)

    def _encoded(self, actions: tuple[Action, ...]) -> Iterator[bytes]:
        for xid, step in enumerate(self.steps, self._open + 1):
            if step.action in actions:
                yield step.encode(xid)

    @property
    def touches_meters(self) -> bool:
        """Whether something was changed that a discarded bundle does not take back."""
        return any(step.action in _BEFORE for step in self.steps)

    def owns(self, xid: int) -> bool:
        """Whether a message with this transaction id belongs to the transaction."""
        return self._open <= xid <= self._swept

    def failed(self, error: DeviceError) -> None:
        """Take an error that belongs to this transaction."""
        if len(self.errors) < _KEPT_ERRORS:
            self.errors.append(error)
        if error.xid == self._end:  # a refused commit or discard ends the bundle as well
            self.phase = Phase.FAILED

    def barrier(self, xid: int) -> bytes:
        """Take a barrier reply; return commit, or discard if anything failed, or nothing."""
        if xid == self._swept and self.phase is Phase.SWEEPING:
            self.phase = Phase.COMMITTED
        if xid != self._barrier or self.phase is not Phase.FILLING:
            return b""
        wrong = bool(self.errors)
        self.phase = Phase.DISCARDING if wrong else Phase.COMMITTING
        step = BundleStep.DISCARD_REQUEST if wrong else BundleStep.COMMIT_REQUEST
        return bundle_control(self._end, self._bundle, step)

    def control(self, xid: int, step: int) -> bytes:
        """Take a bundle control reply; return what follows a commit."""
        if xid != self._end:
            return b""
        if step == BundleStep.COMMIT_REPLY and self.phase is Phase.COMMITTING:
            deletions = b"".join(self._encoded(_AFTER))
            self.phase = Phase.SWEEPING if deletions else Phase.COMMITTED
            return deletions and deletions + frame(Type.BARRIER_REQUEST, self._swept)
        if step == BundleStep.DISCARD_REPLY and self.phase is Phase.DISCARDING:
            self.phase = Phase.FAILED
        return b""

    @property
    def over(self) -> bool:
        """Whether the bridge has given its last word."""
        return self.phase in (Phase.COMMITTED, Phase.FAILED)

    def culprit(self) -> tuple[str, str]:
        """Return the first error's reason, and the flow or group that caused it ("" for none)."""
        blamed = (error for error in self.errors if self._step(error) is not None)
        error = next(blamed, self.errors[0] if self.errors else None)
        if error is None:
            return "the bridge did not say why", ""
        step = self._step(error)
        more = len(self.errors) - 1
        reason = f"{error}" + (f", and {more} more" if more else "")
        return reason, "" if step is None else str(step)

    def _step(self, error: DeviceError) -> Step | None:
        index = error.xid - self._open - 1
        return self.steps[index] if 0 <= index < len(self.steps) else None


def _chunks(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Join messages into pieces that a socket likes, so that no single write is huge."""
    pending: list[bytes] = []
    size = 0
    for message in messages:
        pending.append(message)
        size += len(message)
        if size >= _CHUNK:
            yield b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)
