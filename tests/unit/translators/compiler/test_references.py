import pytest

from tests.properties.worlds import documents_of, thing
from tests.unit.translators.compiler.small import policy, world
from translators.compiler.catalogue import catalogue
from translators.compiler.references import refer, refer_plain
from translators.diagnostics import Diagnostic
from translators.policy.documents import documents as all_of

PATH = ("spec", "to", 0)


@pytest.mark.parametrize(
    ("reference", "full", "code", "mend"),
    [
        ("web", "shop/web", "", ""),
        ("shop/web", "shop/web", "", ""),
        ("rival/web", None, "FS1102", "own tenant"),
        ("wab", None, "FS1101", "did you mean shop/web?"),
        ("zebra", None, "FS1101", "define the object"),
    ],
)
def test_references_stay_in_their_tenant(
    reference: str, full: str | None, code: str, mend: str
) -> None:
    things = world(thing("Tenant", "rival", {}), policy("p", {"action": "allow"}))
    documents = documents_of(things)
    known, _ = catalogue(all_of(documents))
    findings: list[Diagnostic] = []
    assert refer(known, documents[-1], PATH, "Workload", reference, findings) == full
    assert [d.code for d in findings] == ([code] if code else [])
    assert all(mend in d.mend for d in findings)


def test_a_switch_must_name_the_tenant_of_a_segment() -> None:
    leaf = thing("Switch", "leaf1", {"role": "leaf", "asn": 1, "loopback": "10.254.0.1"})
    documents = documents_of(world(leaf))
    known, _ = catalogue(all_of(documents))
    findings: list[Diagnostic] = []
    assert refer(known, documents[-1], PATH, "Segment", "front", findings) is None
    assert findings[0].mend == "write tenant/name"
    assert refer(known, documents[-1], PATH, "Segment", "shop/front", findings) == "shop/front"
    assert refer_plain(known, documents[-1], PATH, "Host", "host1", findings) == "host1"
    assert len(findings) == 1
