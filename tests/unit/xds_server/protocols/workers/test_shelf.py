import pytest

from tests.conversations.xds.responses import endpoints, listener
from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import COMMANDS, Body, Drop, Pieces, Publish
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_CONTROLLER, FrameError, Frames
from xds_server.protocols.workers.shelf import Shelf
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of


def fed(shelf: Shelf, feed: Feed) -> list[tuple[str, Snapshot]]:
    published: list[tuple[str, Snapshot]] = []
    for frame in Frames(FROM_CONTROLLER).feed(b"".join(feed.take())):
        match COMMANDS.decode(frame):
            case Body() as told:
                shelf.body(told)
            case Pieces() as told:
                shelf.pieces(told)
            case Drop() as told:
                shelf.drop(told)
            case Publish() as told:
                published += shelf.published(told)
    return published


def test_snapshots_arrive_whole_and_what_is_equal_is_one_object() -> None:
    odd = Resource("t", "odd", b"", "v7", "f.yaml:1", ("x",), 2.5, True)
    snapshot = snapshot_of([listener("a"), endpoints("b"), odd])
    other = snapshot_of([listener("a"), endpoints("b", 2)], {endpoints("b").type_url: "7"})
    catalogue, shelf = Catalogue(), Shelf()
    catalogue.publish("web-1", snapshot)
    catalogue.publish("web-2", snapshot_of(snapshot.of("t").values()))
    catalogue.publish("web-3", snapshot)
    catalogue.publish("web-4", other)
    found = dict(fed(shelf, Feed(catalogue)))
    assert found["web-1"] == snapshot
    assert found["web-1"].versions == snapshot.versions
    assert found["web-4"] == other
    assert found["web-4"].versions == other.versions
    assert found["web-3"] is found["web-1"]
    url = listener("a").type_url
    assert found["web-4"].of(url) is found["web-1"].of(url)


def test_what_is_dropped_is_gone_but_not_from_whom_it_was_given() -> None:
    catalogue, shelf = Catalogue(), Shelf()
    feed = Feed(catalogue)
    feed.changed("web-1", catalogue.publish("web-1", snapshot_of([listener("a")])))
    [(_, given)] = fed(shelf, feed)
    assert len(shelf) == 4
    feed.changed("web-1", catalogue.withdraw("web-1"))
    fed(shelf, feed)
    assert len(shelf) == 0
    assert given == snapshot_of([listener("a")])


@pytest.mark.parametrize(
    "told",
    [
        Pieces(((2, "t", "a", "v", "", (), 0.0, False, 1),), (), ()),
        Pieces((), ((3, "t", "v", "", (2,)),), ()),
        Pieces((), (), ((4, (3,), ()),)),
    ],
)
def test_a_piece_without_what_it_needs_is_refused(told: Pieces) -> None:
    with pytest.raises(FrameError, match="is not here"):
        Shelf().pieces(told)


def test_a_snapshot_that_was_never_told_is_refused() -> None:
    with pytest.raises(FrameError, match="snapshot 4 is not here"):
        Shelf().published(Publish((("web-1", 4),)))
