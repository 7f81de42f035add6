"""What an operator should mend in a bridge's database, by topic."""

from __future__ import annotations

import re

from xds_server.protocols.ovsdb.mirror import Bridge

FAIL_MODE, INTERFACES, PROTOCOLS = "fail-mode", "interfaces", "protocols"
IDENTITIES, RESTORING, VERSION = "iface-id", "flow-restore-wait", "ovs-version"
TOPICS = (FAIL_MODE, IDENTITIES, INTERFACES, PROTOCOLS, RESTORING, VERSION)
OLDEST = (3, 1)  # the first Open vSwitch that this pipeline was proven on
_SPEAKS = "OpenFlow15"


def findings(bridge: Bridge) -> dict[str, str]:
    """Return a warning for every topic; empty text where all is well."""
    return {
        FAIL_MODE: _fail_mode(bridge),
        IDENTITIES: _identities(bridge),
        INTERFACES: _interfaces(bridge),
        PROTOCOLS: _protocols(bridge),
        RESTORING: _restoring(bridge),
        VERSION: _version(bridge),
    }


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


def _identities(bridge: Bridge) -> str:
    """Two interfaces of one workload: only one of them can be its port."""
    holders: dict[str, list[str]] = {}
    for each in bridge.interfaces:
        if each.ofport and (identity := each.external_ids.get("iface-id")):
            holders.setdefault(identity, []).append(each.name)
    twice = [f"{key} ({', '.join(names)})" for key, names in holders.items() if len(names) > 1]
    if not twice:
        return ""
    return f"bridge {bridge.name} has interfaces with one iface-id: {'; '.join(sorted(twice))}"


def _protocols(bridge: Bridge) -> str:
    if not bridge.protocols or _SPEAKS in bridge.protocols:
        return ""
    return (
        f"bridge {bridge.name} speaks {', '.join(bridge.protocols)} only, so that it cannot "
        f"connect; run ovs-vsctl add bridge {bridge.name} protocols {_SPEAKS}"
    )


def _restoring(bridge: Bridge) -> str:
    if not bridge.restoring:
        return ""
    return (
        f"the vswitch of bridge {bridge.name} has flow-restore-wait set: once started anew it "
        "forwards as it did and connects to no controller; when its flows are back, run "
        "ovs-vsctl remove open_vswitch . other_config flow-restore-wait"
    )


def _version(bridge: Bridge) -> str:
    found = re.match(r"(\d+)\.(\d+)", bridge.ovs_version)
    if found is None or (int(found[1]), int(found[2])) >= OLDEST:
        return ""
    oldest = ".".join(map(str, OLDEST))
    return (
        f"bridge {bridge.name} is Open vSwitch {bridge.ovs_version}, and {oldest} is the oldest "
        "that this was proven on: it may refuse flows, and then keeps what it has; upgrade it"
    )
