import pytest

from tests.conversations.xds.responses import delta_request, listener, read, sotw_request
from xds_server.protocols.xds.ads import Dialect, Limits, XdsStream
from xds_server.protocols.xds.effects import Close, Send
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import CLUSTER, LISTENER, SECRET
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, Disconnected, Warned
from xds_server.snapshots.model import Resource, snapshot_of

DEVICE = Device(DeviceKind.PROXY, "web-1")
PEER = Peer("10.0.0.1:5")
SNAPSHOT = snapshot_of([listener("a")])


def join(fleet: Fleet, peer: Peer = PEER) -> tuple[XdsStream, list]:
    stream = XdsStream(Dialect.SOTW)
    return stream, fleet.receive(stream, peer, sotw_request(LISTENER), 1.0)


def test_a_known_node_is_told_at_once() -> None:
    fleet = Fleet()
    assert fleet.publish("web-1", SNAPSHOT, 0.0) == []
    _, effects = join(fleet)
    assert effects[0] == Connected(DEVICE, 1.0, "tester 1, sotw, 10.0.0.1:5")
    [sent] = [e for e in effects if isinstance(e, Send)]
    assert set(read(sent.data, Dialect.SOTW).bodies) == {"a"}
    assert fleet.snapshot("web-1") is SNAPSHOT


def test_an_unknown_node_waits_until_something_is_published() -> None:
    fleet = Fleet()
    stream, [connected] = join(fleet)
    assert "unknown node" in connected.detail
    [(told, effects)] = fleet.publish("web-1", SNAPSHOT, 2.0)
    assert told is stream
    assert isinstance(effects[0], Connected)
    assert "unknown" not in effects[0].detail
    assert any(isinstance(e, Send) for e in effects)


@pytest.mark.parametrize(
    ("agent", "version", "old"),
    [
        ("envoy", "1.38.3", True),
        ("envoy", "1.39.1", False),
        ("envoy", "2.0.0", False),
        ("envoy", "custom", False),
        ("gRPC C-core", "1.38.0", False),
    ],
)
def test_an_envoy_that_reads_headers_otherwise_is_said_to(
    agent: str, version: str, old: bool
) -> None:
    fleet = Fleet()
    fleet.publish("web-1", SNAPSHOT, 0.0)
    node = put_text(1, "web-1") + put_text(6, agent) + put_text(7, version)
    stream = XdsStream(Dialect.SOTW)
    connected, *_ = fleet.receive(stream, PEER, sotw_request(LISTENER, node=node), 1.0)
    assert ("use 1.39.1" in connected.detail) == old


def test_two_streams_are_one_device() -> None:
    fleet = Fleet()
    one, _ = join(fleet)
    two, [doubled] = join(fleet, Peer("10.0.0.2:6"))
    assert isinstance(doubled, Warned)
    assert "2 clients call themselves web-1 (10.0.0.1:5, 10.0.0.2:6)" in doubled.warning
    assert len(fleet.publish("web-1", SNAPSHOT, 2.0)) == 2
    assert fleet.connected() == (DEVICE,)
    assert fleet.leave(one, 3.0) == [Warned(DEVICE, 3.0, "", doubled.topic)]
    assert fleet.leave(two, 4.0, "why") == [Disconnected(DEVICE, 4.0, "why")]
    assert fleet.leave(two, 5.0) == []
    assert fleet.connected() == ()


def test_streams_of_one_type_each_are_one_client() -> None:
    fleet = Fleet()
    for url in (LISTENER, CLUSTER):
        stream = XdsStream(Dialect.SOTW, url)
        effects = fleet.receive(stream, PEER, sotw_request(url), 1.0)
        assert not [e for e in effects if isinstance(e, Warned)]


def test_every_change_of_a_nodes_streams_is_counted() -> None:
    counted: list[tuple[str, int]] = []
    fleet = Fleet(lambda node, streams: counted.append((node, streams)))
    one, _ = join(fleet)
    two, _ = join(fleet)
    fleet.leave(one, 2.0)
    fleet.leave(one, 2.0)
    fleet.leave(two, 2.0)
    assert counted == [("web-1", 1), ("web-1", 2), ("web-1", 1), ("web-1", 0)]


def test_a_node_may_be_allowed_fewer_streams_and_the_youngest_end() -> None:
    fleet = Fleet()
    join(fleet)
    young, _ = join(fleet)
    assert fleet.allow("web-1", 1) == [young]
    fleet.leave(young, 2.0)
    _, [refused] = join(fleet)
    assert isinstance(refused, Close)
    assert fleet.allow("web-1", None) == []
    _, effects = join(fleet)
    assert not any(isinstance(effect, Close) for effect in effects)


def test_others_are_not_told() -> None:
    fleet = Fleet()
    join(fleet)
    assert fleet.publish("web-2", SNAPSHOT, 2.0) == []


def test_a_certificate_speaks_for_its_nodes_only() -> None:
    fleet = Fleet()
    fleet.publish("web-1", SNAPSHOT, 0.0)
    stream, [close] = join(fleet, Peer("", frozenset({"web-2"})))
    assert (close.status, stream.node) == ("PERMISSION_DENIED", None)
    assert fleet.leave(stream, 2.0) == []
    _, effects = join(fleet, Peer("", frozenset({"web-1"})))
    assert any(isinstance(e, Send) for e in effects)


