import socket

import pytest

from xds_server.southbound.grpc_ads import ListenError
from xds_server.southbound.worker_port import SharedPort


def listening(port: int, *, sharing: bool) -> socket.socket:
    found = socket.socket()
    if sharing:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind(("127.0.0.1", port))
    found.listen()
    return found


def test_who_shares_may_listen_and_nobody_else() -> None:
    port = SharedPort("127.0.0.1", 0)
    with listening(port.port, sharing=True), listening(port.port, sharing=True):
        with pytest.raises(OSError):
            listening(port.port, sharing=False)
        with pytest.raises(ListenError, match=f"127.0.0.1:{port.port}: the port is in use"):
            SharedPort("127.0.0.1", port.port)
    port.close()
    listening(port.port, sharing=False).close()


def test_it_stays_ours_while_nobody_listens() -> None:
    port = SharedPort("127.0.0.1", 0)
    with pytest.raises(OSError):
        listening(port.port, sharing=False)
    port.close()


def test_a_name_with_several_addresses_is_one_port() -> None:
    port = SharedPort("localhost", 0)
    assert port.port > 0
    port.close()


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(ListenError, match=r"\[2001:db8::1\]:80"):
        SharedPort("2001:db8::1", 80)
