from tests.conversations.xds.responses import cluster
from xds_server.protocols.xds.offer import Draft


def test_items_are_what_a_client_may_refuse() -> None:
    kept, new = cluster("kept"), cluster("new")
    draft = Draft({"gone": None, "kept": kept, "new": new}, (new,), "digest", "version", due=True)
    assert draft.items == {("new", new.version): new, ("gone", None): None}
