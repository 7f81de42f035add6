"""What ``ofproto/trace`` is asked and what it prints (ovs-vswitchd(8)), as values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from translators.openflow.cookie import Cause, cause_of
from translators.openflow.fields import (
    CT_FLAGS,
    ETH_DST,
    ETH_TYPE,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IP_DSCP,
    IP_PROTO,
    IP_TTL,
    IPV4_DST,
    IPV4_SRC,
    IPV6_DST,
    IPV6_SRC,
    TCP_DST,
    TCP_FLAGS,
    TUN_DST,
    TUN_ID,
    UDP_DST,
    Field,
)
from translators.openflow.flow import Match
from translators.openflow.lookup import Frame
from translators.openflow.match_text import match_of, number_of
from translators.openflow.simulate import REFLECTED
from translators.plan.model import ICMP, ICMPV6, TCP, UDP

_BRIDGE = re.compile(r'^ *bridge\("(.*)"\)$', re.MULTILINE)
_ROW = re.compile(
    r"^ *(?P<table>\d+)\. (?:(?P<miss>No match)"
    r"|(?:(?P<match>.*), |)priority (?P<priority>\d+)(?:, cookie (?P<cookie>0x[0-9a-f]+))?$)",
    re.MULTILINE,
)
_OUTPUT = re.compile(r"^ +(?:output:(\S+)|(in_port))$", re.MULTILINE | re.IGNORECASE)
_BUCKET = re.compile(r"^ +-> using bucket (\d+)$", re.MULTILINE)
_FINAL = re.compile(r"^(?:Final flow|Flow): (.*)$", re.MULTILINE)
_ACTIONS = re.compile(r"^Datapath actions: (.*)$", re.MULTILINE)
_PUNTED = re.compile(r"\buserspace\(.*controller\(")
_VNI = re.compile(r"^ +set_field:(\w+)->tun_id$", re.MULTILINE)
_PREREQUISITES = (ETH_TYPE, IP_PROTO)
ASKED = "controller"  # how a packet ends that goes to the controller alone
_LEFT = {
    "dl_dst": ETH_DST,
    "nw_ttl": IP_TTL,
    "nw_src": IPV4_SRC,
    "nw_dst": IPV4_DST,
    "ipv6_src": IPV6_SRC,
    "ipv6_dst": IPV6_DST,
    "tun_dst": TUN_DST,
}


class TraceError(ValueError):
    """What was printed is no trace that we can read; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Met:
    """A table that the packet came to, and the flow there; a ``match`` of None is not ours to read.

    ``priority`` is None where no flow matched.
    """

    table: int
    text: str
    match: Match | None = ()
    priority: int | None = None
    cookie: int = 0


@dataclass(frozen=True, slots=True)
class Traced:
    """What a real bridge did: tables met in order, ports sent to, the packet as it left.

    ``output`` is the port of one that was sent to exactly one (REFLECTED: its own), beside
    ``copies``. ``bucket`` is the number of the first bucket chosen.
    """

    met: tuple[Met, ...]
    output: int | None
    ends: str
    frame: Frame
    bucket: int | None = None
    copies: tuple[int | None, ...] = ()


def flow_text(frame: Frame) -> str:
    """Return a packet as ``ofproto/trace`` reads it: prerequisites first."""
    first = [field for field in _PREREQUISITES if field in frame]
    rest = [field for field in sorted(frame) if field not in _PREREQUISITES]
    return ",".join(f"{f.name}={_value(f, frame[f])}" for f in (*first, *rest))


def states_text(state: int) -> str:
    """Return flags of connection tracking as ``--ct-next`` takes them."""
    return ",".join(name for bit, name in CT_FLAGS if state & bit)


def read_trace(text: str, sent: Frame) -> Traced:
    """Read a trace of a packet; raises TraceError for text that is none."""
    acted, flows = _ACTIONS.findall(text), _FINAL.findall(text)
    if not acted or not flows:
        raise TraceError("it ends without 'Datapath actions'")
    own = _own(text)
    outputs = tuple(port or "in_port" for port, _ in _OUTPUT.findall(own))
    buckets = _BUCKET.findall(own)
    met = tuple(_met(row) for row in _ROW.finditer(own))
    copies = sum(cause_of(one.cookie) is Cause.COPY for one in met)
    return Traced(
        met,
        _port(outputs[-1]) if len(outputs) - copies == 1 else None,
        _ends(outputs, acted[-1]),
        _left(own, [flow for flow in flows if flow != "unchanged"][-1], sent),
        int(buckets[0]) if buckets else None,
        tuple(_port(one) for one in outputs[:copies]),
    )


def _own(text: str) -> str:
    """Return what the asked bridge did, without those that its tunnels leave by."""
    _, *parts = _BRIDGE.split(text)
    told = zip(parts[::2], parts[1::2], strict=True)
    return "".join(said for name, said in told if name == parts[0])


def _value(field: Field, value: int) -> str:
    return hex(value) if field is TCP_FLAGS else field.text(value)


def _met(row: re.Match[str]) -> Met:
    table = int(row["table"])
    if row["miss"]:
        return Met(table, "no flow matches")
    tests, cookie = row["match"] or "", int(row["cookie"] or "0", 16)
    text = f"cookie={cookie:#x},table={table},priority={row['priority']}"
    return Met(
        table,
        f"{text},{tests}" if tests else text,
        match_of(tests),
        int(row["priority"]),
        cookie,
    )


def _port(output: str) -> int | None:
    if output.lower() == "in_port":
        return REFLECTED
    return int(output) if output.isdecimal() else None


def _ends(outputs: tuple[str, ...], acted: str) -> str:
    """Return what the bridge decided; a tunnel that finds no neighbour is not its affair."""
    if not outputs and acted == "drop":
        return "dropped"
    if not outputs and _PUNTED.search(acted):
        return ASKED
    sent = [one.lower() if _port(one) == REFLECTED else f"output:{one}" for one in outputs]
    return ", ".join(sent) or f"datapath actions {acted}"


def _left(text: str, final: str, sent: Frame) -> Frame:
    """Return the packet as it left; the last flow that is printed shows no tunnel id."""
    frame = dict(sent)
    for part in final.split(","):
        name, _, value = part.partition("=")
        field = _LEFT.get(name)
        if name == "tp_dst":
            field = {TCP: TCP_DST, UDP: UDP_DST}.get(sent.get(IP_PROTO, 0))
        if name == "icmp_type":
            field = {ICMP: ICMP_TYPE, ICMPV6: ICMPV6_TYPE}.get(sent.get(IP_PROTO, 0))
        if name == "nw_tos":
            frame[IP_DSCP] = int(value, 0) >> 2
        if field is not None:
            frame[field] = number_of(value)
    for vni in _VNI.findall(text):
        frame[TUN_ID] = int(vni, 0)
    return frame
