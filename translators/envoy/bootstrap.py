"""Bootstraps: the few settings that a client must have before it can ask for all the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import ip_address
from string import Template
from typing import Any

_HDS = """
hds_config:  # which endpoints it checks for all others, and its word on them
  api_type: GRPC
  transport_api_version: V3
  grpc_services:
    - envoy_grpc: {cluster_name: fsdn-controller}
"""
_API = "type.googleapis.com/envoy.extensions.transport_sockets"


@dataclass(frozen=True, slots=True)
class TlsPaths:
    """PEM files on the client's machine: its own certificate and key, and whom it trusts."""

    certificate: str
    key: str
    authority: str


def bootstrap(
    template: str,
    *,
    node: str,
    controller_host: str,
    controller_port: int,
    admin: int | str,
    tls: TlsPaths | None = None,
    relay: str | None = None,
    hds: bool = False,
) -> str:
    """Return the text of a file of ``envoy_configs/`` with its placeholders filled in.

    ``admin`` is a port on loopback or the path of a Unix socket; without ``tls`` the client speaks
    plain text to the controller. ``relay`` is the path of a Unix socket that leads to the
    controller, for a node proxy whose namespace has no route to it. With ``hds`` an Envoy asks
    what it is to check for all others (health discovery service). A port outside 0..65535 raises
    ValueError, and a placeholder that the template invents raises KeyError.
    """
    for port in (controller_port, admin):
        if isinstance(port, int) and not 0 <= port <= 65535:
            message = f"port {port} is not in 0..65535, choose one that is"
            raise ValueError(message)
    values = {
        "NODE": node,
        "ADMIN": _admin(admin),
        "CONTROLLER_ADDRESS": _controller(controller_host, controller_port, relay),
        "CONTROLLER_DISCOVERY": "STATIC" if relay else "STRICT_DNS",
        "CONTROLLER_URI": _uri(controller_host, controller_port),
        "TRANSPORT_SOCKET": _transport_socket(controller_host, tls),
        "CHANNEL_CREDENTIALS": _channel_credentials(tls),
    }
    text = Template(template).substitute({key: json.dumps(v) for key, v in values.items()})
    return text + _HDS if hds else text


def _admin(admin: int | str) -> dict[str, Any]:
    if isinstance(admin, int):
        return {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
    return {"pipe": {"path": admin, "mode": 0o600}}


def _controller(host: str, port: int, relay: str | None) -> dict[str, Any]:
    if relay is not None:
        return {"pipe": {"path": relay}}
    return {"socket_address": {"address": host, "port_value": port}}


def _uri(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _transport_socket(host: str, tls: TlsPaths | None) -> dict[str, Any]:
    """Return Envoy's transport socket: TLS 1.3 to a controller that proves its name, or none."""
    if tls is None:
        raw = {"@type": f"{_API}.raw_buffer.v3.RawBuffer"}
        return {"name": "envoy.transport_sockets.raw_buffer", "typed_config": raw}
    name: dict[str, Any] = {"san_type": "DNS", "matcher": {"exact": host}}
    if _is_address(host):
        name["san_type"] = "IP_ADDRESS"
    # Both bounds: the maximum of Envoy as a client is TLS 1.2 unless it is told otherwise.
    versions = dict.fromkeys(
        ("tls_minimum_protocol_version", "tls_maximum_protocol_version"), "TLSv1_3"
    )
    common = {
        "tls_params": versions,
        "tls_certificates": [
            {
                "certificate_chain": {"filename": tls.certificate},
                "private_key": {"filename": tls.key},
            }
        ],
        "validation_context": {
            "trusted_ca": {"filename": tls.authority},
            "match_typed_subject_alt_names": [name],
        },
    }
    context = {"@type": f"{_API}.tls.v3.UpstreamTlsContext", "common_tls_context": common}
    if not _is_address(host):  # RFC 6066 section 3: addresses are no server names
        context["sni"] = host
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _channel_credentials(tls: TlsPaths | None) -> dict[str, Any]:
    """Return gRPC's own form of the same (gRFC A65)."""
    if tls is None:
        return {"type": "insecure"}
    config = {
        "certificate_file": tls.certificate,
        "private_key_file": tls.key,
        "ca_certificate_file": tls.authority,
    }
    return {"type": "tls", "config": config}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
