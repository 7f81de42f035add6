import pytest

from xds_server.api.listen import bound
from xds_server.controller.errors import MachineError


def test_a_free_port_is_chosen() -> None:
    with bound("127.0.0.1", 0) as socket:
        assert socket.getsockname()[1] > 0


def test_a_port_in_use_is_one_sentence() -> None:
    with bound("127.0.0.1", 0) as socket:
        socket.listen()
        port = socket.getsockname()[1]
        with pytest.raises(MachineError, match=r"API: the port is in use.* another with --api$"):
            bound("127.0.0.1", port)
        with pytest.raises(MachineError, match=r"probes: the port is in use.* with --health$"):
            bound("127.0.0.1", port, "probes", "--health")


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(MachineError, match="no such address"):
        bound("192.0.2.1", 0)
