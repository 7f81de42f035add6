"""The forms in which plain files hold Envoy resources, reduced to one: typed objects.

A document is one resource with its ``@type``, a list of such, a DiscoveryResponse as Envoy reads
it from its own files (service/discovery/v3/discovery.proto), or lists by kind as a bootstrap has
them (config/bootstrap/v3/bootstrap.proto, static_resources).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translators.envoy.from_json import FIELD, TYPE, VALUE, Path, Wrong
from translators.envoy.message_types import PREFIX
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE

_RESPONSE = PREFIX + "envoy.service.discovery.v3.DiscoveryResponse"
_WRAPPED = PREFIX + "envoy.service.discovery.v3.Resource"
_BOOTSTRAP = PREFIX + "envoy.config.bootstrap.v3.Bootstrap"
_SPOKEN = {"resources", "version_info", "versionInfo"}
_UNUSED = {"@type", "type_url", "typeUrl", "nonce", "canary", "control_plane", "controlPlane"}
_LISTS = {"listeners": LISTENER, "clusters": CLUSTER, "routes": ROUTE, "endpoints": ENDPOINT}
_STATIC = ("static_resources", "staticResources")
_SECRETS = "keys do not belong into this folder: put them into that of --secrets"


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of a document: where it stands there, and its value with ``@type``."""

    path: Path
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """The resources of a document, the version that it gives them, and what is wrong with it."""

    parts: tuple[Part, ...] = ()
    version: str = ""
    version_path: Path = ()
    wrong: tuple[Wrong, ...] = ()
    unused: tuple[Path, ...] = ()  # a bootstrap's own fields, which nobody serves


def form_of(value: Any) -> Form:
    """Return what a document holds; whatever is no resource is in ``wrong``."""
    if isinstance(value, list):
        return _typed(value, ())
    if not isinstance(value, dict):
        mend = "write a resource with '@type', or a list below resources:"
        return Form(wrong=(Wrong((), VALUE, "the document holds no resources", mend),))
    kind = value.get("@type")
    if kind == _RESPONSE or (kind is None and "resources" in value):
        return _response(value)
    if kind == _BOOTSTRAP or (kind is None and any(key in value for key in _STATIC)):
        return _bootstrap(value)
    if kind is None and any(key in value for key in _LISTS):
        return _lists(value, ())
    return _typed([value], None)


def _typed(values: Any, path: Path | None) -> Form:
    """Return objects of which each says its type; without a path the one is the document."""
    if not isinstance(values, list):
        message = f"{(path or ('the document',))[-1]} is a list of resources"
        return Form(wrong=(Wrong(path or (), VALUE, message, "write '- ' before each"),))
    parts, wrong = [], []
    for number, value in enumerate(values):
        at = () if path is None else (*path, number)
        while isinstance(value, dict) and value.get("@type") == _WRAPPED:
            value, at = value.get("resource"), (*at, "resource")
        if isinstance(value, dict) and isinstance(value.get("@type"), str):
            parts.append(Part(at, value))
        else:
            mend = "write the type as '@type': type.googleapis.com/envoy..."
            wrong.append(Wrong(at, TYPE, "the type of the resource is missing", mend))
    return Form(tuple(parts), wrong=tuple(wrong))


def _response(value: Mapping[str, Any]) -> Form:
    found = _typed(value.get("resources"), ("resources",))
    wrong = list(found.wrong)
    for key in value.keys() - _SPOKEN - _UNUSED:
        known = "its fields are version_info and resources"
        wrong.append(Wrong((key,), FIELD, f"{key} is no field of a DiscoveryResponse", known))
    key = "version_info" if "version_info" in value else "versionInfo"
    version = value.get(key, "")
    if not isinstance(version, str | int | float) or isinstance(version, bool):
        wrong.append(Wrong((key,), VALUE, f"{key} is text", "write it in quotes"))
        version = ""
    return Form(found.parts, str(version), (key,), tuple(wrong))


def _bootstrap(value: Mapping[str, Any]) -> Form:
    key = next((key for key in _STATIC if key in value), _STATIC[0])
    unused = tuple((name,) for name in value if name not in (key, "@type"))
    held = value.get(key)
    if not isinstance(held, dict):
        mend = "write listeners: and clusters: below it"
        return Form(wrong=(Wrong((key,), VALUE, f"{key} must be a mapping", mend),))
    found = _lists(held, (key,))
    return Form(found.parts, wrong=found.wrong, unused=unused)


def _lists(value: Mapping[str, Any], path: Path) -> Form:
    parts, wrong = list[Part](), list[Wrong]()
    for key, items in value.items():
        for found in _list(key, items, (*path, key)):
            (parts if isinstance(found, Part) else wrong).append(found)  # type: ignore[arg-type]
    return Form(tuple(parts), wrong=tuple(wrong))


def _list(key: str, items: Any, path: Path) -> Iterator[Part | Wrong]:
    url = _LISTS.get(key)
    if url is None:
        mend = _SECRETS if key == "secrets" else f"write one of {', '.join(_LISTS)}"
        yield Wrong(path, FIELD, f"{key} is no list of resources that are served", mend)
    elif not isinstance(items, list):
        yield Wrong(path, VALUE, f"{key} is a list", "write '- ' before each resource")
    else:
        for number, item in enumerate(items):
            if isinstance(item, dict):
                yield Part((*path, number), {"@type": url, **item})
            else:
                mend = "write its fields below it"
                yield Wrong((*path, number), VALUE, "a resource must be a mapping", mend)
