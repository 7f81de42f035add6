from tests.conversations.xds.responses import endpoints, listener
from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import (
    COMMANDS,
    Allow,
    Body,
    Command,
    Drain,
    Drop,
    Listen,
    Pieces,
    Publish,
    Start,
    Withdraw,
)
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_CONTROLLER, Frames
from xds_server.snapshots.model import snapshot_of

START = Start("127.0.0.1", 1, 0.0, "", "", "")


def taken(feed: Feed, most: int = 1 << 20) -> list[Command]:
    frames = Frames(FROM_CONTROLLER).feed(b"".join(feed.take(most)))
    return [COMMANDS.decode(frame) for frame in frames]


def names(commands: list[Command]) -> list[str]:
    return [type(command).__name__ for command in commands]


def publish(catalogue: Catalogue, feed: Feed, node: str, variant: int) -> None:
    feed.changed(node, catalogue.publish(node, snapshot_of([endpoints("e", variant)])))


def test_a_new_worker_is_told_everything_and_listens_last() -> None:
    catalogue = Catalogue()
    for variant in (1, 2):
        catalogue.publish("web-1", snapshot_of([listener("a"), endpoints("e", variant)]))
    feed = Feed(catalogue)
    feed.say(START)
    start, *bodies, pieces, published, listen = taken(feed)
    assert start == START
    assert [type(body) for body in bodies] == [Body] * 3
    assert isinstance(pieces, Pieces)
    assert published == Publish(tuple(("web-1", n) for n in catalogue.history("web-1")))
    assert listen == Listen()
    assert taken(feed) == []


def test_nodes_that_share_a_snapshot_cost_a_row_each() -> None:
    catalogue = Catalogue()
    feed = Feed(catalogue)
    taken(feed)
    shared = snapshot_of([endpoints("e" * 1000)])
    for number in range(1000):
        feed.changed(f"web-{number}", catalogue.publish(f"web-{number}", shared))
    body, pieces, published = taken(feed)
    assert isinstance(body, Body)
    assert isinstance(pieces, Pieces)
    assert isinstance(published, Publish)
    assert len(published.nodes) == 1000


def test_a_slow_worker_is_told_the_latest_only() -> None:
    catalogue = Catalogue()
    feed = Feed(catalogue)
    taken(feed)
    for number in range(10):
        publish(catalogue, feed, "web-1", number)
    commands = taken(feed)
    assert names(commands) == ["Body", "Pieces", "Publish"]
    assert commands[2] == Publish((("web-1", catalogue.history("web-1")[-1]),))


def test_a_turn_ends_when_there_is_enough_and_goes_on_with_the_next_node() -> None:
    catalogue = Catalogue()
    feed = Feed(catalogue)
    taken(feed)
    for number in range(3):
        publish(catalogue, feed, f"web-{number}", number)
    told = [command for _ in range(3) for command in taken(feed, 100)]
    nodes = [one.nodes[0][0] for one in told if isinstance(one, Publish)]
    assert nodes == ["web-0", "web-1", "web-2"]
    assert taken(feed) == []


def test_what_is_needed_no_more_is_dropped_if_it_was_told() -> None:
    catalogue = Catalogue()
    feed, behind = Feed(catalogue), Feed(catalogue)
    first = snapshot_of([endpoints("e")])
    gone: list[int] = []
    for known in (feed, behind):
        known.changed("web-1", gone)
    catalogue.publish("web-1", first)
    taken(feed)
    gone = catalogue.withdraw("web-1")
    for known in (feed, behind):
        known.changed("web-1", gone)
    assert taken(feed) == [Drop(tuple(sorted(gone))), Withdraw(("web-1",))]
    assert names(taken(behind)) == ["Withdraw", "Listen"]
    assert feed._held == behind._held == set()


def test_orders_go_before_content() -> None:
    catalogue = Catalogue()
    feed = Feed(catalogue)
    taken(feed)
    publish(catalogue, feed, "web-1", 1)
    feed.say(Allow("web-1", 2))
    feed.say(Drain(1.0))
    assert names(taken(feed)) == ["Allow", "Drain", "Body", "Pieces", "Publish"]
