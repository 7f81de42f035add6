from tests.conversations.xds.responses import delta_request, sotw_request
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.subscription import NOTHING_ASKED


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


def test_names_that_come_again_are_read_once() -> None:
    shared = Shared()
    asked = ("service-a", "service-b")
    first, again = (shared.sotw.read(sotw_request(CLUSTER, asked, nonce=n)) for n in ("1", "2"))
    assert (first.nonce, again.nonce) == ("1", "2")
    assert first.names == again.names == asked
    assert again.names[0] is first.names[0]
