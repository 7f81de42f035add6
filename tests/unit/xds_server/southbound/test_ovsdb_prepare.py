"""Where bridges are told to connect, and what they are set up with."""

from typing import cast

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from tests.unit.xds_server.southbound.test_ovsdb_write import AT, Database
from xds_server.southbound.ovsdb_prepare import Advertised, Preparation
from xds_server.southbound.ovsdb_session import OvsdbSession


def test_a_bridge_is_pointed_at_the_address_that_reaches_us() -> None:
    database = cast(OvsdbSession, Database())
    assert AT.to(database) == "tcp:192.0.2.1:6653"
    assert Advertised("0.0.0.0", 6653, tls=True).to(database) == "ssl:198.51.100.7:6653"
    assert Advertised("::1", 6653).to(database) == "tcp:[::1]:6653"
    assert Advertised("::", 1, target="tcp:lb:6653").to(database) == "tcp:lb:6653"
    local = Database()
    local.local_address = ""
    assert Advertised("::", 6653).to(cast(OvsdbSession, local)) == "tcp:127.0.0.1:6653"


def test_a_host_gets_the_tunnel_that_is_its_own() -> None:
    session = cast(OvsdbSession, Database())
    preparation = Preparation(AT, "geneve", {"host1": "fsdn-tun"})

    def made(host: str) -> list[str]:
        found = preparation.missing(session, BRIDGE, host)
        return [str(one["row"]["name"]) for one in found if one["table"] == "Port"]

    assert (made("host1"), made("host2")) == (["fsdn-tun"], [])
