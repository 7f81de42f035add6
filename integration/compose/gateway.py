"""The ingress gateway in a container: an Envoy at the edge that is a workload of the policy too."""

from __future__ import annotations

import os
from pathlib import Path

from integration.bed.netns import run
from integration.bed.workload import Place
from integration.compose import node

BOOTSTRAP = Path("/run/fsdn/envoy.yaml")
PORT = "front"  # the cable to the bridge of the gateway's host
WORKLOAD = "shop/gateway"
USER = "10001"


def start(name: str) -> None:
    """Become the workload on the cable, then Envoy, without root and without capabilities."""
    layout = node.layout()
    node.plug(node.cables(os.environ["FSDN_CABLES"]), node.interfaces())
    settle(layout.place(layout.plan.endpoint[WORKLOAD]))
    BOOTSTRAP.parent.mkdir(parents=True, exist_ok=True)
    BOOTSTRAP.write_text(bootstrap(name, os.environ["FSDN_XDS"]))
    drop = ("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs")
    envoy = ("envoy", "-c", str(BOOTSTRAP), "--concurrency", "1", "--log-level", "warning")
    os.execvp(drop[0], (*drop, "--inh-caps=-all", "--bounding-set=-all", *envoy))


def settle(place: Place) -> None:
    """Give the cable the workload's addresses; a bridge in user space wants whole checksums."""
    run(["ip", "link", "set", PORT, "address", place.mac, "mtu", str(place.mtu)])
    run(["ethtool", "-K", PORT, "tx", "off"])
    for address in place.addresses:
        run(["ip", "addr", "add", str(address), "dev", PORT])


def bootstrap(name: str, xds: str) -> str:
    """Return what ``fsdn bootstrap`` has Envoy start with; the certificate carries the name."""
    argv = ["fsdn", "bootstrap", "gateway", "--node", name, "--xds", xds]
    argv += ["--tls-cert", f"{node.KEYS}/tls.crt", "--tls-key", f"{node.KEYS}/tls.key"]
    return run([*argv, "--tls-ca", f"{node.KEYS}/ca.crt"])


if __name__ == "__main__":
    node.main(start)
