"""Programs as the bytes that flow-mods and group-mods carry (OpenFlow 1.5.1).

The bytes are those that Open vSwitch gives back when asked for its flows, so that comparing what
a bridge holds with what it should hold is comparing bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from translators.openflow.fields import Field
from translators.openflow.flow import Bucket, Flow, Group, Meter, Program
from translators.openflow.oxm import encode_match, tlv
from translators.openflow.wire import encode_actions, encode_instructions

SELECT = 1  # OFPGT_SELECT
_KBPS, _BURST, _STATS = 1, 4, 8  # OFPMF_*
_DROP = 1  # OFPMBT_DROP
_WEIGHT = 0  # OFPGBPT_WEIGHT
_EXPERIMENTER = 0xFFFF
_NETRONOME, _SELECTION_METHOD = 0x0000154D, 1  # Open vSwitch: group selection method extension


class EncodedFlow(NamedTuple):
    """A flow as bytes: ``match`` without header and padding, OpenFlow 1.5 ``instructions``."""

    table: int
    priority: int
    cookie: int
    match: bytes
    instructions: bytes


class EncodedGroup(NamedTuple):
    """A group as bytes: its type, its bucket array, and the group properties behind it."""

    number: int
    kind: int
    buckets: bytes
    properties: bytes


class EncodedMeter(NamedTuple):
    """A meter as bytes: its flags (OFPMF_*) and its bands."""

    number: int
    flags: int
    bands: bytes


@dataclass(frozen=True, slots=True)
class EncodedProgram:
    """A program as bytes, in the program's order."""

    flows: tuple[EncodedFlow, ...]
    groups: tuple[EncodedGroup, ...]
    meters: tuple[EncodedMeter, ...] = ()


def encode(program: Program) -> EncodedProgram:
    """Return a program as bytes."""
    return EncodedProgram(
        tuple(encode_flow(flow) for flow in program.flows),
        tuple(encode_group(group) for group in program.groups),
        tuple(encode_meter(meter) for meter in program.meters),
    )


def encode_flow(flow: Flow) -> EncodedFlow:
    """Return a flow as bytes."""
    return EncodedFlow(
        int(flow.table),
        flow.priority,
        flow.cookie,
        encode_match(flow.match),
        encode_instructions(flow.actions, flow.goto),
    )


def encode_group(group: Group) -> EncodedGroup:
    """Return a select group whose buckets are chosen by a hash: the datapath's, or of fields."""
    buckets = b"".join(_bucket(bucket) for bucket in group.buckets)
    return EncodedGroup(group.number, SELECT, buckets, _selection(group.fields))


def _bucket(bucket: Bucket) -> bytes:
    actions = encode_actions(bucket.actions)
    weight = struct.pack("!HHH2x", _WEIGHT, 8, bucket.weight)
    length = 8 + len(actions) + len(weight)
    return struct.pack("!HHI", length, len(actions), bucket.number) + actions + weight


def encode_meter(meter: Meter) -> EncodedMeter:
    """Return a meter that drops what is above its rate, and counts."""
    band = struct.pack("!HHII4x", _DROP, 16, meter.rate, meter.burst)
    return EncodedMeter(meter.number, _KBPS | _BURST | _STATS, band)


def _selection(fields: tuple[Field, ...]) -> bytes:
    """Return the property that names the selection method; parameter 0: the switch chooses.

    Fields are followed by the bits of them that count, all of them here.
    """
    hashed = b"".join(tlv(field, (1 << field.width) - 1) for field in fields)
    length = 40 + len(hashed)
    head = struct.pack("!HHII4x", _EXPERIMENTER, length, _NETRONOME, _SELECTION_METHOD)
    method = b"hash" if fields else b"dp_hash"
    return head + struct.pack("!16sQ", method, 0) + hashed + bytes(-length % 8)
