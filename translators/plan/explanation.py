"""What one layer does to a packet or request, in the words of its own device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One row of an explanation, from source to destination."""

    layer: str  # "vswitch", "proxy", "fabric"
    device: str  # "host1/br-int", "host1/envoy", "leaf1 -> leaf2"
    verdict: str  # "allow", "deny", "audit", "shape", "mirror", "steer", "carry"
    native: str  # the flow, route or VNI as the device would print it
    rule: str  # the policy clause behind it, or ""
    origin: str  # "file:line", or ""
    reason: str  # why it is decided here
