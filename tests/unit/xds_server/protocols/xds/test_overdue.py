from xds_server.protocols.xds.overdue import forgiven, silent
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.evidence import Device, DeviceKind

DEVICE = Device(DeviceKind.PROXY, "web-1")


def test_a_warning_and_its_end_have_one_topic() -> None:
    said = silent(DEVICE, CLUSTER, "v1", 20.0, 5.0)
    assert said.warning.startswith("web-1 has not answered Cluster version v1 for 20 s;")
    over = forgiven(DEVICE, CLUSTER, 6.0)
    assert (over.warning, over.topic) == ("", said.topic)
