import datetime

import pytest
import trustme

from translators.envoy.secret import SECRET
from xds_server.controller.secret_checks import (
    SecretError,
    SecretFiles,
    SecretKind,
    secrets_of,
)

CA = trustme.CA()
KEY = b"k" * 32


def issue(**term: datetime.datetime) -> dict[str, bytes]:
    issued = CA.issue_cert("web.test", **term)
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    return {"tls.crt": chain, "tls.key": issued.private_key_pem.bytes()}


def files(**held: bytes) -> SecretFiles:
    return SecretFiles("n", "web", "d/n/web", held)


def made(held: dict[str, bytes]) -> SecretFiles:
    return SecretFiles("n", "web", "d/n/web", held)


def test_a_certificate_with_its_key_is_a_secret_that_shows_nothing() -> None:
    held = issue()
    [found] = secrets_of(made(held), KEY)
    assert (found.owner, found.name, found.kind) == ("n", "web", SecretKind.CERTIFICATE)
    assert found.resource.type_url == SECRET
    assert len(found.fingerprint) == 64
    line = held["tls.key"].splitlines()[1]
    assert line in found.resource.body.replace(b"\\n", b"\n")
    for shown in (repr(found), repr(found.resource), repr(made(held))):
        assert line.decode() not in shown


def test_a_version_tells_nothing_without_the_key_that_made_it() -> None:
    found = files(generic=b"password")
    one, again, other = (secrets_of(found, key)[0] for key in (KEY, KEY, b"x" * 32))
    assert one.kind is SecretKind.GENERIC
    assert one.fingerprint == ""
    assert one.resource.version == again.resource.version != other.resource.version


def test_authorities_stand_alone_or_beside_a_certificate() -> None:
    bundle = {"ca.crt": CA.cert_pem.bytes()}
    [alone] = secrets_of(made(bundle), KEY)
    assert (alone.name, alone.kind) == ("web", SecretKind.AUTHORITIES)
    names = [one.name for one in secrets_of(made({**issue(), **bundle}), KEY)]
    assert names == ["web", "web-cacert"]


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({}, "holds no secret"),
        ({"generic": b""}, "holds no secret"),
        ({"tls.crt": b"x"}, "tls.key is missing"),
        ({"tls.key": b"x"}, "tls.crt is missing"),
        ({**issue(), "tls.crt": b"hunter2"}, "tls.crt holds no certificates"),
        ({**issue(), "tls.key": b"hunter2"}, "tls.key holds no private key"),
        ({**issue(), "tls.key": issue()["tls.key"]}, "is not the key of the first certificate"),
        ({"ca.crt": b"hunter2"}, "ca.crt holds no certificates"),
    ],
)
def test_what_is_unsound_is_told_with_its_mend_and_without_content(
    held: dict[str, bytes], why: str
) -> None:
    with pytest.raises(SecretError, match=why) as error:
        secrets_of(made(held), KEY)
    assert error.value.mend
    assert "hunter2" not in str(error.value) + error.value.mend


def test_a_term_that_ends_is_warned_of() -> None:
    now = datetime.datetime.now(datetime.UTC)
    held = issue(not_after=now + datetime.timedelta(days=20))
    [found] = secrets_of(made(held), KEY)
    assert found.expires is not None
    at = now.timestamp()
    assert found.warning(at) is None
    for when, text in ((at + 10 * 86400, "10.0 days"), (at + 21 * 86400, "has expired")):
        warning = found.warning(when)
        assert warning is not None
        assert (warning.code, str(warning.severity)) == ("FS6013", "warning")
        assert text in warning.message
    early = found.warning(0.0)
    assert early is not None
    assert "not valid yet" in early.message
    assert secrets_of(files(generic=b"x"), KEY)[0].warning(at) is None
