from tests.unit.xds_server.southbound.worker_pools import reports
from xds_server.southbound.grpc_callers import Callers
from xds_server.southbound.grpc_csds import ClientStatus
from xds_server.southbound.grpc_services import services


def test_every_service_is_there_once() -> None:
    found = services(ClientStatus(tuple, Callers()), reports(), Callers(), lambda: 0.0)
    assert len({type(one) for one in found}) == len(found) == 7
