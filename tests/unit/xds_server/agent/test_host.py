import os
from pathlib import Path

import httpx
import pytest
from yaml import safe_load

from xds_server.agent import host
from xds_server.agent.host import (
    HostAgentSettings,
    bootstrap_text,
    check_means,
    prepare,
    show_host_commands,
)
from xds_server.agent.host_commands import Command, Controllers, HostFacts
from xds_server.agent.host_errors import HostAgentError
from xds_server.agent.host_facts import keep


@pytest.fixture
def settings(tmp_path: Path) -> HostAgentSettings:
    (tmp_path / "token").write_text("secret\n")
    return HostAgentSettings(
        name="host1",
        api="http://127.0.0.1:1",
        token_file=tmp_path / "token",
        xds="[2001:db8::1]:18000",
        controllers=Controllers("tcp:192.0.2.1:6653", "tcp:192.0.2.1:6640"),
        state=tmp_path / "state",
    )


def test_the_bootstrap_names_the_host_and_reaches_the_controller_by_the_relay(
    settings: HostAgentSettings,
) -> None:
    read = safe_load(bootstrap_text(settings))
    assert read["node"]["id"] == "host1"
    (cluster,) = read["static_resources"]["clusters"]
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert endpoint["endpoint"]["address"] == {"pipe": {"path": str(settings.socket)}}
    assert cluster["type"] == "STATIC"


def test_commands_are_run_in_order_unless_they_hold(tmp_path: Path) -> None:
    made = tmp_path / "made"
    steps = (
        Command(("mkdir", str(made))),
        Command(("mkdir", str(made)), f"test -d {made}"),
        Command(("touch", str(made / "file"))),
    )
    prepare(steps)
    assert (made / "file").exists()


def test_a_command_that_fails_is_named_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(HostAgentError, match=r"`cat /absent` failed: .*No such file"):
        prepare((Command(("cat", "/absent")), Command(("touch", str(tmp_path / "after")))))
    assert not (tmp_path / "after").exists()


def test_the_commands_are_shown_without_being_run(settings: HostAgentSettings) -> None:
    facts = HostFacts("host1", "br-int", 1, "fsdn-proxy", "fsdn-tun", True, 1400)
    keep(facts, settings.state / "host.json")  # the server is away
    shown = show_host_commands(settings).splitlines()
    assert shown[0].endswith("|| ip netns add fsdn-proxy")
    assert shown[-1].startswith("nsenter --net=/run/netns/fsdn-proxy -- envoy -c ")


def test_without_facts_the_reason_is_said(settings: HostAgentSettings) -> None:
    with pytest.raises(HostAgentError, match="does not answer"):
        show_host_commands(settings)


def test_a_user_who_may_not_is_told(
    settings: HostAgentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(HostAgentError, match="run it as root"):
        check_means(settings)


def test_a_missing_program_names_its_package(
    settings: HostAgentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostAgentError, match="install the package iproute2"):
        check_means(settings)


def test_an_xds_address_needs_a_port(settings: HostAgentSettings) -> None:
    bad = HostAgentSettings(
        settings.name,
        settings.api,
        settings.token_file,
        "controller",
        settings.controllers,
        settings.state,
    )
    with pytest.raises(HostAgentError, match="ADDRESS:PORT"):
        bootstrap_text(bad)


def test_the_token_travels_in_the_header_only(settings: HostAgentSettings) -> None:
    client: httpx.Client = host._client(settings)
    assert client.headers["authorization"] == "Bearer secret"
    assert "secret" not in repr(settings)
    client.close()
