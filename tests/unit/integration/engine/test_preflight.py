import socket
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from integration.engine import preflight
from integration.engine.lifetime import EngineError
from integration.engine.preflight import PORTS, ROOT, compose, settings, wanting

GIVEN = {
    "COMPOSE_PROJECT_NAME": "fsdn",
    "FSDN_PUBLISH": "127.0.0.1",
    "FSDN_GATEWAY_PORT": "0",
    "FSDN_API_PORT": "0",
    "FSDN_XDS_PORT": "0",
    "FSDN_OPENFLOW_PORT": "0",
    "FSDN_OVSDB_PORT": "0",
    "FSDN_MANAGEMENT": "100.99.1",
    "FSDN_ACCESS": "100.99.2",
    "FSDN_CABLES": "100.99.3",
}


class Engine:
    """An engine with these networks and containers, as far as the checks ask it."""

    def __init__(self, *networks: Mapping[str, Any], ports: tuple[int, ...] = ()) -> None:
        found = [SimpleNamespace(attrs=one) for one in networks]
        self.networks = SimpleNamespace(list=lambda: found)
        held = [{"Ports": [{"PublicPort": port} for port in ports]}]
        self.api = SimpleNamespace(containers=lambda filters: held)

    def info(self) -> dict[str, str]:
        return {"DockerRootDir": "/"}


def network(name: str, subnet: str, project: str = "other") -> dict[str, Any]:
    labels = {"com.docker.compose.project": project}
    return {"Name": name, "Labels": labels, "IPAM": {"Config": [{"Subnet": subnet}]}}


def found(engine: Engine, **given: str) -> list[str]:
    return list(wanting(engine, {**GIVEN, **given}))  # type: ignore[arg-type]


def test_a_machine_with_all_of_it_wants_nothing() -> None:
    assert found(Engine(network("bridge", "172.17.0.0/16"))) == []


def test_the_environment_wins_over_the_file() -> None:
    given = settings(ROOT / ".env", {"FSDN_GATEWAY_PORT": "9090", "OTHER": "1"})
    assert given["FSDN_GATEWAY_PORT"] == "9090"
    assert given.keys() >= GIVEN.keys()
    assert "OTHER" not in given


def test_a_taken_port_is_named_with_the_variable() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        [said] = found(Engine(), FSDN_GATEWAY_PORT=str(port))
        assert said.startswith(f"port {port} of 127.0.0.1 is taken: set FSDN_GATEWAY_PORT")
        assert found(Engine(ports=(port,)), FSDN_GATEWAY_PORT=str(port)) == []  # by the bed itself


def test_an_address_that_is_not_this_machine_s_is_named() -> None:
    said = found(Engine(), FSDN_PUBLISH="192.0.2.77")
    assert all("cannot listen on 192.0.2.77:0" in one for one in said)
    assert len(said) == len(PORTS)


def test_a_taken_subnet_is_named_with_who_has_it() -> None:
    [said] = found(Engine(network("lab", "100.99.3.64/26")))
    assert said == (
        "subnet 100.99.3.0/24 is taken by Docker's network lab (100.99.3.64/26): "
        "set FSDN_CABLES to other numbers"
    )
    assert found(Engine(network("fsdn_cable", "100.99.3.64/26", "fsdn"))) == []
    [said] = found(Engine(), FSDN_ACCESS="100.99")
    assert "FSDN_ACCESS=100.99 does not begin a subnet" in said


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 30))
    [said] = found(Engine())
    assert said.startswith("1.0 GiB are left in /, and the images take 4: make room")


@pytest.mark.parametrize(("version", "enough"), [("1.25.0", False), ("1.29.2", True)])
def test_an_old_compose_is_refused(
    version: str, enough: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = tmp_path / "docker-compose"
    command.write_text(f"#!/bin/sh\necho {version}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if enough:
        assert compose() == ["docker-compose"]
    else:
        with pytest.raises(EngineError, match=r"docker-compose is 1\.25\.0: 1\.27 or newer"):
            compose()


def test_no_compose_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="apt-get install docker-compose"):
        compose()
