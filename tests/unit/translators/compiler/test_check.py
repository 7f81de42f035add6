from tests.unit.translators.compiler.small import drafted, policy, segment, service, workload, world


def test_check_adds_to_what_was_found_before() -> None:
    rule = {"action": "allow"}
    things = world(
        segment("back", 20, vni=1010),  # claims
        workload("x", 50, "x", addresses=["10.99.0.1"]),  # wiring
        service(selector={"app": "none"}),  # resolve
        policy("p", rule, rule),  # conflicts
    )
    things[-2]["spec"]["segment"] = "front"
    before = drafted(things, "place").findings
    after = drafted(things, "check").findings
    assert [d.code for d in before] == ["FS4009"]
    assert after[: len(before)] == before
    assert sorted(d.code for d in after[len(before) :]) == ["FS2001", "FS2008", "FS4001"]
