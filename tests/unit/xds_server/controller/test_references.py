import pytest

from tests.devices import xds_resources as make
from xds_server.controller.references import (
    dangling,
    place_of,
    reference_findings,
    references,
    shown,
)
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.model import Resource, snapshot_of

WHOLE = (
    make.listener("front", "/run/front.sock", "shop"),
    make.route("shop", "blue"),
    make.cluster("blue"),
    make.endpoints("blue"),
)


def test_a_whole_graph_has_no_loose_end() -> None:
    assert list(dangling(snapshot_of(WHOLE))) == []


@pytest.mark.parametrize(
    ("gone", "by", "to"),
    [
        (1, "front", (ROUTE, "shop")),
        (2, "shop", (CLUSTER, "blue")),
        (3, "blue", (ENDPOINT, "blue")),
    ],
)
def test_every_missing_part_is_found(gone: int, by: str, to: tuple[str, str]) -> None:
    left = [resource for index, resource in enumerate(WHOLE) if index != gone]
    assert [(r.name, ref) for r, ref in dangling(snapshot_of(left))] == [(by, to)]


def test_findings_stand_at_the_origin() -> None:
    (found,) = reference_findings({"host1": snapshot_of(WHOLE[:1])})
    assert (found.code, found.file, found.line) == ("FS6007", "shop.yaml", 7)
    assert "Listener front refers to RouteConfiguration shop" in found.message


def test_the_place_of_a_patched_resource_is_its_last_patch() -> None:
    assert place_of("a.yaml:3") == ("a.yaml", 3)
    assert place_of("a.yaml:3, patched by b.yaml:4, patched by c:d.yaml:5") == ("c:d.yaml", 5)
    assert place_of("") == ("?", 1)


def test_bytes_that_are_no_message_refer_to_nothing() -> None:
    broken = Resource(LISTENER, "x", b"\xff\xff\xff")
    assert references(broken.type_url, broken.body) == ()
    assert references("type.googleapis.com/x.Y", b"\x0a\x01a") == ()
    assert shown(LISTENER, "x") == "Listener x"


def test_what_was_sound_is_not_looked_at_again_unless_a_name_is_gone() -> None:
    before = snapshot_of(WHOLE)
    stranger = Resource(CLUSTER, "stranger", b"")
    assert list(dangling(snapshot_of([*WHOLE, stranger]), before)) == []
    bad = WHOLE[:1]
    assert list(dangling(snapshot_of(bad), snapshot_of(bad))) == []
    assert list(dangling(snapshot_of(bad), before)) == list(dangling(snapshot_of(bad)))


def test_hosts_that_share_a_snapshot_are_each_named() -> None:
    shared = snapshot_of(WHOLE[:1])
    found = reference_findings({"host1": shared, "host2": shared})
    assert [d.message.rpartition(" ")[0].split()[-3] for d in found] == ["host1", "host2"]
