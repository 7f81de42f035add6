import random
from pathlib import Path

import httpx
import pytest

from xds_server.agent import host_facts
from xds_server.agent.host_commands import HostFacts
from xds_server.agent.host_errors import HostAgentError
from xds_server.agent.host_facts import ask, await_facts, facts_of, keep, kept, token

TOLD = {
    "name": "host1",
    "bridge": "br-int",
    "datapath_id": 161,
    "proxy_port": "fsdn-proxy",
    "tunnel_port": "fsdn-tun",
    "tunnel": "10.255.1.2/30",
    "workloads": [{"mtu": 1400}, {"mtu": 1350}],
}
FACTS = HostFacts("host1", "br-int", 161, "fsdn-proxy", "fsdn-tun", True, 1350)


def client(*answers: httpx.Response | httpx.TransportError) -> httpx.Client:
    """A client whose server gives these answers, in turn."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/hosts/host1"
        given = left.pop(0)
        if isinstance(given, httpx.TransportError):
            raise given
        return given

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://server")


def test_the_mtu_is_the_smallest_of_the_workloads() -> None:
    assert facts_of(TOLD) == FACTS


def test_a_host_without_workloads_or_tunnel() -> None:
    facts = facts_of({**TOLD, "workloads": [], "tunnel": None, "datapath_id": "00000000000000a1"})
    assert facts == HostFacts("host1", "br-int", 161, "fsdn-proxy", "fsdn-tun", False, 1500)


def test_a_token_that_cannot_be_read_names_the_mend(tmp_path: Path) -> None:
    with pytest.raises(HostAgentError, match="--token-file"):
        token(tmp_path / "absent")


def test_facts_are_kept_for_a_start_without_the_server(tmp_path: Path) -> None:
    path = tmp_path / "state" / "host.json"
    assert kept(path) is None
    keep(FACTS, path)
    assert kept(path) == FACTS
    away = client(httpx.ConnectError("refused"))
    assert await_facts(away, "host1", path, random.Random(1)) == FACTS


def test_a_wrong_token_ends_it(tmp_path: Path) -> None:
    with pytest.raises(HostAgentError, match="refuses the token"):
        ask(client(httpx.Response(401)), "host1")


def test_an_unknown_host_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_facts, "WAIT", 0.0)
    late = client(httpx.Response(404), httpx.Response(503), httpx.Response(200, json=TOLD))
    assert await_facts(late, "host1", tmp_path / "host.json", random.Random(1)) == FACTS
    assert kept(tmp_path / "host.json") == FACTS


def test_why_there_are_no_facts_is_said() -> None:
    assert "apply a Host document" in str(ask(client(httpx.Response(404)), "host1"))
    assert "503" in str(ask(client(httpx.Response(503)), "host1"))
    assert "does not answer" in str(ask(client(httpx.ConnectError("refused")), "host1"))
