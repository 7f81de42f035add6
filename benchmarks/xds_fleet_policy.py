"""A policy for a fleet: a client on every host, and one service that all their proxies serve."""

from __future__ import annotations

ENDPOINTS = 10
DOOR = "bench/web:80/ipv4"  # the cluster, its endpoints and the listener
ROUTE = DOOR + "/bench/client-{n}"  # each host's route configuration, by its client

NOUNS = """\
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: bench}
spec: {default: deny}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: lan, tenant: bench}
spec: {vni: 10, subnets: [10.0.0.0/8], services: [10.240.0.0/16]}
---
apiVersion: fsdn/v1
kind: Service
metadata: {name: web, tenant: bench}
spec:
  selector: {app: web}
  segment: lan
  ports: [{name: http, port: 80, targetPort: 8080, protocol: http}]
---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: browse, tenant: bench}
spec:
  from: [{labels: {role: client}}]
  to: [{service: web}]
  rules: [{match: {http: {path: {prefix: /v1}}}, action: allow}]
"""

HOST = """\
---
apiVersion: fsdn/v1
kind: Host
metadata: {{name: node-{n}}}
spec: {{bridge: br-int, datapathId: "{id:016x}"}}
---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: client-{n}, tenant: bench, labels: {{role: client}}}}
spec:
  {{segment: lan, addresses: [10.1.{high}.{low}], mac: "02:01:00:00:{high:02x}:{low:02x}",
   host: node-{n}, port: client}}
"""

ENDPOINT = """\
---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: web-{n}, tenant: bench, labels: {{app: web}}}}
spec:
  {{segment: lan, addresses: [10.2.{shift}.{low}], mac: "02:02:00:00:00:{low:02x}",
   host: node-0, port: web-{n}}}
"""


def text(hosts: int) -> str:
    """Return the policy for so many hosts, node-0 and so on."""
    each = [HOST.format(n=n, id=n + 1, high=n // 200, low=n % 200 + 1) for n in range(hosts)]
    return NOUNS + "".join(each) + "".join(endpoint(n, 0) for n in range(ENDPOINTS))


def endpoint(number: int, shift: int) -> str:
    """Return one endpoint of the service; ``shift`` (0 to 255) moves it."""
    return ENDPOINT.format(n=number, low=number + 1, shift=shift)
