import ssl
from pathlib import Path

import pytest
import trustme

from xds_server.agent.api_tls import ApiTls, ApiTlsError


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    for name in ("ann", "bob"):
        issued = authority.issue_cert(common_name=name)
        issued.cert_chain_pems[0].write_to_path(str(directory / f"{name}.pem"))
        issued.private_key_pem.write_to_path(str(directory / f"{name}.key"))
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    return directory


def test_without_files_the_systems_authorities_count() -> None:
    assert ApiTls().verify() is True


def test_an_authority_is_the_only_one_trusted(files: Path) -> None:
    context = ApiTls(files / "ca.pem").verify()
    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_goes_with_its_own_key(files: Path) -> None:
    assert ApiTls(files / "ca.pem", files / "ann.pem", files / "ann.key").verify()
    with pytest.raises(ApiTlsError, match="belong together"):
        ApiTls(files / "ca.pem", files / "ann.pem", files / "bob.key").verify()


def test_half_an_identity_is_refused(files: Path) -> None:
    with pytest.raises(ApiTlsError, match="--cert-file and --key-file"):
        ApiTls(certificate=files / "ann.pem").verify()


def test_a_file_that_is_no_authority_is_one_sentence(files: Path) -> None:
    for name in ("ann.key", "missing.pem"):
        with pytest.raises(ApiTlsError, match=f"CA file .*{name}.* give a PEM file"):
            ApiTls(files / name).verify()
