from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import compiled, service, workload, world
from translators.compiler.pipeline import compile_policy


def test_everything_dangling_is_reported_at_once() -> None:
    lost = workload("lost", 40, "x", host="nohost", segment="nosegment")
    found = compiled(lost, service(selector=..., endpoints=["ghost"]))
    assert [(d.code, d.path) for d in found.diagnostics] == [
        ("FS1101", "spec.host"),
        ("FS1101", "spec.segment"),
        ("FS1101", "spec.endpoints[0]"),
        ("FS4009", "spec.endpoints"),
    ]


def test_a_tenant_must_exist() -> None:
    found = compile_policy(documents_of(world()[1:]))
    assert {d.path for d in found.diagnostics} >= {"metadata.tenant"}
    assert not found.draft.members.rows
