from tests.conversations.controller.script import LISTENER, snapshot
from xds_server.controller.rollout import united, wanted_versions

CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def test_the_union_has_all_names_and_prefers_what_is_new() -> None:
    both = united(snapshot("a", "b"), snapshot("b", "c"))
    assert list(both.of(LISTENER)) == ["a", "b", "c"]
    assert both.of(LISTENER)["b"] == snapshot("b").of(LISTENER)["b"]


def test_a_union_with_nothing_to_add_is_the_new_snapshot() -> None:
    assert united(snapshot("a", "b"), snapshot("a")).versions == snapshot("a", "b").versions


def test_an_emptied_type_has_to_be_acknowledged_too() -> None:
    empty = snapshot()
    assert wanted_versions(empty, None) == {}
    assert wanted_versions(empty, snapshot("a")) == {LISTENER: empty.version(LISTENER)}
    assert CLUSTER not in wanted_versions(empty, snapshot("a"))
