"""Documents for unit tests: a good one of a kind, and what becomes of it with other fields."""

import json
from typing import Any

from translators.policy.load import load
from translators.policy.shape import Thing

GOOD: dict[str, dict[str, Any]] = {
    "Tenant": {"default": "allow"},
    "Segment": {"vni": 10, "subnets": ["10.0.0.0/24", "fd00::/64"], "gateways": ["10.0.0.1"]},
    "Host": {
        "datapathId": "00000000000000AB",
        "tunnel": {"address": "10.255.1.2/30", "gateway": "10.255.1.1"},
        "uplink": {"switch": "leaf1", "port": "h1"},
    },
    "Workload": {
        "segment": "front",
        "addresses": ["10.0.0.2"],
        "mac": "02:00:00:00:00:01",
        "host": "host1",
        "port": "web",
    },
    "Service": {"ports": [{"name": "http", "port": 80}], "selector": {"app": "web"}},
    "Policy": {"from": [{"any": True}], "to": [{"any": True}], "rules": [{"action": "allow"}]},
    "Switch": {"role": "leaf", "asn": 65001, "loopback": "10.254.0.1"},
    "EnvoyResource": {"resources": [{"@type": "type.googleapis.com/a.B", "name": "x"}]},
    "EnvoyPatch": {"target": {"type": "Cluster", "name": "*"}, "value": {"name": None}},
    "Link": {"ends": [{"switch": "a", "port": "p1"}, {"switch": "b", "port": "p1"}]},
}
TENANTED = {"Segment", "Workload", "Service", "Policy"}


def text(kind: str, **fields: Any) -> str:
    metadata = {"name": "x"} | ({"tenant": "shop"} if kind in TENANTED else {})
    spec = {k: v for k, v in {**GOOD[kind], **fields}.items() if v is not ...}
    return json.dumps({"apiVersion": "fsdn/v1", "kind": kind, "metadata": metadata, "spec": spec})


def good(kind: str, **fields: Any) -> Thing:
    """Return the model of a document; ``...`` leaves a field out."""
    loaded = load(text(kind, **fields), "f")
    assert loaded.diagnostics == (), loaded.diagnostics
    return loaded.documents[0].model


def refused(kind: str, **fields: Any) -> list[tuple[str, str]]:
    """Return the codes and paths of what is wrong with a document."""
    return [(d.code, d.path) for d in load(text(kind, **fields), "f").diagnostics]
