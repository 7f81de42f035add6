"""What Open vSwitch prints of its connections is read; what it might print one day does no harm."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.unixctl.conntrack import Connection, Way, connection, connections

NAT = (
    "tcp,orig=(src=10.10.0.11,dst=10.10.0.201,sport=41004,dport=80),reply=(src=10.10.0.31,"
    "dst=10.10.0.11,sport=8080,dport=41004),zone=1,mark=4,labels=0x1f900000000200000004,"
    "protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,flags_orig=0,flags_reply=0)"
)
COUNTED = (
    "udp,orig=(src=fd10::1,dst=fd10::2,sport=5000,dport=53,packets=2,bytes=120),reply=(src=fd10::2,"
    "dst=fd10::1,sport=53,dport=5000,packets=1,bytes=90),start=2026-11-25T18:00:00.000,"
    "status=SEEN_REPLY|CONFIRMED,timeout=29,zone=7,mark=0xc"
)
PING = (
    "icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=77,type=8,code=0),"
    "reply=(src=10.0.0.2,dst=10.0.0.1,id=77,type=0,code=0)"
)
CLOSING = NAT.replace("state_reply=ESTABLISHED", "state_reply=FIN_WAIT_1")


def test_a_translated_connection() -> None:
    four = [ip_address(f"10.10.0.{n}") for n in (11, 201, 31)]
    assert connection(NAT) == Connection(
        6,
        Way(four[0], four[1], 41004, 80),
        Way(four[2], four[0], 8080, 41004),
        1,
        4,
        0x1F900000000200000004,
        "ESTABLISHED",
    )


def test_counters_and_timeouts_where_there_are_any() -> None:
    one = connection(COUNTED)
    assert one is not None
    assert (one.original.packets, one.original.bytes, one.reply.bytes) == (2, 120, 90)
    assert (one.timeout, one.zone, one.mark, one.label, one.state) == (29, 7, 12, 0, "")


def test_a_ping_has_its_id_for_a_port() -> None:
    one = connection(PING)
    assert one is not None
    assert (one.protocol, one.original.source_port, one.zone) == (1, 77, 0)


def test_two_states_are_both_shown() -> None:
    one = connection(CLOSING)
    assert one is not None
    assert one.state == "ESTABLISHED/FIN_WAIT_1"


def test_a_dump_counts_what_makes_no_sense() -> None:
    found = connections(f"{NAT}\n\ngre,orig=(src=1.1.1.1)\ntcp,orig=()\n{COUNTED}\n")
    assert len(found.connections) == 2
    assert found.unread == 2
    assert found.connections[0].key != found.connections[1].key


@pytest.mark.parametrize("line", ["", "tcp", "tcp,orig=(src=x,dst=y),reply=()", "nonsense"])
def test_what_is_no_connection(line: str) -> None:
    assert connection(line) is None


@given(st.text(max_size=200), st.integers(0, len(NAT)), st.integers(0, 40))
def test_no_text_breaks_it(noise: str, at: int, gone: int) -> None:
    assert connection(noise) is None or noise
    broken = NAT[:at] + noise + NAT[at + gone :]
    assert connections(broken).unread <= len(broken.splitlines())
