import pytest

from xds_server.southbound.grpc_identity import nodes_of

SAN, CN = "x509_subject_alternative_name", "x509_common_name"


@pytest.mark.parametrize(
    ("auth", "nodes"),
    [
        ({}, set()),
        ({CN: [b"web-1"]}, {"web-1"}),
        ({CN: [b"web-1"], SAN: [b"web-1.example"]}, {"web-1", "web-1.example"}),
        ({SAN: [b"spiffe://example.org/proxy/web-1"]}, {"web-1", "spiffe://example.org/proxy/web-1"}),
        ({SAN: [b"spiffe://example.org/other/web-1"]}, {"spiffe://example.org/other/web-1"}),
        ({SAN: [b"spiffe://example.org/proxy/"]}, {"spiffe://example.org/proxy/"}),
        ({SAN: [b"https://example.org/proxy/web-1"]}, set()),
    ],
)  # fmt: skip
def test_what_a_certificate_binds(auth, nodes) -> None:
    assert nodes_of(auth) == nodes


def test_a_spiffe_uri_decides_alone() -> None:
    auth = {CN: [b"admin"], SAN: [b"spiffe://example.org/proxy/web-1", b"admin"]}
    assert "admin" not in nodes_of(auth)
