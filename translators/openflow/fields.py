"""The packet fields and registers that flows match and set, each named once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import total_ordering
from ipaddress import IPv4Address, IPv6Address

from translators.plan.model import ICMP, ICMPV6, TCP, UDP, Address

ETH_IPV4, ETH_IPV6, ETH_ARP = 0x0800, 0x86DD, 0x0806  # IEEE EtherTypes
ND_SOLICITATION, ND_ADVERTISEMENT = 135, 136  # RFC 4861, sections 4.3 and 4.4

BASIC, NICIRA, NEIGHBOUR = 0x8000, 0x0001, 0x1000  # OXM classes; the last two are OVS's own


class Form(Enum):
    """How a value is written in ``ovs-ofctl`` syntax (ovs-fields(7))."""

    HEX = "hex"
    DECIMAL = "decimal"
    MAC = "mac"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@total_ordering
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Field:
    """One field: its text name, its place in Open vSwitch's own order, and its OXM code.

    ``width`` is in bits. ``eth_types`` and ``protocols`` are the prerequisites: a flow that
    matches the field without them is accepted with its match erased.
    """

    name: str
    order: int
    oxm_class: int
    oxm_field: int
    width: int
    form: Form = Form.HEX
    eth_types: tuple[int, ...] = ()
    protocols: tuple[int, ...] = ()
    nxm: str = ""  # the name in move actions

    def __lt__(self, other: Field) -> bool:
        return self.order < other.order

    def __repr__(self) -> str:
        return self.name

    @property
    def size(self) -> int:
        """The value's length on the wire, in bytes."""
        return (self.width + 7) // 8

    def text(self, value: int) -> str:
        """Return the value in ``ovs-ofctl`` syntax."""
        if self.form is Form.MAC:
            return ":".join(f"{octet:02x}" for octet in value.to_bytes(6, "big"))
        if self.form is Form.IPV4:
            return str(IPv4Address(value))
        if self.form is Form.IPV6:
            return str(IPv6Address(value))
        return str(value) if self.form is Form.DECIMAL else hex(value)


_IP = (ETH_IPV4, ETH_IPV6)


def _register(number: int) -> Field:
    return Field(f"reg{number}", 60 + number, NICIRA, number, 32, nxm=f"NXM_NX_REG{number}")


CONJ_ID = Field("conj_id", 1, NICIRA, 37, 32, Form.DECIMAL)
IN_PORT = Field("in_port", 2, BASIC, 0, 32, Form.DECIMAL)
ETH_SRC = Field("eth_src", 3, BASIC, 4, 48, Form.MAC, nxm="NXM_OF_ETH_SRC")
ETH_DST = Field("eth_dst", 4, BASIC, 3, 48, Form.MAC, nxm="NXM_OF_ETH_DST")
ETH_TYPE = Field("eth_type", 5, BASIC, 5, 16)
IPV4_SRC = Field("ip_src", 8, BASIC, 11, 32, Form.IPV4, (ETH_IPV4,), nxm="NXM_OF_IP_SRC")
IPV4_DST = Field("ip_dst", 9, BASIC, 12, 32, Form.IPV4, (ETH_IPV4,), nxm="NXM_OF_IP_DST")
IPV6_SRC = Field("ipv6_src", 10, BASIC, 26, 128, Form.IPV6, (ETH_IPV6,), nxm="NXM_NX_IPV6_SRC")
IPV6_DST = Field("ipv6_dst", 11, BASIC, 27, 128, Form.IPV6, (ETH_IPV6,), nxm="NXM_NX_IPV6_DST")
IP_TTL = Field("nw_ttl", 13, NICIRA, 29, 8, Form.DECIMAL, _IP)  # not maskable
IP_PROTO = Field("nw_proto", 14, BASIC, 10, 8, Form.DECIMAL, _IP)
TCP_SRC = Field("tcp_src", 15, BASIC, 13, 16, Form.DECIMAL, _IP, (TCP,))
IP_DSCP = Field("ip_dscp", 29, BASIC, 8, 6, Form.DECIMAL, _IP)  # set only
TCP_DST = Field("tcp_dst", 16, BASIC, 14, 16, Form.DECIMAL, _IP, (TCP,), "NXM_OF_TCP_DST")
TCP_FLAGS = Field("tcp_flags", 17, BASIC, 42, 16, Form.HEX, _IP, (TCP,))
UDP_SRC = Field("udp_src", 18, BASIC, 15, 16, Form.DECIMAL, _IP, (UDP,))
UDP_DST = Field("udp_dst", 19, BASIC, 16, 16, Form.DECIMAL, _IP, (UDP,), "NXM_OF_UDP_DST")
ICMP_TYPE = Field("icmp_type", 20, BASIC, 19, 8, Form.DECIMAL, (ETH_IPV4,), (ICMP,))
ICMPV6_TYPE = Field("icmpv6_type", 22, BASIC, 29, 8, Form.DECIMAL, (ETH_IPV6,), (ICMPV6,))
ICMPV6_CODE = Field("icmpv6_code", 23, BASIC, 30, 8, Form.DECIMAL, (ETH_IPV6,), (ICMPV6,))
ND_TARGET = Field(
    "nd_target", 24, BASIC, 31, 128, Form.IPV6, (ETH_IPV6,), (ICMPV6,), "NXM_NX_ND_TARGET"
)
ND_TLL = Field("nd_tll", 26, BASIC, 33, 48, Form.MAC, (ETH_IPV6,), (ICMPV6,))
ND_RESERVED = Field("nd_reserved", 27, NEIGHBOUR, 1, 32, Form.HEX, (ETH_IPV6,), (ICMPV6,))
ND_OPTIONS = Field("nd_options_type", 28, NEIGHBOUR, 2, 8, Form.DECIMAL, (ETH_IPV6,), (ICMPV6,))
ARP_OP = Field("arp_op", 30, BASIC, 21, 16, Form.DECIMAL, (ETH_ARP,), nxm="NXM_OF_ARP_OP")
ARP_SPA = Field("arp_spa", 31, BASIC, 22, 32, Form.IPV4, (ETH_ARP,), nxm="NXM_OF_ARP_SPA")
ARP_TPA = Field("arp_tpa", 32, BASIC, 23, 32, Form.IPV4, (ETH_ARP,), nxm="NXM_OF_ARP_TPA")
ARP_SHA = Field("arp_sha", 33, BASIC, 24, 48, Form.MAC, (ETH_ARP,), nxm="NXM_NX_ARP_SHA")
ARP_THA = Field("arp_tha", 34, BASIC, 25, 48, Form.MAC, (ETH_ARP,), nxm="NXM_NX_ARP_THA")
TUN_ID = Field("tun_id", 40, BASIC, 38, 64)
TUN_SRC = Field("tun_src", 41, NICIRA, 31, 32, Form.IPV4)
TUN_DST = Field("tun_dst", 42, NICIRA, 32, 32, Form.IPV4)
CT_STATE = Field("ct_state", 90, NICIRA, 105, 32)
CT_MARK = Field("ct_mark", 92, NICIRA, 107, 32)
CT_LABEL = Field("ct_label", 93, NICIRA, 108, 128, nxm="NXM_NX_CT_LABEL")
METADATA = Field("metadata", 99, BASIC, 2, 64)

