from pathlib import Path

import pytest

from xds_server.settings import (
    Listen,
    ServerSettings,
    SettingsError,
    parse_listen,
)


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8600", Listen("127.0.0.1", 8600)),
        ("[::1]:0", Listen("::1", 0)),
        ("localhost:1", Listen("localhost", 1)),
        ("0.0.0.0:65535", Listen("0.0.0.0", 65535)),
    ],
)
def test_an_address_is_read_and_printed_alike(text: str, listen: Listen) -> None:
    assert parse_listen(text) == listen
    assert str(listen) == text


@pytest.mark.parametrize("text", ["", "8600", ":8600", "host:", "host:x", "host:65536", "host:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:8600"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("example.org", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert Listen(host, 1).loopback is loopback


def test_the_defaults_are_safe() -> None:
    settings = ServerSettings()
    settings.check()
    assert all(listen.loopback for listen in settings.listeners.values())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"xds": "0.0.0.0:1"}, "--insecure"),
        ({"tls_cert": Path("c")}, "belong together"),
        ({"tls_ca": Path("c")}, "needs --tls-cert"),
        ({"tls_cert": Path("no"), "tls_key": Path("no")}, "there is no file no"),
        ({"log_format": "xml"}, "neither console nor json"),
        ({"openflow": "nonsense"}, "no address"),
        ({"listen_health": "8601"}, "no address"),
        ({"listen_health": "127.0.0.1:0"}, "--health needs a port"),
        ({"envoy": "/nothing/here"}, "path of an Envoy binary, auto or none"),
        ({"xds_workers": 2, "xds_socket": Path("s")}, "give no --xds-workers"),
    ],
)
def test_unsafe_and_contradicting_settings_are_refused(
    changed: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        ServerSettings.model_validate(changed).check()


def test_an_open_address_is_allowed_when_it_is_meant() -> None:
    ServerSettings.model_validate({"xds": "0.0.0.0:1", "insecure": True}).check()
    ServerSettings.model_validate({"listen_health": "0.0.0.0:8601"}).check()  # it tells nothing


def test_an_envoy_is_looked_for_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ServerSettings().envoy == "none"  # of all tests: see tests/conftest.py
    monkeypatch.delenv("FSDN_ENVOY")
    assert ServerSettings().envoy == "auto"
    ServerSettings().check()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in ServerSettings.model_fields.values())


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FSDN_STATE", str(tmp_path))
    assert ServerSettings().state == tmp_path
    assert ServerSettings().database_url == f"sqlite+aiosqlite:///{tmp_path / 'fsdn.db'}"


def test_secrets_need_proxies_that_prove_who_they_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--tls-ca"):
        ServerSettings(secrets=tmp_path).check()
    ServerSettings(secrets=tmp_path, xds_socket=tmp_path / "s").check()
    for name in ("secrets", "resources"):
        with pytest.raises(SettingsError, match=f"check --{name}"):
            ServerSettings.model_validate({name: tmp_path / "gone"}).check()
