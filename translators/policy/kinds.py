"""The kinds of the language, those still to come, and their fields."""

from __future__ import annotations

from translators.policy.envoy_patch import EnvoyPatch
from translators.policy.envoy_resource import EnvoyResource
from translators.policy.host import Host
from translators.policy.link import Link
from translators.policy.policy import Policy
from translators.policy.segment import Segment
from translators.policy.service import Service
from translators.policy.shape import Thing
from translators.policy.switch import Switch
from translators.policy.tenant import Tenant
from translators.policy.workload import Workload

KINDS: dict[str, type[Thing]] = {
    "Tenant": Tenant,
    "Segment": Segment,
    "Host": Host,
    "Workload": Workload,
    "Service": Service,
    "Policy": Policy,
    "Switch": Switch,
    "Link": Link,
    "EnvoyResource": EnvoyResource,
    "EnvoyPatch": EnvoyPatch,
}

FUTURE_KINDS = frozenset({"Authority", "Chain", "Encapsulation", "Function", "Gateway"})

# Fields of the language's design that no layer carries out yet: silence would be a gap.
FUTURE_FIELDS = frozenset(
    [
        "capabilities",
        "chain",
        "circuitBreaking",
        "connectTimeout",
        "cookies",
        "dialect",
        "directResponse",
        "ethernet",
        "fault",
        "gateway",
        "grpc",
        "headerChanges",
        "healthChecks",
        "layers",
        "limit",
        "loadBalancing",
        "mirror",
        "observe",
        "outlierEjection",
        "owners",
        "perTryTimeout",
        "quotas",
        "redirect",
        "rewrite",
        "sessionAffinity",
        "tenant",
        "timeouts",
        "tls",
        "vnis",
    ]
)

FUTURE_VALUES = frozenset({"proxyless", "sidecar", "tls", "websocket"})
