from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from translators.policy import scalars


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("127.0.0.1", "FS2007"),
        ("::1", "FS2007"),
        ("169.254.1.1", "FS2007"),
        ("fe80::1", "FS2007"),
        ("fd00::1%eth0", "FS2007"),
        ("224.0.0.1", "FS2007"),
        ("ff02::1", "FS2007"),
        ("0.0.0.0", "FS2007"),
        ("::", "FS2007"),
        ("0.1.2.3", "FS2007"),
        ("255.255.255.255", "FS2007"),
        ("::ffff:10.0.0.1", "FS2007"),
        ("10.0.0.256", "FS1012"),
        ("10.0.0.1/24", "FS1012"),
        (" ", "FS1012"),
        (167772161, "FS1012"),
    ],
)
def test_addresses_that_no_workload_can_have(text: object, code: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        scalars.parse_address(text)
    assert refused.value.type == code
    assert refused.value.context is not None
    assert refused.value.context["mend"]


def test_addresses_are_values_not_text() -> None:
    assert scalars.parse_address("FD10:0::1") == IPv6Address("fd10::1")


def test_a_network_with_host_bits_is_told_its_own_form() -> None:
    assert scalars.parse_network("10.0.0.0/24") == IPv4Network("10.0.0.0/24")
    for text in ("10.0.0.7/24", "10.0.0.1", "net"):
        with pytest.raises(PydanticCustomError):
            scalars.parse_network(text)
    with pytest.raises(PydanticCustomError) as refused:
        scalars.parse_network("10.0.0.7/24")
    assert refused.value.context is not None
    assert refused.value.context["mend"] == "write 10.0.0.0/24"


@pytest.mark.parametrize("text", ["10.0.0.1", "fd00::1/64", "127.0.0.1/8", "x/8", 5])
def test_tunnel_addresses_are_ipv4_with_a_prefix_length(text: object) -> None:
    assert str(scalars.parse_interface("10.0.0.1/30")) == "10.0.0.1/30"
    with pytest.raises(PydanticCustomError):
        scalars.parse_interface(text)


@pytest.mark.parametrize("text", ["01:00:00:00:00:01", "00:00:00:00:00:00", "02-00-00-00-00-01", 1])
def test_macs_are_unicast(text: object) -> None:
    assert scalars.parse_mac("02:AB:00:00:00:01") == "02:ab:00:00:00:01"
    with pytest.raises(PydanticCustomError):
        scalars.parse_mac(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2s", 2.0), ("1m", 60.0), ("1.5s", 1.5), ("60m", 3600.0)]
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert scalars.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["0s", "61m", "2", "2 s", "-1s", 2, None, "1h"])
def test_durations_out_of_reach_are_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError):
        scalars.parse_duration(text)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (scalars.Name, ["a", "reviews-1", "a" * 63], ["", "A", "-a", "a-", "a.b", "a/b", "a" * 64]),
        (scalars.Ref, ["a", "t/a"], ["t/", "/a", "a/b/c", "a\n"]),
        (scalars.Interface, ["eth0", "fsdn-proxy", "a" * 15], ["a" * 16, "", "a b", "a/b", "-a"]),
        (scalars.DatapathId, ["00000000000000fF"], ["1", "0x00000000000001", "g" * 16]),
        (scalars.Hostname, ["a.example"], ["A.example", "*.example", "a:80", "a..b", "a."]),
        (scalars.HeaderName, ["X-Tester"], [":path", "a b", "a:"]),
        (scalars.Method, ["GET", "M-SEARCH"], ["get", "", "G T"]),
        (scalars.Text, ["x", " x"], ["", "  ", "\t"]),
    ],
)
def test_patterns(kind: object, good: list[str], bad: list[str]) -> None:
    check: Callable[[object], object] = TypeAdapter(kind).validate_python
    for text in good:
        assert check(text) == text
    for wrong in (*bad, 5, None, True):
        with pytest.raises(ValidationError):
            check(wrong)


def test_long_values_are_shown_short() -> None:
    assert len(scalars.shown("x" * 1000)) == 60
    assert scalars.shown([1]) == "[1]"
