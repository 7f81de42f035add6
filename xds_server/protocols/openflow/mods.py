"""Flow-mods, group-mods and meter-mods as bytes, bare or inside a bundle."""

from __future__ import annotations

import struct
from enum import IntEnum

from xds_server.protocols.openflow.codec import ATOMIC_ORDERED, pad8
from xds_server.protocols.openflow.errors import TooLargeError
from xds_server.protocols.openflow.framing import HEADER, MAX_MESSAGE, VERSION, Type
from xds_server.snapshots.model import FlowEntry, GroupEntry, MeterEntry

# cookie, mask, table, command, timeouts, priority, buffer, out port, out group, flags, importance,
# then type and length of the match (OpenFlow 1.5.1 section 7.3.4.3)
_FLOW = struct.Struct("!QQBBHHHIIIHHHH")
# command, type, group, bucket array length, bucket id (section 7.3.4.4)
_GROUP = struct.Struct("!HBxIHxxI")
_METER = struct.Struct("!HHI")  # command, flags, meter (section 7.3.4.5)
_BUNDLE_ADD = struct.Struct("!IxxH")
_ADD_TYPE, _FLOW_TYPE = Type.BUNDLE_ADD.value, Type.FLOW_MOD.value  # plain: packed in half the time
_FLOW_HEAD = HEADER.size + _FLOW.size
_FORMS = (HEADER, _BUNDLE_ADD, HEADER, _FLOW)
_BUNDLED_FLOW = struct.Struct("!" + "".join(form.format[1:] for form in _FORMS))
_NONE = 0xFFFFFFFF  # OFP_NO_BUFFER, OFPP_ANY and OFPG_ANY alike
_ALL_BUCKETS = 0xFFFFFFFF
_EXACT_COOKIE = 0xFFFFFFFFFFFFFFFF


class FlowCommand(IntEnum):
    """The flow-mod commands that we use."""

    ADD = 0
    DELETE_STRICT = 4


class GroupCommand(IntEnum):
    """The group-mod commands that we use."""

    ADD = 0
    MODIFY = 1
    DELETE = 2


class MeterCommand(IntEnum):
    """The meter-mod commands."""

    ADD = 0
    MODIFY = 1
    DELETE = 2


def flow_mod(xid: int, command: FlowCommand, flow: FlowEntry, idle: int = 0) -> bytes:
    """Return a flow-mod; a deletion touches the flow only while it carries the same cookie.

    With ``idle`` the flow goes once no packet has met it for so many seconds.

    Raises TooLargeError when the flow does not fit into one message.
    """
    key, adding = flow.key, command is FlowCommand.ADD
    span = 4 + len(key.match)
    mask = 0 if adding else _EXACT_COOKIE
    fixed = _FLOW.pack(
        *(flow.cookie, mask, key.table, command, idle, 0, key.priority),
        *(_NONE, _NONE, _NONE, 0, 0, 1, span),
    )
    instructions = flow.instructions if adding else b""
    body = fixed + key.match + bytes(pad8(span)) + instructions
    return _frame(Type.FLOW_MOD, xid, body, flow)


def bundled_flow_mod(bundle: int, xid: int, command: FlowCommand, flow: FlowEntry) -> bytes:
    """Return a flow-mod in a bundle-add, made in one step: large changes are mostly these.

    Raises TooLargeError when the flow does not fit into one message.
    """
    key, adding = flow.key, command is FlowCommand.ADD
    span = 4 + len(key.match)
    tail = key.match + bytes(-span % 8) + (flow.instructions if adding else b"")
    inner = _FLOW_HEAD + len(tail)
    length = HEADER.size + _BUNDLE_ADD.size + inner
    if length > MAX_MESSAGE:
        return bundled(bundle, flow_mod(xid, command, flow), flow)
    fixed = _BUNDLED_FLOW.pack(
        *(VERSION, _ADD_TYPE, length, xid, bundle, ATOMIC_ORDERED),
        *(VERSION, _FLOW_TYPE, inner, xid, flow.cookie, 0 if adding else _EXACT_COOKIE),
        *(key.table, command.value, 0, 0, key.priority, _NONE, _NONE, _NONE, 0, 0, 1, span),
    )
    return fixed + tail


def group_mod(xid: int, command: GroupCommand, group: GroupEntry) -> bytes:
    """Return a group-mod; a deletion names the group alone.

    Raises TooLargeError when the group does not fit into one message.
    """
    keep = command is not GroupCommand.DELETE
    buckets = group.buckets if keep else b""
    if len(buckets) > MAX_MESSAGE:  # the length of the bucket array has 16 bits, too
        raise TooLargeError(group, len(buckets))
    fixed = _GROUP.pack(command, group.kind, group.number, len(buckets), _ALL_BUCKETS)
    body = fixed + buckets + (group.properties if keep else b"")
    return _frame(Type.GROUP_MOD, xid, body, group)


def meter_mod(xid: int, command: MeterCommand, meter: MeterEntry) -> bytes:
    """Return a meter-mod, which Open vSwitch takes outside of bundles only."""
    bands = b"" if command is MeterCommand.DELETE else meter.bands
    body = _METER.pack(command, meter.flags, meter.number) + bands
    return _frame(Type.METER_MOD, xid, body, meter)


def bundled(bundle: int, message: bytes, subject: object) -> bytes:
    """Return a bundle-add around a message, with the message's own xid (section 7.3.9.6).

    Raises TooLargeError, naming ``subject``, when both do not fit into one message.
    """
    length = HEADER.size + _BUNDLE_ADD.size + len(message)
    if length > MAX_MESSAGE:
        raise TooLargeError(subject, length)
    xid = int.from_bytes(message[4:8], "big")
    header = HEADER.pack(VERSION, Type.BUNDLE_ADD, length, xid)
    return header + _BUNDLE_ADD.pack(bundle, ATOMIC_ORDERED) + message


def _frame(
    kind: Type, xid: int, body: bytes, subject: FlowEntry | GroupEntry | MeterEntry
) -> bytes:
    length = HEADER.size + len(body)
    if length > MAX_MESSAGE:
        raise TooLargeError(subject, length)
    return HEADER.pack(VERSION, kind, length, xid) + body
