from tests.unit.translators.policy.specimens import good, refused


def test_null_in_a_value_has_a_meaning() -> None:
    assert good("EnvoyPatch", value={"a": {"b": None}}).spec.value == {"a": {"b": None}}


def test_null_elsewhere_has_none() -> None:
    found = refused("EnvoyPatch", target={"type": "Cluster", "name": "*", "host": None})
    assert ("FS1012", "spec.target.host") in found


def test_a_removal_takes_no_value_and_the_others_need_one() -> None:
    assert good("EnvoyPatch", operation="remove", value=...).spec.value is None
    assert refused("EnvoyPatch", operation="remove") == [("FS1015", "spec.value")]
    assert refused("EnvoyPatch", operation="replace", value=...) == [("FS1011", "spec")]


def test_only_compiled_types_can_be_targets() -> None:
    found = refused("EnvoyPatch", target={"type": "Secret", "name": "*"})
    assert found == [("FS1012", "spec.target.type")]
