"""What the server says about a host, asked over REST and kept for a start without it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import structlog

from xds_server.agent.host_commands import HostFacts
from xds_server.agent.host_errors import HostAgentError

ETHERNET = 1500  # the MTU of a host without workloads
PATIENCE = 5.0  # seconds for one answer
WAIT = 1.0  # seconds between questions, with jitter

log = structlog.get_logger()


def facts_of(told: Mapping[str, Any]) -> HostFacts:
    """Return the facts in an answer of GET /v1/hosts/{name}; KeyError where one is missing.

    The proxy's MTU is the smallest of the host's workloads', since it speaks in their names.
    """
    given = told["datapath_id"]
    return HostFacts(
        name=told["name"],
        bridge=told["bridge"],
        datapath_id=int(given, 16) if isinstance(given, str) else int(given),
        proxy_port=told["proxy_port"],
        tunnel_port=told["tunnel_port"],
        tunneled=told.get("tunnel") is not None,
        mtu=min((int(w["mtu"]) for w in told.get("workloads", ())), default=ETHERNET),
    )


def token(path: Path) -> str:
    """Return the bearer token in a file."""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise HostAgentError(
            f"cannot read the token {path}: {error.strerror}; copy it from the server's state"
            " directory and name it with --token-file"
        ) from error


def keep(facts: HostFacts, path: Path) -> None:
    """Save the facts for a start while the server is away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(facts), sort_keys=True) + "\n")


def kept(path: Path) -> HostFacts | None:
    """Return the facts saved by an earlier run, if there are any."""
    if not path.exists():
        return None
    return HostFacts(**json.loads(path.read_text()))


def ask(client: httpx.Client, name: str) -> HostFacts | str:
    """Ask once: the facts, or a sentence that says why there are none yet.

    Raises HostAgentError where asking again cannot help.
    """
    try:
        answer = client.get(f"/v1/hosts/{name}")
    except httpx.TransportError as error:
        return f"the server at {client.base_url} does not answer ({error})"
    if answer.status_code in (401, 403):
        raise HostAgentError(f"{client.base_url} refuses the token: give the server's own token")
    if answer.status_code == 404:
        return f"the server knows no host {name}: apply a Host document of this name"
    if answer.status_code != 200:
        return f"the server answered {answer.status_code}"
    return facts_of(answer.json())


def await_facts(client: httpx.Client, name: str, saved: Path, rng: random.Random) -> HostFacts:
    """Ask until there is an answer; with facts of an earlier run, those do if there is none."""
    said = ""
    while True:
        answer = ask(client, name)
        if isinstance(answer, HostFacts):
            keep(answer, saved)
            return answer
        earlier = kept(saved)
        if earlier is not None:
            log.warning("going on with what was known before", reason=answer)
            return earlier
        if answer != said:
            log.info("waiting", reason=answer)
            said = answer
        time.sleep(WAIT * rng.uniform(0.5, 1.0))
