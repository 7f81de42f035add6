"""A real Envoy decides as the reference meaning does: on random plans, requests and odd paths."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.devices.echo import echo_servers, seen
from tests.devices.envoy import Envoy, envoy, namespace
from tests.plans import shop_plan
from tests.properties.http_plans import http_packet, http_plan, http_request
from tests.properties.strategies import captured_packets, random_plan, random_request
from translators.envoy import translate
from translators.envoy.filters.access_log import Logged
from translators.envoy.routes import default_name
from translators.plan.evaluate import Packet, Verdict, evaluate
from translators.plan.http import Request
from translators.plan.model import Action, Plan

pytestmark = [
    pytest.mark.device,
    pytest.mark.root,
    # Before, lines of a header are compared as one, and dots with parameters are refused.
    pytest.mark.envoy("paths and headers read as policies mean them", since="1.39.1"),
]

SEED = int(os.environ.get("FSDN_SEED") or secrets.randbelow(2**31))
PLANS, REQUESTS, PATHS = 10, 40, 400
NOBODY = "nobody.example"  # an empty host is no policy host either, but HTTP/2 forbids it

PIECES = (
    "a",
    "b",
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2F",
    "\\",
    "%5c",
    ";x",
    "/..;",
    "/.;",
    ";",
    "/./",
    "/../",
)
PIECES += ("%61", "%7E", "%41", "%", "%2", "%zz", "%%32e", '"', "<", "|", "[", "~", "%00", "%25")
PIECES += ("?", "#", "?x=/../", "%c3%a9", "\xe9", "%20", "+", ":", "@", "a.b", "...", "%3F", "^")


_AUDIT = re.compile(r"http\..*\.rbac\.policy\.(.*)\.shadow_allowed: (\d+)")


@pytest.fixture(scope="module")
def net() -> Iterator[str]:
    with namespace() as name:
        yield name


def _send(running: Envoy, packet: Packet, request: Request, number: str) -> tuple[int, str]:
    lines = [f"{request.method} {request.path} HTTP/1.1", f"host: {request.host or NOBODY}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += [f"x-request-id: {number}", "content-length: 0", "connection: close", "", ""]
    to = (str(packet.destination), packet.destination_port)
    return running.send(str(packet.source), to, "\r\n".join(lines).encode("latin-1"))


def _status(plan: Plan, packet: Packet, request: Request, verdict: Verdict) -> int:
    """Return the status that the verdict stands for; 0 is a connection closed at once."""
    service = plan.by_vip[packet.destination]
    if not plan.is_captured(packet.endpoint, service.name, packet.destination_port):
        return 0
    if request.normal_path is None:
        return 400
    if verdict.action is Action.DENY:
        return 403
    return 200 if verdict.targets else 503


def _check_server(plan: Plan, packet: Packet, verdict: Verdict, body: str) -> None:
    """The server is one of the destination set, and sees the client's own address."""
    answer = seen(body)
    endpoints = {
        str(address)
        for target in verdict.targets
        for address in plan.endpoint[target.endpoint].addresses
    }
    assert answer["endpoint"] in endpoints
    assert answer["client"] == str(packet.source)
    assert answer["forwarded"] == str(packet.source)
    port = plan.by_vip[packet.destination].port(packet.destination_port, packet.protocol)
    assert port is not None
    assert answer["protocol"] == ("HTTP/1.1" if port.protocol == "http" else "HTTP/2")


