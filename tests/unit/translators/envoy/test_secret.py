from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import Secret

from translators.envoy.secret import SECRET, authorities, certificate, generic


def test_each_kind_has_the_field_that_envoy_reads() -> None:
    found = Secret.parse(certificate("web", b"chain", b"key"))
    assert (found.name, found.tls_certificate is not None) == ("web", True)
    assert found.tls_certificate is not None
    assert found.tls_certificate.certificate_chain is not None
    assert found.tls_certificate.certificate_chain.inline_bytes == b"chain"
    assert found.tls_certificate.private_key is not None
    assert found.tls_certificate.private_key.inline_bytes == b"key"
    trust = Secret.parse(authorities("ca", b"bundle")).validation_context
    assert trust is not None
    assert trust.trusted_ca is not None
    assert trust.trusted_ca.inline_bytes == b"bundle"
    plain = Secret.parse(generic("token", b"t")).generic_secret
    assert plain is not None
    assert plain.secret is not None
    assert plain.secret.inline_bytes == b"t"


def test_the_type_is_that_of_discovery() -> None:
    assert SECRET == "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
