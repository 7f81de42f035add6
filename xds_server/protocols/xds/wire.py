"""Discovery requests as raw bytes, scanned; responses.py writes what answers them.

Field numbers are those of envoy/service/discovery/v3/discovery.proto and
envoy/config/core/v3/base.proto. Envoy's Node is up to 61 KB: it stays bytes until someone asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xds_server.protocols.xds.initial import INITIAL, NO_INITIAL, Initial, scan_initial
from xds_server.protocols.xds.protobuf import (
    LENGTH,
    message,
    number,
    run,
    scan,
    text,
    until,
)
from xds_server.protocols.xds.requests import Requests
from xds_server.protocols.xds.resource_types import KNOWN_TYPES, PREFIX
from xds_server.snapshots.model import content_version

_CLUSTER, _EXTENSIONS = 2, 9  # in Node
_NAMES = 3  # resource_names in DiscoveryRequest
_TYPES = PREFIX.encode()  # what every type_url begins with, which follows the names
_URLS = {url: url for url in KNOWN_TYPES}  # so that all requests of a type have one string
_FLEETS, _FLEET = 64 * 1024, 4 * 1024  # bytes of nodes between id and extensions: of all, of one

_rests: deque[tuple[bytes, dict[int, str], bytes]] = deque(maxlen=16)  # of nodes, by build


@dataclass(frozen=True, slots=True)
class Node:
    """Who a client says it is; ``digest`` identifies the whole Node message."""

    id: str
    cluster: str = ""
    agent: str = ""
    agent_version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SotwRequest:
    """A DiscoveryRequest; ``error`` is None unless it carries an error_detail (a NACK)."""

    type_url: str
    names: tuple[str, ...] = ()
    version: str = ""
    nonce: str = ""
    error: str | None = None
    node: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeltaRequest:
    """A DeltaDiscoveryRequest; ``error`` is None unless it carries an error_detail (a NACK)."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    error: str | None = None
    node: bytes | None = field(default=None, repr=False)


def scan_names(data: bytes) -> tuple[tuple[str, ...], int]:
    """Return the resource_names that these fields begin with, and how many bytes they take."""
    listed, length = run(data, _NAMES << 3 | LENGTH)
    return tuple(map(text, listed)), length


def scan_sotw(
    data: bytes, read_names: Callable[[bytes], tuple[tuple[str, ...], int]] = scan_names
) -> SotwRequest:
    """Return the DiscoveryRequest in these bytes; raise MalformedError if there is none.

    ``read_names`` reads what is, by all appearances, nothing but names, as ``scan_names`` does.
    """
    cut = until(data, _NAMES)
    end = data.find(_TYPES, cut) - 2  # where the type's tag stands; a wrong guess is harmless
    listed, length = read_names(data[cut : max(cut, end)])
    names = list(listed)
    texts = {1: "", 4: "", 5: ""}
    node, error = None, None
    for key, value in (*scan(data, cut), *scan(data[cut + length :])):
        if key in texts:
            texts[key] = text(value)
        elif key == 2:
            node = message(value)
        elif key == _NAMES:
            names.append(text(value))
        elif key == 6:
            error = _status(message(value))
        elif key == 7:
            names.append(_locator(message(value)))
    url = _URLS.get(texts[4], texts[4])
    return SotwRequest(url, tuple(names), texts[1], texts[5], error, node)


def scan_delta(
    data: bytes, read_initial: Callable[[bytes], Initial] = scan_initial
) -> DeltaRequest:
    """Return the DeltaDiscoveryRequest in these bytes; raise MalformedError if there is none.

    ``read_initial`` reads what begins with the initial_resource_versions, as ``scan_initial`` does.
    """
    cut = until(data, INITIAL)
    kept = read_initial(data[cut:]) if cut < len(data) else NO_INITIAL
    texts = {2: "", 6: ""}
    lists: dict[int, list[str]] = {3: [], 4: []}
    node, error = None, None
    for key, value in (*scan(data, cut), *kept.others):
        if key in texts:
            texts[key] = text(value)
        elif key in lists:
            lists[key].append(text(value))
        elif key in (8, 9):
            lists[key - 5].append(_locator(message(value)))
        elif key == 1:
            node = message(value)
        elif key == 7:
            error = _status(message(value))
    names = tuple(lists[3]), tuple(lists[4])
    url = _URLS.get(texts[2], texts[2])
    return DeltaRequest(url, *names, kept.versions, texts[6], error, node)


def scan_node(data: bytes) -> Node:
    """Return the fields of a Node that matter to us; raise MalformedError if it is not one.

    What follows the fields of its own is equal in all proxies of one build: a thousand extensions.
    What lies between them and the id is often equal in a fleet.
    """
    own, cut = until(data, _CLUSTER), until(data, _EXTENSIONS)
    more, digest = _node_rest(data, cut)
    texts = {**_node_texts(data[:own]), **_fleets.read(data[own:cut]), **more}
    name, cluster, agent, build = (texts.get(field, "") for field in (1, 2, 6, 7))
    return Node(name, cluster, agent, build, content_version(data[:cut], digest))


def _node_rest(data: bytes, cut: int) -> tuple[dict[int, str], bytes]:
    """Return the texts behind ``cut``, and a digest: to compare 60 KB costs less than a hash."""
    for rest, texts, digest in _rests:
        if len(rest) == len(data) - cut and data.endswith(rest):
            return texts, digest
    rest = data[cut:]
    _rests.append((rest, _node_texts(rest), content_version(rest).encode()))
    return _rests[-1][1:]


def _node_texts(data: bytes) -> dict[int, str]:
    texts: dict[int, str] = {}
    for key, value in scan(data):
        if key in (1, 2, 6, 7):
            texts[key] = text(value)
        elif key == 8:  # user_agent_build_version, the other arm of the oneof
            texts[7] = _build_version(message(value))
    return texts


_fleets = Requests(_node_texts, _FLEETS, _FLEET)


def _build_version(data: bytes) -> str:
    for key, value in scan(data):
        if key == 1:
            parts = {1: 0, 2: 0, 3: 0}
            parts.update((k, number(v)) for k, v in scan(message(value)) if k in parts)
            return ".".join(str(part) for part in parts.values())
    return ""


def _status(data: bytes) -> str:
    detail = ""
    for key, value in scan(data):
        if key == 2:
            detail = text(value)
    return detail


def _locator(data: bytes) -> str:
    name = ""
    for key, value in scan(data):
        if key == 1:
            name = text(value)
    return name
