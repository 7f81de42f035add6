"""Matches read back from the text that Open vSwitch prints (ovs-fields(7))."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from translators.openflow import fields
from translators.openflow.fields import (
    CT_FLAGS,
    CT_STATE,
    ETH_ARP,
    ETH_DST,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    ICMP_TYPE,
    ICMPV6_CODE,
    ICMPV6_TYPE,
    IP_PROTO,
    IPV4_DST,
    IPV4_SRC,
    TCP_DST,
    TCP_FLAGS,
    TCP_SRC,
    UDP_DST,
    UDP_SRC,
    Field,
    Form,
)
from translators.openflow.flow import Match, Test, match
from translators.plan.model import ICMP, ICMPV6, TCP, UDP

_SCTP = 132  # IANA protocol number
_SHORT = {
    "arp": (ETH_ARP, None),
    "ip": (ETH_IPV4, None),
    "icmp": (ETH_IPV4, ICMP),
    "tcp": (ETH_IPV4, TCP),
    "udp": (ETH_IPV4, UDP),
    "sctp": (ETH_IPV4, _SCTP),
    "ipv6": (ETH_IPV6, None),
    "icmp6": (ETH_IPV6, ICMPV6),
    "tcp6": (ETH_IPV6, TCP),
    "udp6": (ETH_IPV6, UDP),
    "sctp6": (ETH_IPV6, _SCTP),
}
_OLD = {
    "dl_src": ETH_SRC,
    "dl_dst": ETH_DST,
    "dl_type": ETH_TYPE,
    "nw_src": IPV4_SRC,
    "nw_dst": IPV4_DST,
}
_PORTS = {
    ("tp_src", TCP): TCP_SRC,
    ("tp_dst", TCP): TCP_DST,
    ("tp_src", UDP): UDP_SRC,
    ("tp_dst", UDP): UDP_DST,
    ("icmp_type", ICMP): ICMP_TYPE,
    ("icmp_type", ICMPV6): ICMPV6_TYPE,
    ("icmp_code", ICMPV6): ICMPV6_CODE,
}
_NAMED = {field.name: field for field in vars(fields).values() if isinstance(field, Field)}
# RFC 9293, section 3.1, from the lowest bit on
_TCP_FLAGS = tuple(
    (1 << bit, name)
    for bit, name in enumerate(("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"))
)


def match_of(text: str) -> Match | None:
    """Return the tests of a match; None where it tests something that we never do."""
    try:
        return match(*_tests(text))
    except (KeyError, ValueError):
        return None


def number_of(text: str) -> int:
    """Return a value as Open vSwitch prints it: a number, a MAC or an IP address."""
    if text.count(":") == 5 and "::" not in text and len(text) == 17:
        return int(text.replace(":", ""), 16)
    if ":" in text or "." in text:
        return int(ip_address(text))
    return int(text, 0)


def _tests(text: str) -> Iterator[Test]:
    protocol = 0
    for part in text.split(",") if text else ():
        name, equals, value = part.partition("=")
        if not equals:
            kind, protocol = _SHORT[name][0], _SHORT[name][1] or 0
            yield (ETH_TYPE, kind, None)
            if protocol:
                yield (IP_PROTO, protocol, None)
            continue
        field = _PORTS.get((name, protocol)) or _OLD.get(name) or _NAMED[name]
        yield _test(field, value)
        protocol = int(value, 0) if field is IP_PROTO else protocol


def _test(field: Field, text: str) -> Test:
    flags = {CT_STATE: CT_FLAGS, TCP_FLAGS: _TCP_FLAGS}.get(field)
    if flags is not None and text[0] in "+-":
        return (field, *_flags(text, {name: bit for bit, name in flags}))
    value, _, mask = text.partition("/")
    full = (1 << field.width) - 1
    if not mask:
        return (field, number_of(value), None)
    prefix = field.form in (Form.IPV4, Form.IPV6) and mask.isdecimal()
    bits = full ^ (full >> int(mask)) if prefix else number_of(mask)
    return (field, number_of(value), None if bits == full else bits)


def _flags(text: str, bits: dict[str, int]) -> tuple[int, int]:
    value = mask = 0
    for sign in text.replace("+", " +").replace("-", " -").split():
        mask |= bits[sign[1:]]
        value |= bits[sign[1:]] if sign[0] == "+" else 0
    return value, mask
