import struct
from datetime import UTC, datetime, timedelta

import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, Pipe, SocketAddress
from envoy_data_plane.envoy.data.accesslog.v3 import AccessLogCommon

from xds_server.protocols.reports.fields import (
    Fields,
    address_of,
    canonical,
    put_seconds,
    put_texts,
)
from xds_server.protocols.xds.protobuf import MalformedError, put, put_number


def test_fields_are_read_as_a_real_codec_writes_them() -> None:
    socket = SocketAddress(address="FD00::0:1", port_value=80)
    written = AccessLogCommon(
        sample_rate=0.25,
        downstream_remote_address=Address(socket_address=socket),
        upstream_remote_address=Address(pipe=Pipe(path="/run/x")),
        start_time=datetime(2026, 1, 1, tzinfo=UTC),
        duration=timedelta(seconds=1.5),
        upstream_cluster="stock",
    )
    read = Fields(bytes(written))
    assert (read.double(1), read.text(15), read.seconds(23)) == (0.25, "stock", 1.5)
    assert read.seconds(5) == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert address_of(read.message(2)) == ("fd00::1", 80)
    assert address_of(read.message(13)) == ("/run/x", 0)


def test_what_is_absent_is_the_default() -> None:
    read = Fields(b"")
    assert 1 not in read
    assert (read.text(1), read.number(2), read.double(3), read.seconds(4)) == ("", 0, 0.0, 0.0)
    assert read.messages(5) == ()


def test_the_wrong_kind_is_malformed() -> None:
    with pytest.raises(MalformedError):
        Fields(put_number(1, 7)).text(1)
    with pytest.raises(MalformedError):
        Fields(put(1, b"abc")).double(1)


def test_times_and_texts_are_written_as_they_are_read() -> None:
    read = Fields(put_seconds(1, 2.25) + put_texts(2, ("a", "b")))
    assert read.seconds(1) == 2.25
    assert read.text(2) == "b"
    assert Fields(struct.pack("<Bd", 9, 1.5)).double(1) == 1.5
    assert canonical("not an address") == "not an address"
