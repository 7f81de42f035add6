"""Actions and instructions as OpenFlow 1.5 bytes, with Open vSwitch's extensions for ct."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

from translators.openflow.fields import SEGMENT
from translators.openflow.flow import (
    PUNTED,
    Act,
    Conjunction,
    DecTtl,
    Metered,
    Move,
    Nat,
    Output,
    Punt,
    Queued,
    Reflect,
    Resubmit,
    SetField,
    ToGroup,
    Track,
)
from translators.openflow.oxm import header, tlv

# OpenFlow 1.5.1, sections 7.2.5 (instructions) and 7.2.6 (actions)
_GOTO_TABLE, _APPLY_ACTIONS = 1, 4
_OUTPUT, _SET_QUEUE, _GROUP, _DEC_TTL, _SET_FIELD, _COPY_FIELD = 0, 21, 22, 24, 25, 28
_METER, _EXPERIMENTER = 29, 0xFFFF
_NUMBERED = {ToGroup: _GROUP, Metered: _METER, Queued: _SET_QUEUE}
_IN_PORT, _IN_PORT_16 = 0xFFFFFFF8, 0xFFF8
_CONTROLLER = 0xFFFFFFFD
# Open vSwitch's extension actions, include/openvswitch/ofp-actions.h
_NICIRA = 0x00002320
_RESUBMIT_TABLE, _CONJUNCTION, _CT, _NAT = 14, 34, 35, 36
_CT_COMMIT, _NO_TABLE = 1, 0xFF
_ZONE_BITS = 16 - 1  # offset 0, 16 bits
_CONJUNCTION_HEAD = _EXPERIMENTER, 16, _NICIRA, _CONJUNCTION
_CONJUNCTION_FORM = struct.Struct("!HHIHBBI")
_NAT_SOURCE, _NAT_DESTINATION, _NAT_IPV4, _NAT_IPV6, _NAT_PORT = 1, 2, 1, 4, 16


def encode_instructions(actions: Iterable[Act], goto: int | None) -> bytes:
    """Return apply-actions and goto-table, each only where there is something to say."""
    body = encode_actions(actions)
    parts = b""
    if body:
        parts = struct.pack("!HH4x", _APPLY_ACTIONS, 8 + len(body)) + body
    if goto is not None:
        parts += struct.pack("!HHB3x", _GOTO_TABLE, 8, goto)
    return parts


def encode_actions(actions: Iterable[Act]) -> bytes:
    """Return actions one after the other, each padded to 8 bytes."""
    form, head = _CONJUNCTION_FORM.pack, _CONJUNCTION_HEAD
    return b"".join(
        [
            # The most frequent action, no two of which are equal: without a call for each.
            form(*head, action.clause, action.clauses, action.id)
            if type(action) is Conjunction
            else encode_action(action)
            for action in actions
        ]
    )


@lru_cache(maxsize=32_768)  # every source of a rule has the same
def encode_action(action: Act) -> bytes:
    """Return one action."""
    match action:
        case SetField(field, value):
            return _action(_SET_FIELD, tlv(field, value))
        case Move(source, target, bits, first, to):
            offsets = struct.pack("!HHH2x", bits, first, to)
            return _action(_COPY_FIELD, offsets + header(source) + header(target))
        case Output(port):
            return struct.pack("!HHIH6x", _OUTPUT, 16, port, 0)
        case Reflect():
            return struct.pack("!HHIH6x", _OUTPUT, 16, _IN_PORT, 0)
        case DecTtl():
            return struct.pack("!HH4x", _DEC_TTL, 8)
        case Punt():
            return struct.pack("!HHIH6x", _OUTPUT, 16, _CONTROLLER, PUNTED)
        case ToGroup(number) | Metered(number) | Queued(number):
            return struct.pack("!HHI", _NUMBERED[type(action)], 8, number)
        case Resubmit() | Conjunction() | Track():
            return _extension(action)


def _extension(action: Resubmit | Conjunction | Track) -> bytes:
    match action:
        case Resubmit(table):
            return _nicira(_RESUBMIT_TABLE, struct.pack("!HB3x", _IN_PORT_16, table))
        case Conjunction():
            return _conjunction(action)
        case Track():
            return _track(action)


def _conjunction(action: Conjunction) -> bytes:
    return _CONJUNCTION_FORM.pack(*_CONJUNCTION_HEAD, action.clause, action.clauses, action.id)


def _track(action: Track) -> bytes:
    flags = _CT_COMMIT if action.commit else 0
    table = _NO_TABLE if action.table is None else action.table
    nested = b"" if action.nat is None else _nat(action.nat)
    nested += encode_actions(action.execute)
    zone = header(SEGMENT)
    body = struct.pack("!H4sHB3xH", flags, zone, _ZONE_BITS, table, 0) + nested
    return _nicira(_CT, body)


def _nat(nat: Nat) -> bytes:
    if nat.address is None:
        return _nicira(_NAT, struct.pack("!2xHH", 0, 0))
    family = _NAT_IPV4 if nat.address.version == 4 else _NAT_IPV6
    if nat.source:
        return _nicira(_NAT, struct.pack("!2xHH", _NAT_SOURCE, family) + nat.address.packed)
    present = _NAT_PORT | family
    head = struct.pack("!2xHH", _NAT_DESTINATION, present)
    return _nicira(_NAT, head + nat.address.packed + struct.pack("!H", nat.port))


def _nicira(subtype: int, body: bytes) -> bytes:
    return _action(_EXPERIMENTER, struct.pack("!IH", _NICIRA, subtype) + body)


def _action(kind: int, body: bytes) -> bytes:
    padding = -(4 + len(body)) % 8
    return struct.pack("!HH", kind, 4 + len(body) + padding) + body + bytes(padding)
