from xds_server.protocols.xds.issue import Issues
from xds_server.protocols.xds.offer import Encoded

URL = "type.googleapis.com/x.Y"


def encoded() -> Encoded:
    return Encoded(b"body", ("a",), ("b",))


def test_streams_that_are_behind_are_sent_one_object() -> None:
    issues = Issues(1000)
    first = issues.shared("key", URL, encoded, after=0)
    assert issues.shared("key", URL, encoded, after=0).send is first.send
    assert (first.send.names, first.send.removed) == (("a",), ("b",))
    assert first.send.data == b"body" + b"\x2a\x011"  # field 5: the nonce


def test_a_stream_that_had_it_gets_a_new_number_which_others_share() -> None:
    issues = Issues(1000)
    first = issues.shared("key", URL, encoded, after=0)
    again = issues.shared("key", URL, lambda: encoded(), after=first.serial)
    assert again.serial > first.serial
    assert again.send.data == b"body" + b"\x2a\x012"
    assert issues.shared("key", URL, encoded, after=0) is again


def test_what_is_made_for_one_is_shared_with_nobody() -> None:
    issues = Issues(1000)
    one, other = (issues.single(URL, encoded()).send for _ in range(2))
    assert one.nonce != other.nonce


def test_equal_bytes_of_two_types_are_two_responses() -> None:
    issues = Issues(1000)
    issues.shared("key", URL, encoded, after=0)
    assert issues.shared("key", "type.googleapis.com/x.Z", encoded, after=0).send.type_url != URL
