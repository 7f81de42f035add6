import pytest

from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_callers import Callers, refuse


class AbortedError(Exception):
    pass


class Call:
    """What grpc.aio gives a handler, as far as callers are concerned."""

    def __init__(self, name: str = "", peer: str = "ipv4:10.0.0.1:1") -> None:
        self._name, self._peer = name, peer

    def peer(self) -> str:
        return self._peer

    def auth_context(self) -> dict[str, list[bytes]]:
        return {"x509_subject_alternative_name": [self._name.encode()]}

    async def abort(self, code: object, text: str) -> None:
        raise AbortedError(f"{code} {text}")


PROXY, OPERATOR = Call("spiffe://net/proxy/web-1"), Call("spiffe://net/operator/ann")


def test_a_proxy_sees_itself_and_an_operator_everyone() -> None:
    callers = Callers(verified=True)
    assert callers.sees(PROXY) == {"web-1", "spiffe://net/proxy/web-1"}
    assert callers.sees(OPERATOR) is None
    assert callers.sees(Call(peer="unix:")) is None
    assert Callers().sees(PROXY) is None


async def test_a_proxy_speaks_for_itself_alone() -> None:
    callers = Callers(verified=True)
    await callers.check_speaker(PROXY, "web-1")
    with pytest.raises(AbortedError, match="PERMISSION_DENIED"):
        await callers.check_speaker(PROXY, "web-2")
    with pytest.raises(AbortedError, match="names no node"):
        await Callers().check_speaker(PROXY, "")


async def test_the_server_itself_is_for_operators() -> None:
    callers = Callers(verified=True)
    await callers.check_operator(OPERATOR)
    await Callers().check_operator(PROXY)
    with pytest.raises(AbortedError, match="for operators"):
        await callers.check_operator(PROXY)


async def test_a_malformed_message_is_the_clients_fault() -> None:
    with pytest.raises(AbortedError, match="INVALID_ARGUMENT the message is malformed: why"):
        await refuse(PROXY, MalformedError("why"))
