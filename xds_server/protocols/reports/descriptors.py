"""Descriptors of the services that we serve: names and methods, with messages as names only.

The wire format of google/protobuf/descriptor.proto. Our messages are read field by field, so that
there are no schemas to show: a client that wants to call brings the messages' own proto files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xds_server.protocols.xds.protobuf import put, put_number, put_text
from xds_server.protocols.xds.resource_types import AGGREGATED, SERVICES


@dataclass(frozen=True, slots=True)
class Method:
    """One method; request and response are full message names."""

    name: str
    request: str
    response: str
    asks_many: bool = True
    answers_many: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """One service by its full name."""

    name: str
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Encoded files by name, and the file of every symbol: services, methods and messages."""

    services: tuple[str, ...]
    files: Mapping[str, bytes]
    file_of: Mapping[str, str]


def discovery(service: str, suffix: str) -> Service:
    """Return a discovery service with its two dialects."""
    of = "envoy.service.discovery.v3."
    return Service(
        service,
        (
            Method(f"Stream{suffix}", f"{of}DiscoveryRequest", f"{of}DiscoveryResponse"),
            Method(f"Delta{suffix}", f"{of}DeltaDiscoveryRequest", f"{of}DeltaDiscoveryResponse"),
        ),
    )


def _reflection(version: str) -> Service:
    package = f"grpc.reflection.{version}."
    ask, answer = f"{package}ServerReflectionRequest", f"{package}ServerReflectionResponse"
    return Service(f"{package}ServerReflection", (Method("ServerReflectionInfo", ask, answer),))


def _pair(package: str, name: str, answers_many: bool, service: str, method: str) -> Service:
    ask, answer = f"{package}.{name}Message", f"{package}.{name}Response"
    return Service(f"{package}.{service}", (Method(method, ask, answer, True, answers_many),))


_STATUS, _LOADS = "envoy.service.status.v3.", "envoy.service.load_stats.v3."
_ASK, _ANSWER = f"{_STATUS}ClientStatusRequest", f"{_STATUS}ClientStatusResponse"
_CHECKS, _CHECK = "envoy.service.health.v3.", "HealthCheckSpecifier"
_FOUND = "HealthCheckRequestOrEndpointHealthResponse"
_HEALTH = "grpc.health.v1."
_PROBE, _PROBED = f"{_HEALTH}HealthCheckRequest", f"{_HEALTH}HealthCheckResponse"
_CHANNELZ, _ONCE = "grpc.channelz.v1.Get", (False, False)
_SHOWN = (
    "TopChannels",
    "Servers",
    "Server",
    "ServerSockets",
    "Channel",
    "Subchannel",
    "Socket",
)

SERVED = (
    discovery(AGGREGATED, "AggregatedResources"),
    *(discovery(name, suffix) for name, (_, suffix) in SERVICES.items()),
    Service(
        f"{_STATUS}ClientStatusDiscoveryService",
        (
            Method("StreamClientStatus", _ASK, _ANSWER),
            Method("FetchClientStatus", _ASK, _ANSWER, False, False),
        ),
    ),
    Service(
        f"{_LOADS}LoadReportingService",
        (Method("StreamLoadStats", f"{_LOADS}LoadStatsRequest", f"{_LOADS}LoadStatsResponse"),),
    ),
    _pair(
        "envoy.service.accesslog.v3",
        "StreamAccessLogs",
        False,
        "AccessLogService",
        "StreamAccessLogs",
    ),
    Service(
        f"{_CHECKS}HealthDiscoveryService",
        (
            Method("StreamHealthCheck", f"{_CHECKS}{_FOUND}", f"{_CHECKS}{_CHECK}"),
            Method("FetchHealthCheck", f"{_CHECKS}{_FOUND}", f"{_CHECKS}{_CHECK}", *_ONCE),
        ),
    ),
    _pair("envoy.service.metrics.v3", "StreamMetrics", False, "MetricsService", "StreamMetrics"),
    Service(
        f"{_HEALTH}Health",
        (
            Method("Check", _PROBE, _PROBED, False, False),
            Method("Watch", _PROBE, _PROBED, False, True),
        ),
    ),
    Service(
        "grpc.channelz.v1.Channelz",
        tuple(
            Method(f"Get{what}", f"{_CHANNELZ}{what}Request", f"{_CHANNELZ}{what}Response", *_ONCE)
            for what in _SHOWN
        ),
    ),
    _reflection("v1"),
    _reflection("v1alpha"),
)


def catalogue(services: Iterable[Service]) -> Catalogue:
    """Return the files of these services, one a package, named so that they pass for no other."""
    chosen = sorted(services, key=lambda service: service.name)
    used = {m for s in chosen for method in s.methods for m in (method.request, method.response)}
    packages = sorted({_package(name) for name in used | {s.name for s in chosen}})
    file_of = {name: _file(_package(name)) for name in used}
    for service in chosen:
        file_of[service.name] = _file(_package(service.name))
        for method in service.methods:
            file_of[f"{service.name}.{method.name}"] = file_of[service.name]
    files = {_file(package): _encode(package, sorted(used), chosen) for package in packages}
    return Catalogue(tuple(service.name for service in chosen), files, file_of)


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _file(package: str) -> str:
    return f"fsdn/names/{package}.proto"


def _encode(package: str, messages: list[str], services: list[Service]) -> bytes:
    """Return the FileDescriptorProto of one package."""
    own = [service for service in services if _package(service.name) == package]
    used = {m for s in own for method in s.methods for m in (method.request, method.response)}
    needed = sorted({_file(_package(name)) for name in used} - {_file(package)})
    parts = [put_text(1, _file(package)), put_text(2, package)]
    parts += [put_text(3, name) for name in needed]
    parts += [put(4, put_text(1, _leaf(name))) for name in messages if _package(name) == package]
    parts += [put(6, _service(service)) for service in own]
    return b"".join([*parts, put_text(12, "proto3")])


def _service(service: Service) -> bytes:
    methods = [put(2, _method(method)) for method in service.methods]
    return b"".join([put_text(1, _leaf(service.name)), *methods])


def _method(method: Method) -> bytes:
    names = put_text(1, method.name) + put_text(2, f".{method.request}")
    streams = put_number(5, method.asks_many) + put_number(6, method.answers_many)
    return names + put_text(3, f".{method.response}") + streams


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]
