"""Amendments of compiled resources in Envoy's own language: merged, replaced or removed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from translators.diagnostics import Diagnostic, report
from translators.envoy.encode import encode
from translators.envoy.from_json import Wrong, from_json
from translators.envoy.raw import located, name_field
from translators.envoy.rendering import as_dict
from translators.envoy.resources import EncodedResource
from translators.plan.raw import RawPatch

_KEPT = 4096
Compiled = Sequence[tuple[str, Sequence[EncodedResource]]]  # hosts with their compiled resources


@dataclass(frozen=True, slots=True)
class Amended:
    """A resource's new bytes, or what is wrong with the patch."""

    body: bytes
    wrong: tuple[Wrong, ...]


def patched(
    host: str, resources: Sequence[EncodedResource], patches: Sequence[RawPatch]
) -> tuple[EncodedResource, ...]:
    """Return the host's compiled resources as the patches make them, in the patches' order.

    The origin of an amended resource names both the policy and the patch. A patch that cannot be
    applied changes nothing here; ``patch_findings`` says why.
    """
    found = tuple(resources)
    for patch in patches:
        found = tuple(new for one in found if (new := _one(host, one, patch)) is not None)
    return found


def patch_findings(compiled: Compiled, patches: Sequence[RawPatch]) -> Iterator[Diagnostic]:
    """Yield errors of patches that cannot be applied, and warnings of those without a target."""
    held = [(host, tuple(resources)) for host, resources in compiled]
    for patch in patches:
        hits = [(h, r) for h, resources in held for r in resources if _targets(patch, h, r)]
        line = dict(patch.lines).get("", patch.origin.line)
        if not hits:
            message = f"no compiled {patch.type} is named {patch.target}"
            yield report("FS6005", patch.origin.file, line, message)
        amended = (_amended(r.type_url, r.body, *_of(patch)) for _, r in hits)
        wrong = {one: None for found in amended for one in found.wrong}  # once, in this order
        yield from located(wrong, patch.origin.file, line, patch.lines, ("spec", "value"))
        held = [(host, patched(host, resources, [patch])) for host, resources in held]


def _of(patch: RawPatch) -> tuple[str, str]:
    return patch.operation, patch.body


def _targets(patch: RawPatch, host: str, resource: EncodedResource) -> bool:
    return (
        host in patch.hosts
        and resource.type_url.rpartition(".")[2] == patch.type
        and fnmatchcase(resource.name, patch.target)
    )


def _one(host: str, resource: EncodedResource, patch: RawPatch) -> EncodedResource | None:
    if not _targets(patch, host, resource):
        return resource
    if patch.operation == "remove":
        return None
    found = _amended(resource.type_url, resource.body, *_of(patch))
    if found.wrong:
        return resource
    origin = f"{resource.origin}, patched by {patch.origin}"
    return replace(resource, body=found.body, origin=origin)


@lru_cache(maxsize=_KEPT)
def _amended(type_url: str, body: bytes, operation: str, text: str) -> Amended:
    if operation == "remove":
        return Amended(b"", ())
    before, value = as_dict(type_url, body), json.loads(text)
    key = name_field(type_url)
    fixed = {"@type": type_url, key: before[key]}
    after = merge(before, value) if operation == "merge" else {**fixed, **value}
    for name, held in fixed.items():
        if after.get(name) != held:
            why = f"a patch cannot change {name} from {held}"
            return Amended(b"", (Wrong((name,), "FS6006", why),))
    message, wrong = from_json(after)
    return Amended(b"" if message is None else encode(message), wrong)


def merge(target: Any, patch: Any) -> Any:
    """Return the target with a JSON merge patch applied (RFC 7396, section 2).

    A field may be spelled as in the .proto file or in camel case, whichever the target has.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    spelled = {_camel(name): name for name in result}
    for key, value in patch.items():
        name = key if key in result else spelled.get(key, key)
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)