def test_over_so_many_names_a_client_cannot_say_that_it_holds() -> None:
    fleet = Fleet()
    for most, refused in ((1, True), (2, False)):
        stream = XdsStream(Dialect.DELTA, limits=Limits(names=most))
        request = delta_request(LISTENER, initial={"a": "1", "b": "2"})
        closed = [e for e in fleet.receive(stream, PEER, request, 1.0) if isinstance(e, Close)]
        assert [close.status for close in closed] == ["RESOURCE_EXHAUSTED"] * refused
        fleet.leave(stream, 2.0)


def test_clients_that_hold_the_same_share_what_is_known_of_them() -> None:
    fleet = Fleet()
    known = []
    for node, initial in (("n1", {"a": "1", "b": "2"}), ("n2", {"b": "2", "a": "1"})):
        stream = XdsStream(Dialect.DELTA)
        said = delta_request(LISTENER, initial=initial, node=put_text(1, node))
        fleet.receive(stream, PEER, said, 1.0)
        known += [watch.known for watch in stream.watches]
    assert known[0] is known[1]
    assert known[0] == {"a": "1", "b": "2"}


def test_bad_first_messages_end_the_stream() -> None:
    fleet = Fleet()
    for data in (b"\xff", put_text(4, LISTENER), sotw_request(LISTENER, node=b"\xff")):
        [close] = fleet.receive(XdsStream(Dialect.SOTW), Peer(), data, 1.0)
        assert isinstance(close, Close)
        assert close.status == "INVALID_ARGUMENT"


def test_withdrawn_nodes_keep_what_they_have() -> None:
    fleet = Fleet()
    fleet.publish("web-1", SNAPSHOT, 0.0)
    join(fleet)
    fleet.withdraw("web-1")
    assert fleet.snapshot("web-1") is None
    _, effects = join(fleet)
    assert [e for e in effects if isinstance(e, Send)] == []


@pytest.mark.parametrize("dialect", Dialect)
def test_a_version_that_two_nodes_share_does_not_mix_up_their_contents(dialect: Dialect) -> None:
    fleet, given = Fleet(), {LISTENER: "1"}
    request = sotw_request if dialect is Dialect.SOTW else delta_request
    for node in ("web-1", "web-2"):
        fleet.publish(node, snapshot_of([listener(node)], given), 0.0)
    for node in ("web-1", "web-2"):
        first = request(LISTENER, node=put_text(1, node))
        effects = fleet.receive(XdsStream(dialect), PEER, first, 1.0)
        [sent] = [e for e in effects if isinstance(e, Send)]
        said = read(sent.data, dialect)
        assert set(said.bodies) == {node}
        assert said.version == "1"


def test_secrets_are_only_sent_where_nobody_else_hears_them() -> None:
    fleet = Fleet()
    fleet.publish("web-1", snapshot_of([Resource(SECRET, "s", b"hush")]), 0.0)
    asked = delta_request(SECRET, ("s",))
    told = {}
    for peer in (PEER, Peer("10.0.0.1:6", private=True)):
        effects = fleet.receive(XdsStream(Dialect.DELTA), peer, asked, 1.0)
        [sent] = [e for e in effects if isinstance(e, Send)]
        told[peer.private] = read(sent.data, Dialect.DELTA)
        warned = [e.warning for e in effects if isinstance(e, Warned) and e.topic == "secrets"]
        assert len(warned) == 1
        assert ("--tls-ca" in warned[0]) is not peer.private, "and it is over when that is mended"
    assert told[False].removed == ("s",), "as if there were none"
    assert told[True].bodies == {"s": b"hush"}


def test_another_nodes_secret_is_answered_as_a_missing_one() -> None:
    fleet, answers = Fleet(), []
    fleet.publish("web-2", snapshot_of([Resource(SECRET, "theirs", b"hush")]), 0.0)
    fleet.publish("web-1", snapshot_of([Resource(SECRET, "own", b"mine")]), 0.0)
    for name in ("theirs", "nobodys"):
        stream, peer = XdsStream(Dialect.DELTA), Peer(private=True)
        effects = fleet.receive(stream, peer, delta_request(SECRET, (name,)), 1.0)
        [sent] = [e for e in effects if isinstance(e, Send)]
        said = read(sent.data, Dialect.DELTA)
        answers.append((said.bodies, said.errors, said.version, said.removed == (name,)))
    assert answers[0] == answers[1]
    assert answers[0][0] == {}


def test_a_certificates_identity_is_told_with_the_connection() -> None:
    uri = "spiffe://example.org/proxy/web-1"
    _, effects = join(Fleet(), Peer("", frozenset({uri, "web-1"})))
    [connected] = [e for e in effects if isinstance(e, Connected)]
    assert connected.identity == uri


def test_a_revoked_secret_is_not_kept_for_the_sake_of_an_unanswered_listener() -> None:
    fleet, stream, peer = Fleet(), XdsStream(Dialect.SOTW), Peer(private=True)

    def publish(*secrets: Resource) -> list[Send]:
        told = fleet.publish("web-1", snapshot_of([listener("a"), *secrets]), 1.0)
        return [e for _, effects in told for e in effects if isinstance(e, Send)]

    old, kept = (Resource(SECRET, name, put_text(1, name)) for name in ("old", "kept"))
    publish(old, kept)
    fleet.receive(stream, peer, sotw_request(LISTENER), 1.0)
    asked = sotw_request(SECRET, ("old", "kept"))
    [sent] = [e for e in fleet.receive(stream, peer, asked, 1.0) if isinstance(e, Send)]
    answer = sotw_request(SECRET, ("old", "kept"), nonce=read(sent.data, Dialect.SOTW).nonce)
    fleet.receive(stream, peer, answer, 1.0)
    [after] = publish(kept)
    assert set(read(after.data, Dialect.SOTW).bodies) == {"kept"}
