"""What an Envoy says it runs, from its admin page, in the form in which we show what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from translators.envoy.encode import encode
from translators.envoy.from_json import from_json
from translators.envoy.rendering import as_dict
from translators.envoy.secret import SECRET
from xds_server.cli.exits import Exit, Fail

# ConfigDump's lists of dynamic resources, and the field of an entry that holds the resource.
_LISTS = {
    "dynamic_listeners": "listener",
    "dynamic_route_configs": "route_config",
    "dynamic_active_clusters": "cluster",
    "dynamic_endpoint_configs": "endpoint_config",
    "dynamic_active_secrets": "secret",
}
Running = dict[tuple[str, str], Any]  # (type URL, name) to the resource's JSON


def config_dump(admin: str) -> Running:
    """Return the resources that the Envoy at ``host:port`` or a Unix socket got over xDS.

    Raises Fail if it does not answer.
    """
    is_path = "/" in admin
    transport = httpx.HTTPTransport(uds=admin) if is_path else None
    base = "http://envoy" if is_path else f"http://{admin}"
    try:
        with httpx.Client(transport=transport, timeout=30) as client:
            answer = client.get(f"{base}/config_dump?include_eds")
            answer.raise_for_status()
            dump = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Fail(f"no Envoy answers at {admin} ({error}), check --admin", Exit.SERVER) from error
    return read(dump)


def read(dump: dict[str, Any]) -> Running:
    """Return the dynamic resources of a config dump (envoy.admin.v3.ConfigDump)."""
    found: Running = {}
    for resource in _resources(dump):
        kind = resource["@type"]
        name = resource.get("name") or resource.get("cluster_name", "")
        if kind == SECRET:
            found[kind, name] = {"@type": kind, "name": name}  # of a secret no more is shown
            continue
        message, wrong = from_json(resource)
        # What this version's API cannot read is shown as it is: it then differs from ours.
        plain = resource if message is None or wrong else as_dict(kind, encode(message))
        found[kind, name] = plain
    return found


def _resources(dump: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for config in dump.get("configs", ()):
        for field, inner in _LISTS.items():
            for entry in config.get(field, ()):
                state = entry.get("active_state", entry)
                if inner in state:
                    yield state[inner]
