"""One switch's change as a transaction: check, hold a snapshot, apply, verify, or roll back.

Neither FRR's reload nor a series of ``ip`` commands is atomic, so that a failure half-way is mended
by applying the snapshot that was held before, and that is verified as well. The machine performs
nothing: feed it what happened, and perform the effects it returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from xds_server.snapshots.evidence import Acked, Device, DeviceKind, Evidence, Nacked, Offered
from xds_server.snapshots.model import SwitchConfig

TYPE = "config"  # the evidence's type for switches


class Phase(StrEnum):
    """What the machine waits for."""

    IDLE = "idle"
    CHECK = "check"
    HOLD = "hold"
    APPLY = "apply"
    VERIFY = "verify"
    ROLL_BACK = "roll back"
    CONFIRM = "confirm"  # that the roll back holds


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a step failed, in the device's words; ``line`` is the line at fault where it is known."""

    reason: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The controller wants this configuration; during a change, only the last one is kept."""

    config: SwitchConfig


@dataclass(frozen=True, slots=True)
class Checked:
    """The device's own parser has read the configuration."""

    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What the switch runs now, in a form that can be applied again."""

    snapshot: SwitchConfig


@dataclass(frozen=True, slots=True)
class Applied:
    """The commands have run; ``written`` counts the lines and commands that had to change."""

    written: int = 0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The running state was compared; ``difference`` holds what still is not as wanted."""

    difference: tuple[str, ...] = ()


Event = Wanted | Checked | Held | Applied | Verified


@dataclass(frozen=True, slots=True)
class Check:
    """Have the device's parser read this configuration; answer with Checked."""

    config: SwitchConfig


@dataclass(frozen=True, slots=True)
class Hold:
    """Take a snapshot of what runs; answer with Held."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring this configuration about; answer with Applied."""

    config: SwitchConfig


@dataclass(frozen=True, slots=True)
class Verify:
    """Compare what runs with this configuration; answer with Verified."""

    config: SwitchConfig


Effect = Check | Hold | Apply | Verify
Output = Effect | Evidence


@dataclass(frozen=True, slots=True)
class Transaction:
    """Where one switch's change stands; a value, moved on by ``step``."""

    switch: str
    phase: Phase = Phase.IDLE
    config: SwitchConfig | None = None
    snapshot: SwitchConfig | None = None
    written: int = 0
    fault: Fault | None = None
    pending: SwitchConfig | None = None


Outcome = tuple[Transaction, tuple[Output, ...]]


def step(change: Transaction, event: Event, now: float) -> Outcome:
    """Return the next state, and what to do and to report; ``now`` is in seconds.

    Raises ValueError for an event that answers no effect of this phase: that is our own bug.
    """
    match change.phase, event:
        case Phase.IDLE, Wanted(config):
            return _begin(change, config, now)
        case _, Wanted(config):
            return replace(change, pending=config), ()
        case Phase.CHECK, Checked(fault):
            if fault is not None:  # nothing was touched: nothing to roll back
                return _refuse(change, fault, now)
            return replace(change, phase=Phase.HOLD), (Hold(),)
        case Phase.HOLD, Held(snapshot):
            held = replace(change, phase=Phase.APPLY, snapshot=snapshot)
            return held, (Apply(_wanted(change)),)
        case ((Phase.APPLY | Phase.ROLL_BACK), Applied()):
            return _applied(change, event)
        case Phase.VERIFY, Verified(difference):
            return _verified(change, difference, now)
        case Phase.CONFIRM, Verified(difference):
            return _confirmed(change, difference, now)
    raise ValueError(f"{type(event).__name__} does not answer the phase {change.phase!r}")


def _begin(change: Transaction, config: SwitchConfig, now: float) -> Outcome:
    if config.switch != change.switch:
        raise ValueError(f"a configuration of {config.switch} was given to {change.switch}")
    begun = Transaction(change.switch, Phase.CHECK, config)
    return begun, (Offered(_device(change), TYPE, config.version, now), Check(config))


def _applied(change: Transaction, event: Applied) -> Outcome:
    if change.phase is Phase.ROLL_BACK:
        snapshot = _snapshot(change)  # verified whatever was said: the state decides
        return replace(change, phase=Phase.CONFIRM), (Verify(snapshot),)
    if event.fault is not None:
        return _roll_back(change, event.fault)
    config = _wanted(change)
    return replace(change, phase=Phase.VERIFY, written=event.written), (Verify(config),)


def _verified(change: Transaction, difference: tuple[str, ...], now: float) -> Outcome:
    if difference:
        reason = f"after the change {len(difference)} lines are not as wanted"
        return _roll_back(change, Fault(reason, difference[0]))
    config = _wanted(change)
    acked = Acked(_device(change), TYPE, config.version, now, change.written)
    return _end(change, acked, now)


def _roll_back(change: Transaction, fault: Fault) -> Outcome:
    rolling = replace(change, phase=Phase.ROLL_BACK, fault=fault)
    return rolling, (Apply(_snapshot(change)),)


def _confirmed(change: Transaction, difference: tuple[str, ...], now: float) -> Outcome:
    fault = change.fault or Fault("unknown")
    if difference:
        ending = (
            f"; rolling back left {len(difference)} lines behind, the first is {difference[0]!r}: "
            "apply a good version, or mend the switch by hand"
        )
    else:
        ending = "; rolled back to what ran before"
    return _refuse(change, Fault(fault.reason + ending, fault.line), now)


def _refuse(change: Transaction, fault: Fault, now: float) -> Outcome:
    version = _wanted(change).version
    nacked = Nacked(_device(change), TYPE, version, now, fault.reason, fault.line)
    return _end(change, nacked, now)


def _end(change: Transaction, evidence: Evidence, now: float) -> Outcome:
    idle = Transaction(change.switch)
    if change.pending is None:
        return idle, (evidence,)
    begun, outputs = _begin(idle, change.pending, now)
    return begun, (evidence, *outputs)


def _device(change: Transaction) -> Device:
    return Device(DeviceKind.SWITCH, change.switch)


def _wanted(change: Transaction) -> SwitchConfig:
    if change.config is None:
        raise ValueError(f"no configuration in the phase {change.phase!r}")
    return change.config


def _snapshot(change: Transaction) -> SwitchConfig:
    if change.snapshot is None:
        raise ValueError(f"no snapshot in the phase {change.phase!r}")
    return change.snapshot
