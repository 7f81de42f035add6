"""The single values that authors write: names, addresses, MACs, durations, interfaces."""

from __future__ import annotations

import re
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291, section 2.5.5.2: not an address on a link
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(k|K|M|G)bps")
_BITS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(k|K|M|G)b")
_KILO = {"k": 1, "K": 1, "M": 1_000, "G": 1_000_000}
_MOST_KILO = 4_000_000_000  # a meter's rate and burst have 32 bits
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def wrong(message: str, mend: str, code: str = "FS1012", at: str = "") -> PydanticCustomError:
    """Return an error that carries its diagnostic code, the mend and the field it is about."""
    # Pydantic would read braces of an author's text as a template, hence the indirection.
    return PydanticCustomError(code, "{message}", {"message": message, "mend": mend, "at": at})


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise wrong(f"{what} must be text, not {shown(value)}", "put it in quotes")
    return value


def shown(value: object) -> str:
    """Return a value as a message may show it: short."""
    text = f"'{value}'" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def parse_address(value: object) -> IPv4Address | IPv6Address:
    """Return a unicast host address; loopback, link-local, multicast and the like are refused."""
    text = _text(value, "an address")
    try:
        address = ip_address(text)
    except ValueError:
        raise wrong(
            f"{shown(text)} is not an IP address", "write one such as 10.0.0.1 or fd00::1"
        ) from None
    mapped = address.version == 6 and address in _MAPPED
    scoped = "%" in text
    kinds = {
        "a loopback": address.is_loopback,
        "a link-local": address.is_link_local or scoped,
        "a multicast": address.is_multicast,
        "the unspecified": address.is_unspecified,
        "an IPv4-mapped": mapped,
        "a reserved": address.is_reserved or text.startswith("0."),
    }
    for kind, holds in kinds.items():
        if holds:
            mend = "use a unicast address of the segment's subnets"
            raise wrong(f"{text} is {kind} address", mend, "FS2007")
    return address


def parse_network(value: object) -> IPv4Network | IPv6Network:
    """Return a network; host bits must be zero."""
    text = _text(value, "a network")
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        raise wrong(
            f"{shown(text)} is not a network", "write one such as 10.0.0.0/24 or fd00::/64"
        ) from None
    if "/" not in text:
        raise wrong(f"{text} has no prefix length", f"write {loose} for this one address")
    try:
        return ip_network(text)
    except ValueError:
        raise wrong(f"{text} has host bits set", f"write {loose}") from None


def parse_interface(value: object) -> IPv4Interface:
    """Return a tunnel endpoint's IPv4 address with its prefix length."""
    text = _text(value, "a tunnel address")
    try:
        if "/" not in text:
            raise ValueError(text)
        interface = IPv4Interface(text)
    except ValueError:
        mend = "write the address and its prefix length, such as 10.255.1.2/30"
        raise wrong(f"{shown(text)} is not an IPv4 address with prefix length", mend) from None
    parse_address(str(interface.ip))
    return interface


def parse_mac(value: object) -> str:
    """Return a unicast MAC address in lower case (IEEE 802: the group bit is not set)."""
    text = _text(value, "a MAC address")
    if not _MAC.fullmatch(text):
        raise wrong(f"{shown(text)} is not a MAC address", 'write one such as "02:00:00:00:00:01"')
    if int(text[:2], 16) & 1 or not int(text.replace(":", ""), 16):
        raise wrong(
            f"{text} is not a unicast MAC address", "clear the lowest bit of its first byte"
        )
    return text.lower()


def parse_duration(value: object) -> float:
    """Return seconds, more than none and at most an hour."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(f"{shown(value)} is not a duration", "write one such as 500ms, 2s or 1m")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if not 0 < seconds <= 3600:
        raise wrong(f"{value} is out of range", "write more than 0s and at most 60m")
    return round(seconds, 6)


def parse_rate(value: object) -> int:
    """Return kbit/s, at least one."""
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        mend = "write bits per second with a unit, such as 64kbps, 100Mbps or 2.5Gbps"
        raise wrong(f"{shown(value)} is not a rate", mend)
    return _kilo(found, "1kbps")


def parse_burst(value: object) -> int:
    """Return kbit, at least one."""
    found = _BITS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        mend = "write bits, not bytes, such as 500kb, 10Mb or 1Gb"
        raise wrong(f"{shown(value)} is not an amount of bits", mend)
    return _kilo(found, "1kb")


def _kilo(found: re.Match[str], least: str) -> int:
    amount = round(float(found[1]) * _KILO[found[2]])
    if not 1 <= amount <= _MOST_KILO:
        raise wrong(f"{found[0]} is out of range", f"write at least {least} and at most 4000G")
    return amount


def parse_dscp(value: object) -> int:
    """Return a code point by its number or its name (RFC 2474, 2597, 3246, 5865, 8622)."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 63:
        return value
    if isinstance(value, str) and value.lower() in DSCP:
        return DSCP[value.lower()]
    raise wrong(f"{shown(value)} is not a DSCP", "write 0 to 63, or a name such as af21, cs5 or ef")


DSCP = {
    **{f"cs{n}": 8 * n for n in range(8)},
    **{f"af{n}{drop}": 8 * n + 2 * drop for n in range(1, 5) for drop in range(1, 4)},
    "ef": 46,
    "va": 44,
    "le": 1,
}


def _matching(pattern: str, what: str, mend: str) -> PlainValidator:
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        text = _text(value, what)
        if not text.strip():
            raise wrong(f"{what} is blank", mend)
        if not compiled.fullmatch(text):
            raise wrong(f"{shown(text)} is not {what}", mend)
        return text

    return PlainValidator(check)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME_MEND = "use up to 63 lower-case letters, digits and hyphens"
_PORT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}"
IFACE_ID = "iface-id="  # what stands before external_ids:iface-id (Open vSwitch, IntegrationGuide)
_IFACE_ID = r"[!-~]{1,128}"
_DPID = r"[0-9a-fA-F]{16}"
_HOST = rf"{_LABEL}(\.{_LABEL})*"
_REF = rf"({_LABEL}/)?{_LABEL}"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_STRING = WithJsonSchema({"type": "string"})

Name = Annotated[str, _matching(_LABEL, "a name", _NAME_MEND), _schema(_LABEL)]
Ref = Annotated[str, _matching(_REF, "a reference", "write name or tenant/name"), _schema(_REF)]
Interface = Annotated[
    str,
    _matching(_PORT, "an interface name", "use at most 15 letters, digits, '.', '_' and '-'"),
    _schema(_PORT),
]
Attachment = Annotated[
    str,
    _matching(
        rf"{_PORT}|{IFACE_ID}{_IFACE_ID}",
        "an interface name or iface-id",
        "write an interface of at most 15 characters, or iface-id= and its external_ids:iface-id",
    ),
    _schema(rf"({_PORT}|{IFACE_ID}{_IFACE_ID})"),
]
DatapathId = Annotated[
    str,
    _matching(_DPID, "a datapath id", 'write 16 hex digits in quotes, "0000000000000001"'),
    _schema(_DPID),
]
Hostname = Annotated[
    str,
    _matching(_HOST, "a hostname", "write it in lower case, without port or wildcard"),
    _schema(_HOST),
]
HeaderName = Annotated[
    str, _matching(_TOKEN, "a header name", "write an RFC 9110 token"), _schema(_TOKEN)
]
Method = Annotated[
    str,
    _matching(r"[A-Z][A-Z_-]{0,31}", "a method", "write it in capitals, such as GET"),
    _schema("[A-Z][A-Z_-]{0,31}"),
]
Text = Annotated[str, _matching(r".*\S.*", "text", "write some text"), _STRING]
Address = Annotated[IPv4Address | IPv6Address, PlainValidator(parse_address), _STRING]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(parse_network), _STRING]
TunnelAddress = Annotated[IPv4Interface, PlainValidator(parse_interface), _STRING]
Mac = Annotated[str, PlainValidator(parse_mac), _schema(_MAC.pattern)]
Duration = Annotated[float, PlainValidator(parse_duration), _schema(_DURATION.pattern)]
Rate = Annotated[int, PlainValidator(parse_rate), _schema(_RATE.pattern)]
Burst = Annotated[int, PlainValidator(parse_burst), _schema(_BITS.pattern)]
Dscp = Annotated[
    int,
    PlainValidator(parse_dscp),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 63}, {"enum": sorted(DSCP)}]}
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
