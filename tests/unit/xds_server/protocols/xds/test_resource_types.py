from xds_server.protocols.xds import resource_types as types
from xds_server.protocols.xds.resource_types import rank


def test_what_is_referred_to_goes_first() -> None:
    order = sorted([types.ROUTE, types.LISTENER, "x/odd", types.ENDPOINT, types.CLUSTER], key=rank)
    assert order == [types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE, "x/odd"]


def test_what_refers_to_others_is_sent_after_them() -> None:
    assert {types.CLUSTER, types.ENDPOINT} == types.BACKENDS
    routing = {types.LISTENER, types.ROUTE, types.SCOPED_ROUTE, types.VIRTUAL_HOST}
    assert routing == types.ROUTINGS
    assert max(map(rank, types.BACKENDS)) < min(map(rank, types.ROUTINGS))


def test_every_type_has_a_service() -> None:
    assert {url for url, _ in types.SERVICES.values()} == types.KNOWN_TYPES
