from xds_server.protocols.xds.issue import Issues
from xds_server.protocols.xds.offer import Encoded


def encoded() -> Encoded:
    return Encoded(b"body", ("a",), ("b",))


def test_streams_that_are_behind_are_sent_one_object() -> None:
    issues = Issues(1000)
    first = issues.shared("key", encoded, after=0)
    assert issues.shared("key", encoded, after=0).data is first.data
    assert (first.present, first.absent) == (("a",), ("b",))
    assert first.data == b"body" + b"\x2a\x011"  # field 5: the nonce


def test_a_stream_that_had_it_gets_a_new_number_which_others_share() -> None:
    issues = Issues(1000)
    first = issues.shared("key", encoded, after=0)
    again = issues.shared("key", lambda: encoded(), after=first.serial)
    assert again.serial > first.serial
    assert again.data == b"body" + b"\x2a\x012"
    assert issues.shared("key", encoded, after=0) is again


def test_what_is_made_for_one_is_shared_with_nobody() -> None:
    issues = Issues(1000)
    assert issues.single(encoded()).nonce != issues.single(encoded()).nonce
