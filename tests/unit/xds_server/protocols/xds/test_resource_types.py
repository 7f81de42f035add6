from xds_server.protocols.xds import resource_types as types
from xds_server.protocols.xds.resource_types import Tier, rank, tier


def test_what_is_referred_to_goes_first() -> None:
    order = sorted([types.ROUTE, types.LISTENER, "x/odd", types.ENDPOINT, types.CLUSTER], key=rank)
    assert order == [types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE, "x/odd"]


def test_tiers() -> None:
    assert tier(types.CLUSTER) is tier(types.ENDPOINT) is Tier.BACKEND
    routing = (types.LISTENER, types.ROUTE, types.SCOPED_ROUTE, types.VIRTUAL_HOST)
    assert {tier(url) for url in routing} == {Tier.ROUTING}
    assert {tier(url) for url in (types.SECRET, types.RUNTIME, "x/odd")} == {Tier.FREE}


def test_every_type_has_a_service() -> None:
    assert {url for url, _ in types.SERVICES.values()} == types.KNOWN_TYPES
