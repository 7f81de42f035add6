import pytest

from tests.conversations.xds.responses import cluster
from xds_server.protocols.xds.refusal import culprit, refusal


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("Error adding/updating cluster(s) web: bad lb policy", "web"),
        ("Error adding/updating cluster(s) web-v2: bad lb policy", "web-v2"),
        ("Error adding/updating cluster(s) web: no, api: no", ""),
        ("Proto constraint validation failed (Cluster.Name: too short)", ""),
        ("webs and apis are fine", ""),
    ],
)
def test_the_name_must_be_the_only_one(reason: str, name: str) -> None:
    assert culprit(reason, ["api", "web", "web-v2"]) == name


def test_a_lone_resource_is_to_blame_whatever_is_said() -> None:
    assert culprit("something is wrong", ["web"]) == "web"


def test_a_refusal_carries_the_origin() -> None:
    found = refusal("cluster web: no", {"web": cluster("web"), "api": cluster("api")})
    assert (found.resource, found.origin) == ("web", "shop.yaml:3")


def test_words_of_clients_are_bounded_and_printable() -> None:
    assert refusal("", {}).reason == "rejected without a reason"
    assert refusal("a\nb\x1b[31m", {}).reason == "a b [31m"
    assert len(refusal("x" * 9999, {}).reason) == 2000


def test_equal_words_of_a_fleet_are_cleaned_once_and_kept_bounded() -> None:
    first, again = (refusal("no\n" * 9999 + tail, {}).reason for tail in ("one", "another"))
    assert len(first) == 2000
    assert again is first


def test_removals_have_no_origin() -> None:
    assert refusal("no", {"web": None}).origin == ""
