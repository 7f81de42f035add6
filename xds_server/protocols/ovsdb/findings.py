"""What an operator should mend in a bridge's database, by topic."""

from __future__ import annotations

from xds_server.protocols.ovsdb.mirror import Bridge

FAIL_MODE, INTERFACES = "fail-mode", "interfaces"
TOPICS = (FAIL_MODE, INTERFACES)


def findings(bridge: Bridge) -> dict[str, str]:
    """Return a warning for every topic; empty text where all is well."""
    return {FAIL_MODE: _fail_mode(bridge), INTERFACES: _interfaces(bridge)}


def _fail_mode(bridge: Bridge) -> str:
    if bridge.fail_mode == "secure":
        return ""
    mode = bridge.fail_mode or "standalone (unset)"
    return (
        f"bridge {bridge.name} has fail mode {mode}: without a controller it would forward what "
        f"the policy denies; run ovs-vsctl set-fail-mode {bridge.name} secure"
    )


def _interfaces(bridge: Bridge) -> str:
    broken = [f"{i.name} ({i.error})" for i in bridge.interfaces if i.error]
    if not broken:
        return ""
    return f"bridge {bridge.name} could not open {len(broken)} interface(s): {', '.join(broken)}"
