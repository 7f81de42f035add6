"""What the bed of containers needs of a machine, looked at before anything is built or started.

``python -m integration.engine.preflight`` prints one sentence for each thing that is missing.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path

import docker

from integration.engine.lifetime import EngineError, start

ROOT = Path(__file__).parents[2]
OLDEST = (1, 27)  # the first Compose whose files need no version and may depend on health
SPACE = 4 << 30  # bytes that the images and their building take
SUBNETS = ("FSDN_MANAGEMENT", "FSDN_ACCESS", "FSDN_CABLES")  # the first three numbers of each
PORTS = (
    "FSDN_GATEWAY_PORT",
    "FSDN_API_PORT",
    "FSDN_XDS_PORT",
    "FSDN_OPENFLOW_PORT",
    "FSDN_OVSDB_PORT",
)
OURS = "com.docker.compose.project"
Settings = Mapping[str, str]


def settings(file: Path = ROOT / ".env", environment: Settings = os.environ) -> dict[str, str]:
    """Return the bed's variables as Compose reads them: the environment's win over the file's."""
    lines = (line.strip() for line in file.read_text().splitlines())
    named = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    found = dict(named)
    return {name: environment.get(name, value) for name, value in found.items()}


def compose() -> list[str]:
    """Return the command of a Compose that is new enough; EngineError where there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        done = subprocess.run(
            [*command, "version", "--short"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            continue
        version = done.stdout.strip()
        if _numbers(version) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise EngineError(
                f"{' '.join(command)} is {version}: {wanted} or newer is needed, for example "
                "Debian 12's docker-compose"
            )
        return command
    raise EngineError("Docker Compose is missing: apt-get install docker-compose")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def wanting(client: docker.DockerClient, given: Settings) -> Iterator[str]:
    """Yield a sentence, with the mend, for each thing that stands in the bed's way."""
    project = given["COMPOSE_PROJECT_NAME"]
    yield from _space(Path(client.info()["DockerRootDir"]))
    published = {
        int(binding["PublicPort"])
        for container in client.api.containers(filters={"label": f"{OURS}={project}"})
        for binding in container["Ports"]
        if "PublicPort" in binding
    }
    for name in PORTS:
        if int(given[name]) not in published:
            yield from _port(name, given["FSDN_PUBLISH"], int(given[name]))
    others = [n for n in client.networks.list() if n.attrs["Labels"].get(OURS) != project]
    if len(others) == len(client.networks.list()):  # else the subnets are the bed's own already
        taken = [*_routes(), *(held for network in others for held in _subnets(network.attrs))]
        for name in SUBNETS:
            yield from _subnet(name, given[name], taken)


def _space(root: Path) -> Iterator[str]:
    free = shutil.disk_usage(root).free
    if free < SPACE:
        left = f"{free / (1 << 30):.1f}"
        yield (
            f"{left} GiB are left in {root}, and the images take {SPACE >> 30}: make room, for "
            "example by `docker system prune`"
        )


def _port(name: str, address: str, port: int) -> Iterator[str]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                yield f"port {port} of {address} is taken: set {name} to another, as in .env"
            else:
                why = error.strerror
                yield f"cannot listen on {address}:{port} ({why}): see FSDN_PUBLISH in .env"


def _subnet(name: str, prefix: str, taken: Sequence[tuple[str, IPv4Network]]) -> Iterator[str]:
    try:
        wanted = IPv4Network(f"{prefix}.0/24")
    except ValueError:
        yield f"{name}={prefix} does not begin a subnet: write three numbers, as 172.31.255"
        return
    for holder, held in taken:
        if wanted.overlaps(held):
            yield f"subnet {wanted} is taken by {holder} ({held}): set {name} to other numbers"
            return


def _routes() -> Iterator[tuple[str, IPv4Network]]:
    """Yield the interfaces of this machine with the networks that they lead to."""
    said = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        words = line.split()
        if words[0] != "default" and "dev" in words and words[0][0].isdigit():
            yield words[words.index("dev") + 1], IPv4Network(words[0], strict=False)


def _subnets(attributes: Mapping[str, object]) -> Iterator[tuple[str, IPv4Network]]:
    pools = attributes["IPAM"]["Config"] or ()  # type: ignore[index]
    for pool in pools:
        if "." in pool.get("Subnet", ""):
            yield f"Docker's network {attributes['Name']}", IPv4Network(pool["Subnet"])


def main() -> int:
    """Look at everything; start the engine where none runs, since it must answer."""
    try:
        compose()
        found = list(wanting(start(), settings()))
    except EngineError as error:
        found = [str(error)]
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
