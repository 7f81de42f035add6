from dataclasses import replace

from xds_server.controller.values import ChangeKind, ObjectChange, StoredObject
from xds_server.store.chain import GENESIS, link

KEPT = StoredObject("host/h", "Host", "", "h", "a.yaml", 1, "text")
CHANGE = ObjectChange(ChangeKind.ADDED, KEPT)


def test_a_link_depends_on_everything_in_it() -> None:
    links = {
        link(GENESIS, 1, "a", "m", 1.0, [CHANGE]),
        link("1" * 64, 1, "a", "m", 1.0, [CHANGE]),
        link(GENESIS, 2, "a", "m", 1.0, [CHANGE]),
        link(GENESIS, 1, "b", "m", 1.0, [CHANGE]),
        link(GENESIS, 1, "a", "n", 1.0, [CHANGE]),
        link(GENESIS, 1, "a", "m", 2.0, [CHANGE]),
        link(GENESIS, 1, "a", "m", 1.0, []),
        link(GENESIS, 1, "a", "m", 1.0, [replace(CHANGE, change=ChangeKind.REMOVED)]),
        link(GENESIS, 1, "a", "m", 1.0, [replace(CHANGE, object=replace(KEPT, source="x"))]),
    }
    assert len(links) == 9


def test_a_link_is_the_same_wherever_it_is_computed() -> None:
    assert link(GENESIS, 1, "a", "m", 1.0, [CHANGE]) == link(GENESIS, 1, "a", "m", 1.0, [CHANGE])
