"""Bring the bed of containers up for tests and down again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from integration.bed.build import until
from integration.bed.traffic import ask
from integration.compose.node import plan_of
from integration.engine.contained import ContainedBed, contained_bed
from integration.engine.evidence import keep
from integration.engine.lifetime import EngineError
from integration.engine.preflight import OURS, ROOT, settings, wanting
from integration.rootless import Here

POLICY = (ROOT / "examples" / "shop", ROOT / "integration" / "compose" / "policy")
SERVICE = "com.docker.compose.service"
STEADY = 60.0  # seconds that the fabric may take until all of its paths carry


@dataclass(frozen=True, slots=True)
class Stand:
    """The containers of one Compose project, and the bed that they are."""

    client: docker.DockerClient
    given: Mapping[str, str]
    root: Path

    @property
    def project(self) -> str:
        """The project's name, by which its containers are known."""
        return self.given["COMPOSE_PROJECT_NAME"]

    def containers(self) -> dict[str, Container]:
        """Return the containers by service, those that have ended among them."""
        label = f"{OURS}={self.project}"
        found = self.client.containers.list(all=True, filters={"label": label})
        return {container.labels[SERVICE]: container for container in found}

    def nodes(self) -> tuple[Container, ...]:
        """Return the containers of hosts and switches."""
        containers = self.containers()
        return tuple(containers[name] for name in self.bed.layout.managed)

    @property
    def bed(self) -> ContainedBed:
        """The bed as claims see it."""
        names = {service: str(one.name) for service, one in self.containers().items()}
        return contained_bed(plan_of(*POLICY), names, self.root)

    @property
    def url(self) -> str:
        """Where the gateway is published."""
        return f"http://{self.given['FSDN_PUBLISH']}:{self.given['FSDN_GATEWAY_PORT']}"

    def compose(self, *words: str) -> str:
        """Run ``integration/compose.sh``; EngineError with its last words if it fails."""
        done = subprocess.run(
            ["bash", str(ROOT / "integration" / "compose.sh"), *words],
            env={**os.environ, **self.given},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()[-5:]
            raise EngineError(f"compose.sh {' '.join(words)}: " + "\n".join(said))
        return done.stdout

    def is_steady(self) -> bool:
        """Whether many requests at once are answered: one alone may miss a spine that is not up."""
        report = ask(Here("here"), f"{self.url}/", 40, connections=8, timeout=2.0)
        return report.statuses == {"200": 40}


@contextmanager
def standing(
    client: docker.DockerClient, environment: Mapping[str, str], root: Path
) -> Iterator[Stand]:
    """Raise the bed, give it, and take it down; what an earlier run left goes first.

    Raises EngineError with a sentence for each thing that the machine lacks.
    """
    stand = Stand(client, settings(environment=environment), root)
    stand.compose("down")
    if missing := list(wanting(client, stand.given)):
        raise EngineError("\n".join(missing))
    try:
        stand.compose("up")
        until(stand.is_steady, "requests fail now and then", STEADY)
        yield stand
    except BaseException as error:
        keep(stand.containers(), root / "broken")
        error.add_note(f"logs and states of all containers are in {root / 'broken'}")
        raise
    finally:
        stand.compose("down")
