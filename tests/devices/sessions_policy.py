"""The documents of the sessions' bed: its hosts, workloads and service, and policies to it."""

from __future__ import annotations

from pathlib import Path

SERVICE_PORT, TARGET = 80, 8080
ADDRESSES = {"web": "10.10.0.11", "other": "10.10.0.12", "db": "10.10.0.21", "spare": "10.10.0.22"}
VIP = "10.10.0.200"

NOUNS = f"""
apiVersion: fsdn/v1
kind: Tenant
metadata: {{name: shop}}
spec: {{default: deny}}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {{name: front, tenant: shop}}
spec: {{vni: 10010, vlan: 110, subnets: [10.10.0.0/24], gateways: [10.10.0.1]}}
---
apiVersion: fsdn/v1
kind: Service
metadata: {{name: db, tenant: shop}}
spec:
  segment: front
  addresses: [{VIP}]
  hostnames: [db.shop.example]
  ports: [{{name: sql, port: {SERVICE_PORT}, targetPort: {TARGET}, protocol: PROTOCOL}}]
  selector: {{app: db}}
"""
HOST = """---
apiVersion: fsdn/v1
kind: Host
metadata: {{name: host{n}}}
spec:
  datapathId: "{n:016x}"
  tunnel: {{address: 10.255.1.{n}/24, gateway: 10.255.1.254}}
"""
WORKLOAD = """---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: {name}, tenant: shop, labels: {{app: {app}}}}}
spec: {{segment: front, addresses: [{address}], mac: "{mac}", host: {host}, port: {name}}}
"""


def policy(
    name: str = "db", sources: str = "[{any: true}]", more: str = "", rules: str = ""
) -> str:
    """Return a policy document to the service."""
    clauses = rules or f"[{{match: {{tcp: {{ports: [{SERVICE_PORT}]}}}}, action: allow}}]"
    return (
        f"---\napiVersion: fsdn/v1\nkind: Policy\nmetadata: {{name: {name}, tenant: shop}}\n"
        f"spec: {{from: {sources}, to: [{{service: db}}], rules: {clauses}{more}}}\n"
    )


def policy_line(directory: Path) -> str:
    """Return where the first clause of the policy that a bed applied last stands."""
    text = (directory / "policy.yaml").read_text().splitlines()
    number = next(n for n, line in enumerate(text, 1) if line.startswith("kind: Policy")) + 2
    return f"policy.yaml:{number}"
