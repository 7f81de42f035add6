from dataclasses import fields
from pathlib import Path

import pytest

from xds_server.client_settings import ClientSettings, client_settings, described


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in fields(ClientSettings):
        monkeypatch.delenv(f"FSDN_{each.name.upper()}", raising=False)


def test_every_setting_is_described() -> None:
    assert all(described(each.name).endswith(".") for each in fields(ClientSettings))


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for each in fields(ClientSettings):
        monkeypatch.setenv(f"FSDN_{each.name.upper()}", f"/{each.name}")
    found = client_settings({})
    assert found.api == "/api"
    others = [each.name for each in fields(ClientSettings) if each.name != "api"]
    assert [getattr(found, name) for name in others] == [Path(f"/{name}") for name in others]


def test_what_is_given_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSDN_API", "http://environment:1")
    monkeypatch.setenv("FSDN_STATE", "/environment")
    found = client_settings({"api": "", "state": None})
    assert (found.api, found.state) == ("", Path("/environment"))


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSDN_TOKEN_FILE", "")
    assert client_settings({}) == ClientSettings()
    assert ClientSettings().token_file is None
