"""A socket that cannot be had is one error with its mend."""

import asyncio
import errno

import pytest

from xds_server.controller.errors import MachineError
from xds_server.southbound.openflow_listen import address_of, listen, steady_clock


async def test_a_port_in_use_is_one_clear_error() -> None:
    first = await listen(asyncio.Protocol, "127.0.0.1", 0, None, "OpenFlow")
    port = first.sockets[0].getsockname()[1]
    try:
        with pytest.raises(
            MachineError, match=rf"127\.0\.0\.1:{port} for OpenFlow: the port is in"
        ):
            await listen(asyncio.Protocol, "127.0.0.1", port, None, "OpenFlow")
    finally:
        first.close()


async def test_a_missing_privilege_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    with pytest.raises(MachineError, match="CAP_NET_BIND_SERVICE"):
        await listen(asyncio.Protocol, "127.0.0.1", 653, None, "OpenFlow")


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000)])
async def test_an_impossible_address_is_one_clear_error(host: str, port: int) -> None:
    with pytest.raises(MachineError, match="cannot listen on"):
        await listen(asyncio.Protocol, host, port, None, "OVSDB")


def test_the_clock_never_goes_back() -> None:
    clock = steady_clock()
    times = [clock() for _ in range(1000)]
    assert times == sorted(times)
    assert times[0] > 1.7e9  # seconds since 1970, not since the machine started


@pytest.mark.parametrize(
    ("peer", "text"),
    [
        (("192.0.2.1", 5), "192.0.2.1:5"),
        (("2001:db8::1", 5, 0, 0), "[2001:db8::1]:5"),
        ("", "a local socket"),
    ],
)
def test_peers_are_named(peer: object, text: str) -> None:
    assert address_of(asyncio.BaseTransport({"peername": peer})) == text
