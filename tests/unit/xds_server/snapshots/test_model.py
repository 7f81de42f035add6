from xds_server.snapshots.model import (
    FlowEntry,
    FlowKey,
    GroupEntry,
    Resource,
    content_version,
    program_of,
    snapshot_of,
)

LDS, CDS = "type.googleapis.com/L", "type.googleapis.com/C"


def test_a_version_is_its_content_and_keeps_parts_apart() -> None:
    assert content_version(b"ab", b"c") == content_version(b"ab", b"c")
    assert content_version(b"ab", b"c") != content_version(b"a", b"bc")


def test_resources_are_versioned_by_their_bytes_unless_told() -> None:
    assert Resource(LDS, "a", b"x").version == Resource(LDS, "b", b"x").version
    assert Resource(LDS, "a", b"x").version != Resource(LDS, "a", b"y").version
    assert Resource(LDS, "a", b"x", version="7").version == "7"


def test_a_snapshot_is_indifferent_to_order_and_versions_each_type() -> None:
    a, b, c = Resource(LDS, "a", b"1"), Resource(LDS, "b", b"2"), Resource(CDS, "c", b"3")
    one, two = snapshot_of([a, b, c]), snapshot_of([c, b, a])
    assert one.versions == two.versions
    assert list(one.of(LDS)) == ["a", "b"]
    changed = snapshot_of([a, Resource(LDS, "b", b"9"), c])
    assert changed.version(LDS) != one.version(LDS)
    assert changed.version(CDS) == one.version(CDS)


def test_a_renamed_resource_changes_the_version() -> None:
    assert snapshot_of([Resource(LDS, "a", b"1")]).version(LDS) != snapshot_of(
        [Resource(LDS, "b", b"1")]
    ).version(LDS)


def test_a_type_without_resources_has_a_version_and_no_resources() -> None:
    assert snapshot_of([]).version(LDS) == snapshot_of([]).version(CDS) != ""
    assert snapshot_of([]).of(LDS) == {}


def test_a_bridge_program_is_indifferent_to_order() -> None:
    flows = [FlowEntry(FlowKey(t, 1, b"m"), 7, b"i") for t in (3, 1, 2)]
    groups = [GroupEntry(2, 1, b"b", b""), GroupEntry(1, 1, b"b", b"")]
    one, two = program_of(flows, groups), program_of(flows[::-1], groups[::-1])
    assert one == two
    assert one.version == two.version


def test_every_part_of_a_flow_counts_for_the_version() -> None:
    base = FlowEntry(FlowKey(1, 1, b"m"), 7, b"i")
    others = [
        FlowEntry(FlowKey(2, 1, b"m"), 7, b"i"),
        FlowEntry(FlowKey(1, 2, b"m"), 7, b"i"),
        FlowEntry(FlowKey(1, 1, b"n"), 7, b"i"),
        FlowEntry(FlowKey(1, 1, b"m"), 8, b"i"),
        FlowEntry(FlowKey(1, 1, b"m"), 7, b"j"),
    ]
    versions = {program_of([flow], []).version for flow in [base, *others]}
    assert len(versions) == len(others) + 1


def test_other_resources_of_some_types_leave_the_rest_as_it_is() -> None:
    one, two = Resource("a", "1", b"x"), Resource("b", "2", b"y")
    newer = Resource("b", "2", b"z")
    before, wanted = snapshot_of([one, two]), snapshot_of([one, newer])
    found = before.with_types({"b": {"2": newer}}, {"b": wanted.digest("b")})
    assert found == wanted
    assert found.of("a") is before.of("a")


def test_a_type_changes_by_its_content_or_by_the_version_that_it_is_given() -> None:
    a, c = Resource(LDS, "a", b"1"), Resource(CDS, "c", b"3")
    before = snapshot_of([a, c])
    assert snapshot_of([a, c]).changed(before) == ()
    assert snapshot_of([Resource(LDS, "a", b"2"), c]).changed(before) == (LDS,)
    assert snapshot_of([a]).changed(before) == (CDS,)
    assert snapshot_of([a, c], {LDS: "7"}).changed(before) == (LDS,)
    named = snapshot_of([Resource(LDS, "a", b"2"), c], {LDS: "7"})
    assert named.changed(snapshot_of([a, c], {LDS: "7"})) == (LDS,)
