"""Service: a name, virtual addresses and ports for a set of workloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import model_validator

from translators.policy.scalars import Address, Hostname, Name, Port, Ref, Text, wrong
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing

Labels = Annotated[dict[Text, str], AtLeastOne]


class ServicePort(Shape):
    """``port`` on the virtual addresses; ``targetPort`` on the workloads, the same if left out."""

    name: Name
    port: Port
    target_port: Port | None = None
    protocol: Literal["http", "http2", "grpc", "tcp", "udp"] = "tcp"


class ServiceSpec(Shape):
    """Workloads by ``selector`` or by name; addresses are allocated where left out."""

    hostnames: list[Hostname] = []
    addresses: Annotated[list[Address], AtLeastOne] | None = None
    segment: Ref | None = None
    ports: Annotated[list[ServicePort], AtLeastOne]
    selector: Labels | None = None
    endpoints: Annotated[list[Ref], AtLeastOne] | None = None
    subsets: dict[Name, Labels] = {}

    @model_validator(mode="after")
    def _one_way_to_endpoints(self) -> ServiceSpec:
        if self.selector is None and self.endpoints is None:
            raise wrong("neither selector nor endpoints is given", "add one of them", "FS1011")
        if self.selector is not None and self.endpoints is not None:
            raise wrong(
                "selector and endpoints exclude each other", "keep one", "FS1015", "endpoints"
            )
        return self

    @model_validator(mode="after")
    def _distinct_ports(self) -> ServiceSpec:
        seen: dict[str, int] = {}
        for index, port in enumerate(self.ports):
            for key in _claims(port):
                if key in seen:
                    mend = "give each port a name and number of its own"
                    raise wrong(f"{key} is used twice", mend, "FS4012", f"ports.{index}")
                seen[key] = index
        return self


def _claims(port: ServicePort) -> Iterator[str]:
    yield f"port name {port.name}"
    yield f"{'UDP' if port.protocol == 'udp' else 'TCP'} port {port.port}"


class Service(Thing):
    """A name for a set of workloads."""

    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec
