"""An Open vSwitch and an Envoy of one's own, outside the bed, get what policy says of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from integration.bed.build import until
from integration.bed.traffic import Report, ask
from integration.engine.stand import Stand
from integration.rootless import Here
from tests.containers.desk import BRIDGE, DATAPATH, NAME, SERVER_PORT, WORKLOADS, Desk, desk

pytestmark = [pytest.mark.containers]
POLICY = f"""\
apiVersion: fsdn/v1
kind: Tenant
metadata: {{name: desk}}
spec: {{default: deny}}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {{name: desk, tenant: desk}}
spec: {{vni: 30990, subnets: [10.99.0.0/24]}}
---
apiVersion: fsdn/v1
kind: Host
metadata: {{name: {NAME}}}
spec: {{bridge: {BRIDGE}, datapathId: "{DATAPATH}"}}
---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: readers, tenant: desk}}
spec:
  from: [{{labels: {{app: reader}}}}]
  to: [{{labels: {{app: library}}}}]
  rules:
    - match: {{tcp: {{ports: [{SERVER_PORT}]}}}}
      action: allow
"""
WORKLOAD = """\
---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: {name}, tenant: desk, labels: {{app: {name}}}}}
spec: {{segment: desk, addresses: [{address}], mac: "{mac}", host: {host}, port: {port}}}
"""
FILTERS = "type.googleapis.com/envoy.extensions.filters"
# A listener of the machine's own that leads to the bed's gateway; /closed ends in it.
RESOURCES = """\
---
apiVersion: fsdn/v1
kind: EnvoyResource
metadata: {{name: desk}}
spec:
  hosts: [{host}]
  resources:
    - "@type": type.googleapis.com/envoy.config.listener.v3.Listener
      name: desk
      address: {{socket_address: {{address: 127.0.0.1, port_value: {listen}}}}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": {filters}.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: desk
                route_config:
                  name: desk
                  virtual_hosts:
                    - name: desk
                      domains: ["*"]
                      routes:
                        - match: {{prefix: /closed}}
                          direct_response: {{status: 403}}
                        - match: {{prefix: /}}
                          route: {{cluster: desk}}
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": {filters}.http.router.v3.Router
    - "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
      name: desk
      type: STATIC
      connect_timeout: 2s
      load_assignment:
        cluster_name: desk
        endpoints:
          - lb_endpoints:
              - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {to}}}}}}}
"""


def documents(listen: int, to: int) -> str:
    """Return what describes the machine, as its user would write it."""
    workloads = [
        WORKLOAD.format(name=name, address=at.addresses[0].ip, mac=at.mac, host=NAME, port=at.port)
        for name, at in WORKLOADS.items()
    ]
    return (
        POLICY
        + "".join(workloads)
        + RESOURCES.format(filters=FILTERS, host=NAME, listen=listen, to=to)
    )


@pytest.fixture(scope="module")
def own(stand: Stand) -> Iterator[Desk]:
    with desk(stand) as found:
        yield found


def test_an_own_bridge_and_an_own_envoy_do_as_policy_says(own: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    text = documents(listen, int(own.stand.given["FSDN_GATEWAY_PORT"]))
    with own.envoy():
        own.fsdn("apply", "-f", "-", "--wait", "acked", text=text)
        try:
            until(lambda: states(own) == {"bridge": "SYNCED", "proxy": "SYNCED"}, "not in step")
            assert NAME in own.fsdn("proxy", "status")
            assert library(own, "reader").names == {"library": 3}
            assert library(own, "stranger").unanswered
            url = f"http://127.0.0.1:{listen}"
            assert ask(Here("here"), f"{url}/", 10).statuses == {"200": 10}
            assert ask(Here("here"), f"{url}/closed", 3).statuses == {"403": 3}  # by our own
            assert ask(Here("here"), f"{url}/admin", 3).statuses == {"403": 3}  # by host3's
        finally:
            own.fsdn("delete", "-f", "-", text=text)


def states(own: Desk) -> dict[str, str]:
    """Return the states of the machine's devices by their kind."""
    devices = json.loads(own.fsdn("status", "-o", "json"))["devices"]
    named = ((*d["device"].partition("/"), d["state"]) for d in devices)
    return {kind: state for kind, _, name, state in named if name == NAME}


def library(own: Desk, name: str) -> Report:
    """Ask the library from a workload of the machine."""
    url = f"http://{WORKLOADS['library'].addresses[0].ip}:{SERVER_PORT}/"
    return ask(own.workload(name), url, 3, timeout=1.0)


def test_who_has_no_certificate_is_not_let_in(own: Desk) -> None:
    address = f"https://127.0.0.1:{own.stand.given['FSDN_API_PORT']}/v1/status"
    done = Here("here").run("sh", "-c", f"curl -sk -m 5 {address} || echo refused: $?")
    assert done.startswith("refused")
