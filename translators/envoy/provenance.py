"""Who caused an object: Envoy metadata in the namespace ``fsdn``, read back by access logs."""

from __future__ import annotations

from envoy_data_plane.envoy.config.core.v3 import Metadata
from envoy_data_plane.google.protobuf import Struct, Value

NAMESPACE = "fsdn"


def provenance(rule: str, origin: str) -> Metadata:
    """Return metadata that names the policy clause and its "file:line"."""
    return Metadata(filter_metadata={NAMESPACE: text_struct({"origin": origin, "rule": rule})})


def text_struct(values: dict[str, str]) -> Struct:
    """Return a struct of strings, sorted by key."""
    return Struct(fields={key: Value(string_value=text) for key, text in sorted(values.items())})
