from tests.conversations.xds.responses import delta_request, sotw_request
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.protocols.xds.shared import Shared


def test_each_dialect_reads_its_own() -> None:
    shared = Shared()
    assert shared.sotw.read(sotw_request(CLUSTER, ("a",))).names == ("a",)
    assert shared.delta.read(delta_request(CLUSTER, ("a",))).subscribe == ("a",)
