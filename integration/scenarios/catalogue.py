"""Which claims there are: each is described once, and every bed tries those that it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from integration.bed.build import Bed
from integration.scenarios import explained, fabric, isolation, requests, survival
from integration.scenarios.shop import Row

Claim = Callable[[Bed], Row]

# These leave a bed as they find it, and can be tried in any order.
LASTING: Mapping[str, Claim] = {
    "allowed by an L7 rule, with the sender's address": requests.proxied,
    "the same over IPv6": requests.proxied_by_six,
    "split by weight": lambda bed: requests.split(bed, 0.1),
    "led by a header": requests.by_header,
    "denied by an L7 rule": requests.denied,
    "past the proxy": requests.bypassed,
    "no way around the proxy": isolation.closed_around,
    "denied by an L4 rule at the source": isolation.stopped_at_source,
    "tenants and segments apart": isolation.unreachable,
    "explained as it happens": explained.agrees,
    "bare ports": fabric.bare_ports,
}

# These change the policy, in this order.
MOVING: Mapping[str, Claim] = {
    "weights moved under load": survival.moved,
    "split by the new weights": lambda bed: requests.split(bed, 0.5),
}
