import trustme

from translators.diagnostics import report
from xds_server.controller.secret_checks import SecretFiles
from xds_server.controller.secret_set import Found, SecretSet, renewed

KEY = b"k" * 32


def token(owner: str, name: str, value: bytes) -> SecretFiles:
    return SecretFiles(owner, name, f"d/{owner}/{name}", {"generic": value})


def test_secrets_are_served_by_owner() -> None:
    held = renewed(SecretSet(), Found((token("n", "a", b"1"), token("m", "a", b"2"))), KEY)
    assert {owner: list(some) for owner, some in held.owned().items()} == {"m": ["a"], "n": ["a"]}
    assert [one.name for one in held.of("n")] == ["a"]
    assert held.warnings(1.0) == ()


def test_one_that_is_refused_stays_as_it_was_and_one_that_is_gone_is_revoked() -> None:
    before = renewed(SecretSet(), Found((token("n", "a", b"1"), token("n", "b", b"2"))), KEY)
    unreadable = {("n", "a"): report("FS6012", "d/n/a/generic", 1, "everybody may read it")}
    after = renewed(before, Found((), unreadable), KEY)
    assert after.owned() == {"n": {"a": before.owned()["n"]["a"]}}
    assert [one.code for one in after.findings] == ["FS6012"]
    empty = renewed(after, Found((token("n", "a", b""),)), KEY)
    assert empty.owned() == after.owned()
    assert "holds no secret" in empty.findings[0].message
    assert renewed(empty, Found(), KEY).owned() == {}


def test_a_name_that_two_folders_would_give_is_the_folders_own() -> None:
    ca = trustme.CA()
    issued, bundle = ca.issue_cert("x.test"), ca.cert_pem.bytes()
    pair = {
        "tls.crt": issued.cert_chain_pems[0].bytes(),
        "tls.key": issued.private_key_pem.bytes(),
        "ca.crt": bundle,
    }
    web = SecretFiles("n", "web", "d/n/web", pair)
    own = SecretFiles("n", "web-cacert", "d/n/web-cacert", {"ca.crt": bundle})
    held = renewed(SecretSet(), Found((web, own)), KEY)
    assert [(one.name, one.path) for one in held.secrets] == [
        ("web", "d/n/web"),
        ("web-cacert", "d/n/web-cacert"),
    ]
    assert "web-cacert has a folder" in held.findings[0].message
