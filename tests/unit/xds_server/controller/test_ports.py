import inspect

import pytest

from xds_server.controller import ports
from xds_server.southbound.grpc_ads import AdsServer
from xds_server.southbound.openflow_tcp import OpenFlowServer
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.store.repository import SqlRepository


@pytest.mark.parametrize(
    ("port", "adapter"),
    [
        (ports.Repository, SqlRepository),
        (ports.Proxies, AdsServer),
        (ports.Bridges, OpenFlowServer),
        (ports.Databases, OvsdbServer),
    ],
)
def test_the_adapters_take_what_the_controller_gives(port: type, adapter: type) -> None:
    asked = {name: f for name, f in vars(port).items() if inspect.isfunction(f) and name[0] != "_"}
    assert asked
    for name, function in asked.items():
        wanted = list(inspect.signature(function).parameters)
        offered = inspect.signature(getattr(adapter, name)).parameters
        assert list(offered)[: len(wanted)] == wanted, name
        optional = list(offered.values())[len(wanted) :]
        assert all(parameter.default is not parameter.empty for parameter in optional)
