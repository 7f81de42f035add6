from pathlib import Path

import pytest

from xds_server.protocols.xds.ads import Limits
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsSettings
from xds_server.southbound.grpc_terms import Terms
from xds_server.xds_port import ads_settings, limits, terms
from xds_server.xds_settings import XdsSettings


def test_the_defaults_are_those_of_the_server_itself() -> None:
    made = ads_settings(ServerSettings())
    assert made == AdsSettings("127.0.0.1", 18000)
    assert (limits(XdsSettings()), terms(XdsSettings())) == (Limits(), Terms())


@pytest.mark.parametrize("name", sorted(XdsSettings.model_fields))
def test_every_setting_reaches_the_port(name: str) -> None:
    default = XdsSettings.model_fields[name].default
    changed = ServerSettings.model_validate({name: default / 2})
    assert (
        str(getattr(changed, name))
        in repr(ads_settings(changed))
        != repr(ads_settings(ServerSettings()))
    )


def test_certificates_are_read(tmp_path: Path) -> None:
    for name in ("cert", "key", "ca"):
        (tmp_path / name).write_bytes(name.encode())
    files = {f"tls_{name}": tmp_path / name for name in ("cert", "key", "ca")}
    tls = ads_settings(ServerSettings.model_validate(files)).tls
    assert tls is not None
    assert (tls.certificate, tls.key, tls.client_ca) == (b"cert", b"key", b"ca")


def test_a_socket_is_listened_on_beside_the_port(tmp_path: Path) -> None:
    found = ads_settings(ServerSettings(xds_socket=tmp_path / "xds.sock"))
    assert found.unix_socket == str(tmp_path.resolve() / "xds.sock")
    assert ads_settings(ServerSettings()).unix_socket == ""
