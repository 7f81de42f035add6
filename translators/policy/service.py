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
    """Name of the port, unique in the service, such as ``http``."""
    port: Port
    """Port on the service's virtual addresses, 1 to 65535."""
    target_port: Port | None = None
    """Port on the workloads, 1 to 65535; left out, the same as ``port``."""
    protocol: Literal["http", "http2", "grpc", "tcp", "udp"] = "tcp"
    """What is spoken on it. ``http``, ``http2`` and ``grpc`` can be matched by ``http`` rules and
    routed; ``tcp`` and ``udp`` stop at L4."""


class ServiceSpec(Shape):
    """Workloads by ``selector`` or by name; addresses are allocated where left out."""

    hostnames: list[Hostname] = []
    """Names by which clients address it in the Host header, in lower case, without port, such as
    ``[reviews.shop.example]``."""
    addresses: Annotated[list[Address], AtLeastOne] | None = None
    """Virtual addresses, in the segment's subnets; left out, they are allocated from the segment's
    ``services`` pools and kept."""
    segment: Ref | None = None
    """Segment of the virtual addresses, as ``name`` or ``tenant/name``; left out, that of its
    endpoints."""
    ports: Annotated[list[ServicePort], AtLeastOne]
    """Ports of the service, each with a name and a number of its own."""
    selector: Labels | None = None
    """Labels of the workloads that serve it: all must be equal, such as ``{app: reviews}``. Exactly
    one of ``selector`` and ``endpoints`` is given."""
    endpoints: Annotated[list[Ref], AtLeastOne] | None = None
    """Workloads that serve it by name, as ``name`` or ``tenant/name``."""
    affinity: Literal["none", "client-ip"] = "none"
    """``client-ip``: all connections of a client's address go to one endpoint, for as long as it
    serves; an endpoint that comes or goes moves only the clients that are its own. ``none``: each
    connection, or each request of a captured one, is spread by itself."""
    drain: list[Ref] = []
    """Workloads of it that get no new connections from it, as ``name`` or ``tenant/name``, while
    those that they have go on. ``drain: true`` of a Workload is that for all of its services."""
    revoke: Literal["drain", "cut"] = "drain"
    """What becomes of connections to a workload that serves it no longer: ``drain`` lets them go on
    while rules about the service still admit them, ``cut`` ends them at their next packet."""
    subsets: dict[Name, Labels] = {}
    """Named parts of the workloads, by labels, for routes: ``{v1: {version: "1"}}``."""

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
    """Always ``Service``."""
    metadata: Metadata
    """Its name, its tenant, and the labels that others select it by."""
    spec: ServiceSpec
    """Its ports, its workloads and its addresses."""
