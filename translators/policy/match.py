"""The match of a rule: fields of L3, L4 and L7, combined with *and*."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from translators.policy.scalars import HeaderName, Hostname, Method, Text, shown, wrong
from translators.policy.shape import AtLeastOne, Shape, check_exactly_one

_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")
_PATH = re.compile(r"/[!-~]*")  # visible ASCII; RFC 3986 spells the rest by percent codes
_ABSENT = re.compile(r"//|/\.\.?(/|$)|[?#\\]|%2[fF]|%5[cC]|%2[eE]")


def parse_ports(value: object) -> tuple[int, int]:
    """Return the first and last port of a number or of text such as ``8000-8100``."""
    ends: tuple[int, int] | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        ends = (value, value)
    elif isinstance(value, str) and (found := _RANGE.fullmatch(value)):
        ends = (int(found[1]), int(found[2]))
    if ends is None or not 1 <= ends[0] <= ends[1] <= 65535:
        mend = 'write a port such as 80 or a range such as "8000-8100"'
        raise wrong(f"{shown(value)} is not a port or range of ports", mend)
    return ends


def parse_path(value: object) -> str:
    """Return a path that a normalised request can have (RFC 3986, section 6.2)."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        mend = "write one that starts with '/', such as /admin"
        raise wrong(f"{shown(value)} is not a path", mend)
    if _ABSENT.search(value):
        mend = "write the path without '//', '.', '..', escaped slashes, query or fragment"
        raise wrong(f"no request has the path {shown(value)} once it is normalised", mend)
    return value


def _parse_field_value(value: object) -> str:
    if not isinstance(value, str):
        raise wrong(f"a value must be text, not {shown(value)}", "put it in quotes")
    if value != value.strip() or not value.isprintable():
        mend = "remove spaces at the ends and control characters (RFC 9110, section 5.5)"
        raise wrong(f"{shown(value)} cannot be a field's value", mend)
    return value


PortSpan = Annotated[
    tuple[int, int],
    PlainValidator(parse_ports),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
]
Path = Annotated[str, PlainValidator(parse_path), WithJsonSchema({"type": "string"})]
FieldValue = Annotated[str, PlainValidator(_parse_field_value), WithJsonSchema({"type": "string"})]


class IpMatch(Shape):
    """``protocol`` is the IANA number."""

    family: Literal["ipv4", "ipv6"] | None = None
    """Address family; left out, both."""
    protocol: Annotated[int, Field(ge=0, le=255)] | None = None
    """IANA protocol number, 0 to 255, such as 47 for GRE; excludes ``tcp``, ``udp`` and ``icmp``.
    """

    @model_validator(mode="after")
    def _possible(self) -> IpMatch:
        if self.family is None and self.protocol is None:
            raise wrong("neither family nor protocol is given", "add one of them", "FS1011")
        if (self.family, self.protocol) in (("ipv4", 58), ("ipv6", 1)):
            mend = "write icmp: {} beside the family"
            raise wrong(f"{self.family} has no protocol {self.protocol}", mend, at="protocol")
        return self


class PortsMatch(Shape):
    """TCP or UDP; without ports, all of them."""

    ports: Annotated[list[PortSpan], AtLeastOne] | None = None
    """Destination ports as a number or a range in quotes, such as ``[443, "8000-8100"]``; at a
    service the service's port counts, at a workload its own. Left out, all ports."""


class IcmpMatch(Shape):
    """ICMP for IPv4 and ICMPv6 for IPv6."""


class PathMatch(Shape):
    """A prefix matches whole elements: /a matches /a and /a/b, not /ab."""

    exact: Path | None = None
    """The whole path, such as ``/health``, compared after normalisation (RFC 3986, section 6.2)."""
    prefix: Path | None = None
    """Whole leading elements: ``/a`` matches ``/a`` and ``/a/b``, not ``/ab``."""

    @model_validator(mode="after")
    def _one(self) -> PathMatch:
        check_exactly_one(self)
        return self


class ValueMatch(Shape):
    """A comparison of a header or query parameter."""

    exact: FieldValue | None = None
    """The whole value; case counts."""
    prefix: FieldValue | None = None
    """The beginning of the value; case counts."""
    present: Literal[True] | None = None
    """Always ``true``: the field is there, whatever its value."""

    @model_validator(mode="after")
    def _one(self) -> ValueMatch:
        check_exactly_one(self)
        return self


class HttpMatch(Shape):
    """All given parts must hold; alternatives within ``hosts`` and ``methods`` are or-ed."""

    hosts: Annotated[list[Hostname], AtLeastOne] | None = None
    """Host names that the request may be for, in lower case, without port; one of them must be
    equal."""
    path: PathMatch | None = None
    """The path, without the query."""
    methods: Annotated[list[Method], AtLeastOne] | None = None
    """Methods that the request may have, in capitals, such as ``[GET, HEAD]``; one of them must be
    equal."""
    headers: Annotated[dict[HeaderName, ValueMatch], Len(1)] | None = None
    """Headers by name, case ignored; all must hold, such as ``{x-canary: {exact: "yes"}}``."""
    query: Annotated[dict[Text, ValueMatch], Len(1)] | None = None
    """Query parameters by name, case counts; all must hold, such as ``{debug: {present: true}}``.
    """

    @model_validator(mode="after")
    def _distinct_headers(self) -> HttpMatch:
        names = [name.lower() for name in self.headers or {}]
        for name in names:
            if names.count(name) > 1:
                message = f"header {name} is given twice: header names ignore case"
                raise wrong(message, "keep one of them", "FS1015", "headers")
            if name == "host":
                raise wrong("the host is not matched as a header", "use hosts", at="headers")
        return self


class Match(Shape):
    """What is left out matches everything."""

    ip: IpMatch | None = None
    """Address family and protocol number."""
    tcp: PortsMatch | None = None
    """TCP, and its destination ports; ``{}`` for all."""
    udp: PortsMatch | None = None
    """UDP, and its destination ports; ``{}`` for all."""
    icmp: IcmpMatch | None = None
    """ICMP with its IPv6 form; always ``{}``."""
    http: HttpMatch | None = None
    """Fields of an HTTP request (L7); holds at services whose ports speak http, http2 or grpc."""

    @model_validator(mode="after")
    def _one_transport(self) -> Match:
        given = [name for name in ("tcp", "udp", "icmp") if getattr(self, name) is not None]
        if self.ip is not None and self.ip.protocol is not None:
            given.insert(0, "ip.protocol")
        if self.http is not None and given != ["tcp"]:
            given.append("http")
        if len(given) > 1:
            message = f"{' and '.join(given)} exclude each other: no packet has both"
            raise wrong(message, "write a rule for each", "FS1015", given[-1])
        return self
