"""Resources that authors wrote in Envoy's own language: parsed, checked, and encoded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from translators.diagnostics import Diagnostic, report
from translators.envoy.encode import encode
from translators.envoy.from_json import Path, Wrong, from_json
from translators.envoy.health_checks import HEALTH_CHECKS
from translators.envoy.message_types import PREFIX
from translators.envoy.resources import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    EncodedResource,
    Resources,
    by_type,
)
from translators.plan.model import Plan
from translators.plan.raw import Lines, RawResource, line_at

# The types that a client subscribes to by themselves. Secrets are left out: a policy is stored
# and shown, so that a private key has no place in it.
SERVED = (
    LISTENER,
    ROUTE,
    CLUSTER,
    ENDPOINT,
    PREFIX + "envoy.config.route.v3.ScopedRouteConfiguration",
    PREFIX + "envoy.config.route.v3.VirtualHost",
    PREFIX + "envoy.config.core.v3.TypedExtensionConfig",
    PREFIX + "envoy.service.runtime.v3.Runtime",
)
_SECRET = PREFIX + "envoy.extensions.transport_sockets.tls.v3.Secret"
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Parsed:
    """A resource as bytes, or what is wrong with it (``name`` is then empty)."""

    type_url: str
    name: str
    body: bytes
    wrong: tuple[Wrong, ...]


@lru_cache(maxsize=_KEPT)
def parsed(text: str) -> Parsed:
    """Return the resource that canonical JSON stands for; what is wrong is in ``wrong``."""
    value = json.loads(text)
    message, wrong = from_json(value)
    url = str(value.get("@type", ""))
    wrong += tuple(_unserved(url)) if not any(w.path in ((), ("@type",)) for w in wrong) else ()
    key = name_field(url)
    name = value.get(key, value.get("clusterName", ""))
    if not wrong and not name:
        wrong = (Wrong((), "FS6003", f"{key} is missing", f"give the resource a {key}"),)
    if wrong or message is None:
        return Parsed(url, "", b"", wrong)
    return Parsed(url, str(name), encode(message), ())


def name_field(url: str) -> str:
    """Return the field that names a resource of this type."""
    return "cluster_name" if url == ENDPOINT else "name"


def _unserved(url: str) -> Iterator[Wrong]:
    if url in SERVED:
        return
    short = url.rpartition(".")[2]
    mend = f"write one of {', '.join(kind.rpartition('.')[2] for kind in SERVED)}"
    if url == HEALTH_CHECKS:
        mend = "put it into the folder of --resources: checks are no part of a policy"
    if url == _SECRET:
        mend = "name its files in the transport socket (filename), or serve it with --secrets"
    yield Wrong(("@type",), "FS6001", f"a {short} is not served by itself", mend)


def raw_by_host(plan: Plan) -> Mapping[str, Resources]:
    """Return the raw resources that are sound, by host; hosts that have the same share them."""
    sets: dict[tuple[str, ...], list[EncodedResource]] = {}
    for raw in plan.raw_resources:
        if not (one := parsed(raw.body)).wrong:
            encoded = EncodedResource(one.type_url, one.name, one.body, str(raw.origin))
            sets.setdefault(raw.hosts, []).append(encoded)
    having: dict[str, list[int]] = {}
    for number, hosts in enumerate(sets):
        for host in hosts:
            having.setdefault(host, []).append(number)
    known = list(sets.values())
    shared: dict[tuple[int, ...], Resources] = {}
    for numbers in having.values():
        if tuple(numbers) not in shared:
            shared[tuple(numbers)] = by_type(one for n in numbers for one in known[n])
    return {host: shared[tuple(numbers)] for host, numbers in sorted(having.items())}


def raw_findings(plan: Plan) -> Iterator[Diagnostic]:
    """Yield what is wrong with raw resources, each by itself and with one another."""
    owners: dict[tuple[str, str, str], RawResource] = {}
    for raw in plan.raw_resources:
        one = parsed(raw.body)
        yield from located(one.wrong, raw.origin.file, raw.origin.line, raw.lines)
        for host in () if one.wrong else raw.hosts:
            first = owners.setdefault((host, one.type_url, one.name), raw)
            if first is not raw:
                yield taken(raw, one, f"on {host} it is at {first.origin} already")
                break


def taken(raw: RawResource, one: Parsed, why: str) -> Diagnostic:
    """Return the finding that a resource of this type and name exists."""
    line = line_at(raw.lines, (name_field(one.type_url),), raw.origin.line)
    message = f"{one.type_url.rpartition('.')[2]} {one.name} exists: {why}"
    return report("FS6004", raw.origin.file, line, message)


def located(
    wrong: Iterable[Wrong], file: str, line: int, lines: Lines, prefix: Path = ()
) -> Iterator[Diagnostic]:
    """Yield errors as findings at the lines of their paths, or at ``line``."""
    for one in wrong:
        path = ".".join(str(step) for step in (*prefix, *one.path))
        at = line_at(lines, one.path, line)
        yield report(one.code, file, at, one.message, one.mend, path)
