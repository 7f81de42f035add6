import pytest

from tests.unit.translators.policy.specimens import good, refused


def test_resources_are_for_all_hosts_unless_they_are_named() -> None:
    assert good("EnvoyResource").spec.hosts == "all"
    assert good("EnvoyResource", hosts=["host1"]).spec.hosts == ["host1"]


def test_it_may_belong_to_nobody() -> None:
    assert good("EnvoyResource").metadata.tenant is None


@pytest.mark.parametrize("resources", [[], {}, ["text"]])
def test_resources_are_mappings_and_at_least_one(resources: object) -> None:
    (found,) = refused("EnvoyResource", resources=resources)
    assert found[0] == "FS1012"


def test_a_field_without_a_value_is_refused() -> None:
    found = refused("EnvoyResource", resources=[{"name": None}])
    assert found == [("FS1012", "spec.resources[0].name")]
