"""What health checks find reaches the proxies that have the endpoint, and moves nobody else."""

from dataclasses import replace

from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.core.v3 import HealthStatus
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment

from tests.conversations.controller.script import BRIDGE, PROXY, Conversation, program
from tests.unit.xds_server.protocols.reports.test_marking import assignment
from translators.envoy.clusters import ADS
from translators.envoy.encode import encode
from xds_server.controller.marks import told
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import Diagnosed, Event, PublishProxy
from xds_server.controller.targets import Targets
from xds_server.protocols.reports.health import Checked
from xds_server.protocols.reports.marking import marked
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

SICK = frozenset({Checked("shop", "10.0.0.1", 80)})
WELL: frozenset[Checked] = frozenset()
GUEST = Device(DeviceKind.PROXY, "guest")


def shop(*numbers: int) -> Snapshot:
    """A cluster, and its endpoints 10.0.0.N."""
    source = ClusterEdsClusterConfig(eds_config=ADS)
    cluster = Cluster(name="shop", type=ClusterDiscoveryType.EDS, eds_cluster_config=source)
    members = assignment(*((number, HealthStatus(0)) for number in numbers))
    return snapshot_of(
        [
            Resource(CLUSTER, "shop", encode(cluster)),
            Resource(ENDPOINT, "shop", encode(members)),
        ]
    )


BOTH, OTHER = shop(1, 2), shop(2)


class Talk(Conversation):
    """A conversation whose words are: which proxy is told, and whether anything is marked."""

    def __rshift__(self, event: Event) -> list[str]:
        self.now = event.at
        self.state, effects = reconcile(self.state, event)
        sent = [one for one in effects if isinstance(one, PublishProxy)]
        return [f"{one.node} {'marked' if _has_marks(one.snapshot) else 'plain'}" for one in sent]

    def find(self, unhealthy: frozenset[Checked]) -> list[str]:
        return self >> Diagnosed(unhealthy, self.now + 1)

    def ack_all(self, device: Device = PROXY) -> list[str]:
        words = []
        for kind, one in self.state.status.of(device).types.items():
            if one.wanted:
                words += self >> Acked(device, kind, one.wanted, self.now)
        return words


def _has_marks(snapshot: Snapshot) -> bool:
    found = ClusterLoadAssignment.parse(snapshot.of(ENDPOINT)["shop"].body).endpoints
    members = [member for locality in found for member in locality.lb_endpoints]
    return any(member.health_status is HealthStatus.UNHEALTHY for member in members)


def hosts(one: Snapshot, two: Snapshot) -> Targets:
    return Targets({"host1": one, "host2": two}, {"host1": program(1)})


def running() -> Talk:
    """Revision 1 runs: host1 has the endpoint that will be sick, host2 has not."""
    talk = Talk()
    talk.commit(1, hosts(BOTH, OTHER))
    talk.connect(PROXY, BRIDGE, Device(DeviceKind.PROXY, "host2"))
    talk.ack_all()
    talk.ack_all(Device(DeviceKind.PROXY, "host2"))
    talk.ack_bridge()
    assert talk.state.acked
    return talk


def test_who_has_the_endpoint_is_told_and_is_synced_again_after_its_word() -> None:
    talk = running()
    assert talk.find(SICK) == ["host1 marked"]
    assert not talk.state.status.of(PROXY).synced
    assert not talk.state.rollouts, "bridges have no part in it"
    assert talk.ack_all() == []
    assert talk.state.status.of(PROXY).synced
    assert talk.find(WELL) == ["host1 plain"]
    assert not talk.state.status.of(PROXY).synced
    talk.ack_all()
    assert talk.state.status.of(PROXY).synced
    assert talk.state.acked, "the revision holds all the time"


def test_what_is_found_again_tells_nobody() -> None:
    talk = running()
    talk.find(SICK)
    assert talk.find(SICK) == []
    assert (
        talk.find(SICK | {Checked("shop", "10.0.0.9", 80), Checked("bank", "10.0.0.1", 80)}) == []
    )


def test_a_revision_that_comes_later_is_told_with_the_marks_that_hold() -> None:
    talk = running()
    talk.find(SICK)
    talk.ack_all()
    assert talk.commit(2, hosts(shop(1, 2, 3), OTHER)) == ["host1 marked"]
    assert talk.state.published["host1"] == shop(1, 2, 3), "what is compiled has no marks"
    assert told(talk.state, "host1") == marked(shop(1, 2, 3), SICK)
    wanted = talk.state.status.of(PROXY).types[ENDPOINT].wanted
    assert wanted == marked(shop(1, 2, 3), SICK).version(ENDPOINT)
    assert not talk.state.acked
    talk.ack_all()
    talk.ack_bridge()
    assert talk.state.acked
    assert talk.commit(3, hosts(shop(1, 2, 3), OTHER)) == [], "nothing is new"


def test_what_is_found_in_the_middle_of_a_rollout_holds_it_up_until_the_proxy_says_so() -> None:
    talk = running()
    more = replace(hosts(shop(1, 2, 3), OTHER), bridges={"host1": program(2)})
    assert talk.commit(2, more) == ["host1 plain"]
    wanted = talk.state.status.of(PROXY).types
    assert talk.find(SICK) == ["host1 marked"]
    for kind, one in wanted.items():
        talk >> Acked(PROXY, kind, one.wanted, talk.now)
    assert talk.state.programs["host1"] != program(2), "it has not said that it runs the marks"
    talk.ack_all()
    assert talk.state.programs["host1"] == program(2)


def test_a_guest_is_told_with_the_marks_when_it_comes_and_anew_when_they_change() -> None:
    talk = Talk()
    talk.commit(1, replace(hosts(OTHER, OTHER), others=BOTH))
    talk.find(SICK)
    assert talk >> Connected(GUEST, 5.0) == ["guest marked"]
    talk.ack_all(GUEST)
    assert talk.state.status.of(GUEST).synced
    assert talk.find(WELL) == ["guest plain"]


def test_proxies_that_share_what_they_have_share_it_marked() -> None:
    talk = running()
    talk.commit(2, hosts(BOTH, BOTH))
    talk.find(SICK)
    assert told(talk.state, "host1") is told(talk.state, "host2")


def test_a_proxy_that_does_not_ask_for_endpoints_owes_no_word_on_them() -> None:
    talk, alone = Talk(), snapshot_of([BOTH.of(ENDPOINT)["shop"]])
    talk.commit(1, hosts(alone, OTHER))
    talk.connect(PROXY)
    talk.ack_all()
    assert talk.find(SICK) == ["host1 marked"]
    assert talk.state.status.of(PROXY).synced