def _rules(running: Envoy, numbers: set[str]) -> dict[str, dict[str, object]]:
    """Return the access log's entries by request id, once all of them are written."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = running.output.read_text().splitlines()
        logged = {str(e["request"]): e for e in map(json.loads, filter(_is_entry, lines))}
        if numbers <= logged.keys():
            return logged
        time.sleep(0.05)
    raise AssertionError(f"the access log lacks {sorted(numbers - logged.keys())}")


def _counted(running: Envoy) -> Counter[str]:
    """Return how many requests each audit has counted."""
    found: Counter[str] = Counter()
    for line in running.ask("/stats?usedonly").splitlines():
        if (hit := _AUDIT.fullmatch(line)) is not None:
            found[hit[1]] += int(hit[2])
    return found


def _is_entry(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


Case = tuple[Packet, Request]


def _judge(plan: Plan, cases: list[Case], net: str, directory: Path, seed: str) -> None:
    """Send every request through the real proxy of host1, and compare what is decided and why."""
    resources = (*translate(plan, "host1", Logged.EVERYTHING), *echo_servers(plan))
    decided: dict[str, tuple[Case, Verdict]] = {}
    with envoy(resources, directory, net) as running:
        for index, (packet, request) in enumerate(cases):
            verdict = evaluate(plan, packet, request)
            status, body = _send(running, packet, request, f"r{index}")
            expected = _status(plan, packet, request, verdict)
            assert status == expected, (seed, status, expected, packet, request, verdict, body)
            if body.startswith("{"):
                _check_server(plan, packet, verdict, body)
            if status in (200, 403, 503):
                decided[f"r{index}"] = (packet, request), verdict
        logged = _rules(running, set(decided))
        counted = _counted(running)
    wanted = Counter(name for _, verdict in decided.values() for name in verdict.audits)
    assert counted == wanted, seed
    for key, (case, verdict) in decided.items():
        default = default_name(plan.endpoint[case[0].endpoint].tenant)
        rule = verdict.rule if verdict.rule is not None else default
        assert logged[key]["rule"] == rule, (seed, case, verdict)
        if verdict.action is Action.DENY:
            assert logged[key]["details"] == f"rbac_access_denied_matched_policy[{rule}]"


@pytest.mark.parametrize("number", range(PLANS))
def test_envoy_decides_as_http_plans_mean(number: int, net: str, tmp_path: Path) -> None:
    print(f"FSDN_SEED={SEED}, plan {number}")
    rng = Random(f"{SEED}/{number}")
    plan = http_plan(rng)
    while not plan.captures:
        plan = http_plan(rng)
    cases = [(http_packet(rng, plan), http_request(rng)) for _ in range(REQUESTS)]
    _judge(plan, cases, net, tmp_path, f"{SEED}/{number}")


@pytest.mark.parametrize("number", range(PLANS))
def test_envoy_decides_as_compiled_policies_mean(number: int, net: str, tmp_path: Path) -> None:
    print(f"FSDN_SEED={SEED}, compiled plan {number}")
    rng = Random(f"{SEED}/compiled/{number}")
    plan, doors = random_plan(rng), []
    while not doors:
        plan = random_plan(rng)
        doors = _http_doors(plan)
    cases = [(rng.choice(doors), random_request(rng, plan)) for _ in range(REQUESTS)]
    _judge(plan, cases, net, tmp_path, f"{SEED}/compiled/{number}")


def _http_doors(plan: Plan) -> list[Packet]:
    """Return packets from sources on host1 to captured ports that speak HTTP."""
    found = []
    for packet, service in captured_packets(plan):
        port = service.port(packet.destination_port, packet.protocol)
        here = plan.endpoint[packet.endpoint].host == "host1"
        if here and port is not None and port.protocol.is_http:
            found.append(packet)
    return found


def test_paths_are_normalised_as_envoy_does(net: str, tmp_path: Path) -> None:
    print(f"FSDN_SEED={SEED}")
    rng = Random(SEED)
    plan = shop_plan()
    web = plan.endpoint["shop/web"].addresses[0]
    packet = Packet("shop/web", web, plan.service["shop/reviews"].vips[0], 6, 1, 80)
    resources = (*translate(plan, "host1", Logged.NOTHING), *echo_servers(plan))
    with envoy(resources, tmp_path, net) as running:
        for _ in range(PATHS):
            path = "/" + "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 7)))
            request = Request(path=path)
            status, body = _send(running, packet, request, "r")
            verdict = evaluate(plan, packet, request)
            assert status == _status(plan, packet, request, verdict), (path, request.normal_path)
            if status == 200:
                assert seen(body)["path"].partition("?")[0] == request.normal_path, path
