"""What a peer can do wrong on an OpenFlow session, and OpenFlow's names for our own mistakes."""

from __future__ import annotations

from dataclasses import dataclass


class ProtocolError(Exception):
    """The peer sent bytes that OpenFlow 1.5 does not allow, or more than we accept."""


class TooLargeError(ProtocolError):
    """``subject`` does not fit into one OpenFlow message of at most 65,535 bytes."""

    def __init__(self, subject: object, length: int) -> None:
        super().__init__(f"needs a message of {length} bytes, and OpenFlow's limit is 65535")
        self.subject = subject


@dataclass(frozen=True, slots=True)
class DeviceError:
    """An OFPT_ERROR message (OpenFlow 1.5.1 section 7.5.4): ``xid`` is the message at fault."""

    xid: int
    type: int
    code: int
    data: bytes = b""

    def __str__(self) -> str:
        kind, codes = _TYPES.get(self.type, (f"type {self.type}", ()))
        name = codes[self.code] if self.code < len(codes) else f"code {self.code}"
        return f"{kind} {name} ({self.type}/{self.code})"


def _codes(names: str) -> tuple[str, ...]:
    return tuple(names.split())


# Type to name and to the names of its codes in numeric order (OpenFlow 1.5.1 section 7.5.4).
_TYPES: dict[int, tuple[str, tuple[str, ...]]] = {
    0: ("HELLO_FAILED", _codes("INCOMPATIBLE EPERM")),
    1: (
        "BAD_REQUEST",
        _codes(
            "BAD_VERSION BAD_TYPE BAD_MULTIPART BAD_EXPERIMENTER BAD_EXP_TYPE EPERM BAD_LEN "
            "BUFFER_EMPTY BUFFER_UNKNOWN BAD_TABLE_ID IS_SLAVE BAD_PORT BAD_PACKET "
            "MULTIPART_BUFFER_OVERFLOW MULTIPART_REQUEST_TIMEOUT MULTIPART_REPLY_TIMEOUT "
            "MULTIPART_BAD_SCHED PIPELINE_FIELDS_ONLY UNKNOWN"
        ),
    ),
    2: (
        "BAD_ACTION",
        _codes(
            "BAD_TYPE BAD_LEN BAD_EXPERIMENTER BAD_EXP_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM "
            "TOO_MANY BAD_QUEUE BAD_OUT_GROUP MATCH_INCONSISTENT UNSUPPORTED_ORDER BAD_TAG "
            "BAD_SET_TYPE BAD_SET_LEN BAD_SET_ARGUMENT BAD_SET_MASK BAD_METER"
        ),
    ),
    3: (
        "BAD_INSTRUCTION",
        _codes(
            "UNKNOWN_INST UNSUP_INST BAD_TABLE_ID UNSUP_METADATA UNSUP_METADATA_MASK "
            "BAD_EXPERIMENTER BAD_EXP_TYPE BAD_LEN EPERM DUP_INST"
        ),
    ),
    4: (
        "BAD_MATCH",
        _codes(
            "BAD_TYPE BAD_LEN BAD_TAG BAD_DL_ADDR_MASK BAD_NW_ADDR_MASK BAD_WILDCARDS BAD_FIELD "
            "BAD_VALUE BAD_MASK BAD_PREREQ DUP_FIELD EPERM"
        ),
    ),
    5: (
        "FLOW_MOD_FAILED",
        _codes(
            "UNKNOWN TABLE_FULL BAD_TABLE_ID OVERLAP EPERM BAD_TIMEOUT BAD_COMMAND BAD_FLAGS "
            "CANT_SYNC BAD_PRIORITY IS_SYNC"
        ),
    ),
    6: (
        "GROUP_MOD_FAILED",
        _codes(
            "GROUP_EXISTS INVALID_GROUP WEIGHT_UNSUPPORTED OUT_OF_GROUPS OUT_OF_BUCKETS "
            "CHAINING_UNSUPPORTED WATCH_UNSUPPORTED LOOP UNKNOWN_GROUP CHAINED_GROUP BAD_TYPE "
            "BAD_COMMAND BAD_BUCKET BAD_WATCH EPERM UNKNOWN_BUCKET BUCKET_EXISTS"
        ),
    ),
    7: ("PORT_MOD_FAILED", _codes("BAD_PORT BAD_HW_ADDR BAD_CONFIG BAD_ADVERTISE EPERM")),
    8: ("TABLE_MOD_FAILED", _codes("BAD_TABLE BAD_CONFIG EPERM")),
    9: ("QUEUE_OP_FAILED", _codes("BAD_PORT BAD_QUEUE EPERM")),
    10: ("SWITCH_CONFIG_FAILED", _codes("BAD_FLAGS BAD_LEN EPERM")),
    11: ("ROLE_REQUEST_FAILED", _codes("STALE UNSUP BAD_ROLE ID_UNSUP ID_IN_USE")),
    12: (
        "METER_MOD_FAILED",
        _codes(
            "UNKNOWN METER_EXISTS INVALID_METER UNKNOWN_METER BAD_COMMAND BAD_FLAGS BAD_RATE "
            "BAD_BURST BAD_BAND BAD_BAND_TYPE OUT_OF_METERS OUT_OF_BANDS"
        ),
    ),
    13: ("TABLE_FEATURES_FAILED", _codes("BAD_TABLE BAD_METADATA EPERM BAD_CAPA BAD_MAX_ENT")),
    14: ("BAD_PROPERTY", _codes("BAD_TYPE BAD_LEN BAD_VALUE TOO_MANY DUP_TYPE BAD_EXPERIMENTER")),
    15: ("ASYNC_CONFIG_FAILED", _codes("INVALID UNSUPPORTED EPERM")),
    16: ("FLOW_MONITOR_FAILED", _codes("UNKNOWN MONITOR_EXISTS INVALID_MONITOR UNKNOWN_MONITOR")),
    17: (
        "BUNDLE_FAILED",
        _codes(
            "UNKNOWN EPERM BAD_ID BUNDLE_EXIST BUNDLE_CLOSED OUT_OF_BUNDLES BAD_TYPE BAD_FLAGS "
            "MSG_BAD_LEN MSG_BAD_XID MSG_UNSUP MSG_CONFLICT MSG_TOO_MANY MSG_FAILED TIMEOUT "
            "BUNDLE_IN_PROGRESS SCHED_NOT_SUPPORTED SCHED_FUTURE SCHED_PAST"
        ),
    ),
    0xFFFF: ("EXPERIMENTER", ()),
}