TENANT = METADATA  # tenant number
SEGMENT = _register(0)  # conntrack zone; above it the number of a segment that shares its zone
SOURCE = _register(1)  # the source's identity
DESTINATION = _register(2)  # the destination's identity
SERVICE = _register(3)  # number of the addressed service port; 0: addressed directly
PORT = _register(4)  # transport port at the destination endpoint; 0: the protocol has none
ORIGIN = _register(5)  # where the packet came from: FROM_*
RULE = _register(6)  # number of the rule that admitted the connection
SCRATCH = _register(7)  # within one action list only
MIRRORED = _register(11)  # 1: copied already; 2: it is a copy
SHAPED = _register(14)  # 1: metered and marked already
AUDITED = _register(15)  # how far the audits of a new connection have come
JUDGED = _register(12)  # an established connection: JUDGING, ADMITTED if policy still does
LASTING = _register(13)  # what keeps a connection: OUTLIVES, BY_SERVICE

ZONE_BITS = 16  # of SEGMENT
FROM_WORKLOAD, FROM_PROXY, FROM_TUNNEL, FROM_OUTSIDE = 0, 1, 2, 3
# ct_mark: which path a connection takes
MARK_CLIENT, MARK_PROXY, MARK_DIRECT, MARK_OUTSIDE = 1, 2, 4, 8
OUTSIDE = 1 << 24  # stands for an identity where the destination is no endpoint
MARK_REVOKED = 64  # beside the path: policy admits the connection no longer
JUDGING, ADMITTED = 1, 2
LOST = 3  # of JUDGED: it belongs to a connection that tracking does not know
OUTLIVES = 1  # of LASTING: it outlives the rule that admits it
BY_SERVICE = 2  # of LASTING: another host's bridge sent it here by a service
# Where ct_label keeps, in 32 bits each, what a connection was admitted by and is judged with again.
LABEL_RULE, LABEL_SERVICE, LABEL_PORT, LABEL_LASTING = 0, 32, 64, 96

CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_REPLY = 0x01, 0x02, 0x04, 0x08
CT_INVALID, CT_TRACKED, CT_SNAT, CT_DNAT = 0x10, 0x20, 0x40, 0x80
CT_FLAGS = (
    (CT_NEW, "new"),
    (CT_ESTABLISHED, "est"),
    (CT_RELATED, "rel"),
    (CT_REPLY, "rpl"),
    (CT_INVALID, "inv"),
    (CT_TRACKED, "trk"),
    (CT_SNAT, "snat"),
    (CT_DNAT, "dnat"),
)
TCP_SYN, TCP_RST, TCP_ACK = 0x002, 0x004, 0x010  # RFC 9293, section 3.1

MIRROR_VNI = 0xFFFFFF  # of copies between hosts; no segment has it
VIRTUAL_MAC = 0x02FD00000001  # answers for gateways and virtual addresses
PROXY_MAC = 0x02FD00000002  # the proxy's interface

FAMILIES = ((4, ETH_IPV4), (6, ETH_IPV6))
TRACKED = (
    (ETH_IPV4, TCP),
    (ETH_IPV4, UDP),
    (ETH_IPV4, ICMP),
    (ETH_IPV6, TCP),
    (ETH_IPV6, UDP),
    (ETH_IPV6, ICMPV6),
)  # what the userspace datapath's conntrack knows; other protocols are stateless
# What a ping is: family, protocol, the type's field, request and reply (RFC 792, RFC 4443).
ECHO = (
    (ETH_IPV4, ICMP, ICMP_TYPE, 8, 0),
    (ETH_IPV6, ICMPV6, ICMPV6_TYPE, 128, 129),
)


def eth_type(address: Address) -> int:
    """Return the EtherType that carries packets of the address's family."""
    return ETH_IPV4 if address.version == 4 else ETH_IPV6


def source_field(address: Address) -> Field:
    """Return the IP source field of the address's family."""
    return IPV4_SRC if address.version == 4 else IPV6_SRC


def destination_field(address: Address) -> Field:
    """Return the IP destination field of the address's family."""
    return IPV4_DST if address.version == 4 else IPV6_DST


def mac_value(text: str) -> int:
    """Return a MAC address written with colons as a number."""
    return int(text.replace(":", ""), 16)
