import pytest
from envoy_data_plane.envoy.service.status.v3 import ClientStatusRequest, ClientStatusResponse
from envoy_data_plane.envoy.type.matcher.v3 import (
    NodeMatcher,
    RegexMatcher,
    StringMatcher,
    StructMatcher,
)

from tests.conversations.xds.responses import NODE, endpoints, listener, read, sotw_request
from xds_server.protocols.reports.clients import (
    Currency,
    Held,
    Holding,
    encode_status,
    holdings,
    merged_status,
    scan_asked,
)
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Effect, Send
from xds_server.protocols.xds.protobuf import MalformedError, put_text
from xds_server.protocols.xds.resource_types import LISTENER, SECRET
from xds_server.protocols.xds.wire import scan_node
from xds_server.snapshots.model import Resource, snapshot_of


def stream(*resources: Resource) -> XdsStream:
    found = XdsStream(Dialect.SOTW)
    found.identify(scan_node(NODE), 0.0)
    found.publish(snapshot_of(resources), 0.0)
    return found


def say(to: XdsStream, type_url: str, answer: list[Effect] | None = None, error=None, names=()):
    nonce, version = "", ""
    if answer is not None:
        sent = read(next(e.data for e in answer if isinstance(e, Send)), Dialect.SOTW)
        nonce, version = sent.nonce, sent.version
    return to.receive(to.decode(sotw_request(type_url, names, version, nonce, error)), 1.0)


def only(found: XdsStream) -> Held:
    (held,) = holdings(found)
    return held


def test_a_resource_from_sent_to_acknowledged_to_refused() -> None:
    client = stream(listener("a"))
    sent = say(client, LISTENER)
    assert (only(client).holding, only(client).currency) == (Holding.REQUESTED, Currency.STALE)
    say(client, LISTENER, sent)
    first = only(client)
    assert (first.holding, first.currency) == (Holding.ACKED, Currency.SYNCED)
    assert first.version == listener("a").version

    sent = client.publish(snapshot_of([listener("a", 1)]), 2.0)
    assert (only(client).holding, only(client).currency) == (Holding.ACKED, Currency.STALE)
    say(client, LISTENER, sent, "bad port")
    refused = only(client)
    assert (refused.holding, refused.error) == (Holding.NACKED, "bad port")
    assert (refused.version, refused.wanted) == (first.version, listener("a", 1))

    client.publish(snapshot_of([listener("a")]), 3.0)
    assert only(client).holding is Holding.ACKED


def test_what_was_asked_for_and_does_not_exist() -> None:
    client = stream()
    say(client, LISTENER, names=("gone",))
    assert (only(client).name, only(client).holding) == ("gone", Holding.ABSENT)


def test_the_answer_is_what_a_real_codec_reads() -> None:
    client = stream(listener("a"))
    say(client, LISTENER, say(client, LISTENER))
    answer = ClientStatusResponse.parse(encode_status([client], scan_asked(b"")))
    (config,) = answer.config
    assert config.node is not None
    assert (config.node.id, config.node.user_agent_name) == ("web-1", "tester")
    (one,) = config.generic_xds_configs
    assert one.xds_config is not None
    assert (one.name, one.xds_config.value) == ("a", listener("a").body)
    bare = encode_status(
        [client], scan_asked(bytes(ClientStatusRequest(exclude_resource_contents=True)))
    )
    assert listener("a").body not in bare


def test_a_refused_version_is_told_with_its_reason() -> None:
    client = stream(listener("a"))
    say(client, LISTENER, say(client, LISTENER), "bad port")
    answer = ClientStatusResponse.parse(encode_status([client], scan_asked(b"")))
    error = answer.config[0].generic_xds_configs[0].error_state
    assert error is not None
    assert (error.details, error.version_info) == ("bad port", listener("a").version)


def test_secrets_are_never_shown() -> None:
    client = stream(Resource(SECRET, "key", b"\x0a\x03key\x12\x07private"))
    sent = say(client, SECRET, names=("key",))
    say(client, SECRET, sent, names=("key",))
    told = encode_status([client], scan_asked(b""))
    assert b"key" in told
    assert b"private" not in told


@pytest.mark.parametrize(
    ("matcher", "covered"),
    [
        (StringMatcher(exact="web-1"), True),
        (StringMatcher(exact="web"), False),
        (StringMatcher(prefix="web"), True),
        (StringMatcher(suffix="-2"), False),
        (StringMatcher(contains="EB", ignore_case=True), True),
        (StringMatcher(contains="EB"), False),
    ],
)
def test_nodes_are_matched_by_id(matcher: StringMatcher, covered: bool) -> None:
    asked = scan_asked(bytes(ClientStatusRequest(node_matchers=[NodeMatcher(node_id=matcher)])))
    assert asked.covers("web-1") is covered
    client = stream(endpoints("e"))
    assert bool(encode_status([client], asked)) is covered


@pytest.mark.parametrize(
    "matcher",
    [
        NodeMatcher(),
        NodeMatcher(node_id=StringMatcher(safe_regex=RegexMatcher(regex="(a+)+"))),
        NodeMatcher(node_id=StringMatcher(exact="a"), node_metadatas=[StructMatcher()]),
    ],
)
def test_matchers_that_are_not_evaluated_are_refused(matcher: NodeMatcher) -> None:
    with pytest.raises(MalformedError, match="match"):
        scan_asked(bytes(ClientStatusRequest(node_matchers=[matcher])))


def test_answers_of_several_servers_are_one_with_each_node_once() -> None:
    def told(*nodes: str) -> bytes:
        streams = []
        for node in nodes:
            streams.append(stream(listener("a")))
            streams[-1].identify(scan_node(put_text(1, node)), 0.0)
            say(streams[-1], LISTENER)
        return encode_status(streams, scan_asked(b""))

    merged = merged_status([told("web-2", "web-1"), told(), told("web-3", "web-2")])
    answer = ClientStatusResponse.parse(merged)
    found = {one.node.id: len(one.generic_xds_configs) for one in answer.config if one.node}
    assert list(found.items()) == [("web-1", 1), ("web-2", 2), ("web-3", 1)]
    assert merged_status([told("web-1")]) == told("web-1")
