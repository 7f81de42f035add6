from tests.conversations.xds.responses import cluster, endpoints, route
from xds_server.protocols.xds.offer import Draft, Offer, Target, named
from xds_server.snapshots.model import snapshot_of


def test_forgetting_leaves_the_shared_content_alone() -> None:
    content = {"a": cluster("a"), "b": cluster("b")}
    draft = Draft(content, (), "digest", "version", due=True)
    offer = Offer("1", draft, "version", 1, 0.0, content)
    offer.forget({"none"})
    assert offer.content is content
    offer.forget({"a"})
    assert set(offer.content) == {"b"}
    assert set(content) == {"a", "b"}


def test_names_of_an_encoding() -> None:
    encoded = named({"gone": None, "new": endpoints("new")}, b"body")
    assert (encoded.present, encoded.absent) == (("new",), ("gone",))


def test_a_body_names_what_is_missing_as_a_whole_string() -> None:
    target = Target(1, snapshot_of(()), retain=False, missing=frozenset({"web"}))
    assert target.lacks_for(route("r", "web"))
    assert not target.lacks_for(route("r", "web-2"))
