from tests.conversations.xds.responses import cluster, delta_request, sotw_request
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.subscription import NOTHING_ASKED
from xds_server.snapshots.model import snapshot_of


def test_each_dialect_reads_its_own() -> None:
    shared = Shared()
    assert shared.sotw.read(sotw_request(CLUSTER, ("a",))).names == ("a",)
    assert shared.delta.read(delta_request(CLUSTER, ("a",))).subscribe == ("a",)


def test_who_asks_for_the_same_gets_the_same_object() -> None:
    shared = Shared()
    asked = shared.stated(NOTHING_ASKED, ("a", "b"), False)
    assert asked == NOTHING_ASKED.stated(("a", "b"), legacy=False)
    assert shared.stated(NOTHING_ASKED, ("b", "a"), False) is asked
    assert shared.ask(NOTHING_ASKED.changed(("a", "b"), ())) is asked
    assert shared.stated(asked, (), True) == asked.stated((), legacy=True)
    assert shared.stated(NOTHING_ASKED, (), True).wildcard
    assert shared.stated(NOTHING_ASKED, (), False).empty


def test_what_changed_is_looked_for_once() -> None:
    shared = Shared()
    before, now = snapshot_of([cluster("a")]), snapshot_of([cluster("a", 2)])
    assert shared.changed(before, now) == (CLUSTER,)
    assert shared.changed(before, now) is shared.changed(before, now)
