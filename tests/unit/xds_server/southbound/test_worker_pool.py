import asyncio
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
import trustme

from tests.conversations.xds.responses import endpoints, listener
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.unit.xds_server.southbound.test_grpc_ads import credentials
from tests.unit.xds_server.southbound.worker_pools import Bed, workers
from tests.waiting import eventually
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import LISTENER
from xds_server.snapshots.evidence import Acked, Connected, Disconnected, Evidence, Offered
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound.grpc_ads import AdsSettings, ListenError

SNAPSHOT = snapshot_of([listener("a"), endpoints("e")])
NEWER = snapshot_of([listener("a", 2), endpoints("e")])


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def kinds(evidence: list[Evidence], kind: type[Evidence]) -> list[Evidence]:
    return [one for one in evidence if isinstance(one, kind)]


async def joined(bed: Bed, count: int, node: str = "web-1") -> list[Client]:
    """Return clients of one node that have heard its listeners and said so."""
    clients = [bed.client() for _ in range(count)]
    for client in clients:
        await client.ask(LISTENER, node=put_text(1, node))
        heard = await client.hear()
        await client.ask(LISTENER, nonce=heard.nonce, version=heard.version)
    return clients


async def test_all_workers_serve_and_many_streams_are_one_device() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        clients = await joined(bed, 12)
        await eventually(lambda: bed.pool.open_streams == 12)
        holding = bed.pool._hearing._gathering._nodes["web-1"].held
        assert len(holding) == 2, "the kernel gave all connections to one worker"
        assert len(kinds(bed.evidence, Connected)) == 1
        bed.pool.publish("web-1", NEWER)
        for client in clients:
            heard = await client.hear()
            assert heard.version == NEWER.version(LISTENER)
            await client.ask(LISTENER, nonce=heard.nonce, version=heard.version)
        acked = Acked(bed.evidence[0].device, LISTENER, NEWER.version(LISTENER), 0.0, 1)
        await eventually(
            lambda: len([e for e in kinds(bed.evidence, Acked) if _same(e, acked)]) == 12
        )
        for client in clients:
            client.call.cancel()
        await eventually(lambda: bed.pool.open_streams == 0)
        assert len(kinds(bed.evidence, Disconnected)) == 1
        assert isinstance(bed.evidence[-1], Disconnected)


def _same(one: Evidence, other: Acked) -> bool:
    return isinstance(one, Acked) and (one.type, one.version) == (other.type, other.version)


async def test_a_killed_worker_is_replaced_knows_everything_and_sends_nothing_twice() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        bed.pool.publish("web-1", NEWER)
        pids = bed.pool.pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: len(bed.pool.pids) == 2 and not set(bed.pool.pids) & set(pids))
        assert bed.pool.restarts == 2
        bed.evidence.clear()
        client = bed.client()  # it comes back with what it had
        await client.ask(LISTENER, version=NEWER.version(LISTENER), node=put_text(1, "web-1"))
        await eventually(lambda: kinds(bed.evidence, Acked))
        assert [e.written for e in bed.evidence if isinstance(e, Acked)] == [0]
        assert kinds(bed.evidence, Offered) == []
        [connected] = kinds(bed.evidence, Connected)
        assert isinstance(connected, Connected)
        assert "unknown" not in connected.detail


async def test_what_is_withdrawn_is_told_to_nobody() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        bed.pool.withdraw("web-1")
        client = bed.client()
        await client.ask(LISTENER)
        with pytest.raises(TimeoutError):
            await client.hear(0.3)


# The second is what grpc.aio says of a call that ends while its client is writing.
_REFUSED = {"RESOURCE_EXHAUSTED", "INTERNAL"}


async def _end(client: Client) -> tuple[str, str]:
    """Return how a stream ended; a client learns it when it has read what came before."""
    with suppress(grpc.aio.AioRpcError):
        while await client.call.read() is not grpc.aio.EOF:
            pass
    return await client.ended()


async def test_a_node_has_no_more_streams_at_all_workers_than_at_one() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        most = bed.settings.limits.streams
        clients = [bed.client() for _ in range(most + 16)]
        for client in clients:
            with suppress(
                asyncio.InvalidStateError, grpc.aio.AioRpcError
            ):  # it was refused already
                await client.ask(LISTENER)
        ends = [asyncio.create_task(_end(client)) for client in clients]
        await eventually(lambda: sum(end.done() for end in ends) >= 16)
        results = [end.result() for end in ends if end.done()]
        assert len(results) == 16
        assert {status for status, _ in results} <= _REFUSED
        assert any("node ids must be unique" in text for _, text in results)
        assert bed.pool.open_streams == most
        for end in ends:
            end.cancel()


async def test_all_nodes_have_no_more_streams_at_all_workers_than_at_one() -> None:
    async with workers(max_streams=70) as bed:
        clients = [bed.client() for _ in range(100)]
        for number, client in enumerate(clients):
            with suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):
                await client.ask(LISTENER, node=put_text(1, f"web-{number}"))
        ended = asyncio.gather(*(client.ended() for client in clients), return_exceptions=True)
        results = [found for found in await ended if not isinstance(found, BaseException)]
        assert {status for status, _ in results} <= _REFUSED
        assert 0 < len(results) == 100 - bed.pool.open_streams
        assert bed.pool.open_streams <= 70


async def test_stopping_sends_clients_elsewhere_and_leaves_no_process() -> None:
    async with workers() as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        [client] = await joined(bed, 1)
        pids = bed.pool.pids
        await bed.pool.stop(2.0)
        assert (await client.ended())[0] == "UNAVAILABLE"
        assert all(map(gone, pids))
        assert isinstance(bed.evidence[-1], Disconnected)
        assert bed.pool.restarts == 0


async def test_a_worker_that_hangs_does_not_outlive_the_pool() -> None:
    async with workers() as bed:
        [pid, _] = bed.pool.pids
        os.kill(pid, signal.SIGSTOP)
        await bed.pool.stop(0.1)
        assert gone(pid)


async def test_workers_speak_tls_and_nodes_are_who_their_certificates_say() -> None:
    tls, mine = credentials(trustme.CA(), common_name="web-1")
    async with workers(tls=tls) as bed:
        bed.pool.publish("web-1", SNAPSHOT)
        for node, status in (("web-1", ""), ("web-2", "PERMISSION_DENIED")):
            async with grpc.aio.secure_channel(f"localhost:{bed.port}", mine, _AS_NAMED) as channel:
                client = Client(channel)
                await client.ask(LISTENER, node=put_text(1, node))
                if status:
                    assert (await client.ended())[0] == status
                else:
                    assert set((await client.hear()).bodies) == {"a"}


_AS_NAMED = [("grpc.use_local_subchannel_pool", 1)]


async def test_a_port_in_use_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bed = Bed(2, port=taken.getsockname()[1])
        with pytest.raises(ListenError, match=r"127.0.0.1:.* in use"):
            await bed.pool.start()


async def test_two_pools_do_not_share_a_port() -> None:
    async with workers() as bed:
        with pytest.raises(ListenError):
            await Bed(2, port=bed.port).pool.start()


async def test_without_a_tcp_port_there_is_nothing_to_share(tmp_path: Path) -> None:
    bed = Bed(2, port=None, unix_socket=str(tmp_path / "s"))
    with pytest.raises(ListenError, match="share a TCP port"):
        await bed.pool.start()


def test_the_defaults_are_those_of_one_process() -> None:
    assert Bed(2).settings.limits == AdsSettings().limits
