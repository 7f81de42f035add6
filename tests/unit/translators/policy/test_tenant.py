from tests.unit.translators.policy.specimens import good, refused


def test_default_is_deny_unless_said() -> None:
    assert good("Tenant", default=...).spec.default == "deny"
    assert good("Tenant").spec.default == "allow"


def test_other_defaults_are_refused() -> None:
    assert refused("Tenant", default="drop") == [("FS1012", "spec.default")]
    assert refused("Tenant", quotas={}) == [("FS1013", "spec.quotas")]
