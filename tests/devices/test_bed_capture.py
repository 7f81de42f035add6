"""Capture without iptables, by hand: hand-written flows and a static Envoy on the bed's devices.

What this holds is the recipe of ``xds_server.agent.host_commands``, apart from everything else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path

import pytest

from integration.bed import netns
from integration.bed.netns import Namespace
from integration.bed.vswitch import Vswitch
from integration.bed.workload import Place, attach
from tests.devices.clients import ENVOY
from tests.waiting import until
from xds_server.agent.host_commands import Controllers, Datapath, HostFacts, commands

pytestmark = [pytest.mark.device, pytest.mark.root, pytest.mark.envoy("capture, with Open vSwitch")]

FACTS = HostFacts("host1", "br-int", 1, "fsdn-proxy", "fsdn-tun", False, 1400)
PROXY, GATEWAY = "02:fd:00:00:00:02", "02:fd:00:00:00:01"
WEB = Place(
    "web",
    "02:00:00:00:01:01",
    (ip_interface("10.10.0.11/24"), ip_interface("fd10:10::11/64")),
    (),
    1400,
)
SHOP = Place(
    "shop",
    "02:00:00:00:02:01",
    (ip_interface("10.10.0.21/24"), ip_interface("fd10:10::21/64")),
    (),
    1400,
)

FLOWS = f"""\
table=0,priority=10,arp,arp_op=1 actions=move:eth_src[]->eth_dst[],set_field:{GATEWAY}->eth_src,\
set_field:2->arp_op,move:arp_sha[]->arp_tha[],set_field:{GATEWAY}->arp_sha,\
move:arp_tpa[]->xxreg0[0..31],move:arp_spa[]->arp_tpa[],move:xxreg0[0..31]->arp_spa[],in_port
table=0,priority=5,tcp actions=ct(table=1,zone=1)
table=0,priority=5,tcp6 actions=ct(table=1,zone=1)
table=1,ct_state=+new+trk,tcp,in_port=web,nw_dst=10.10.0.200,tp_dst=80 \
actions=ct(commit,zone=1,exec(set_field:1->ct_mark)),set_field:{PROXY}->eth_dst,output:fsdn-proxy
table=1,ct_state=+new+trk,tcp6,in_port=web,ipv6_dst=fd10:10::ff10,tp_dst=80 \
actions=ct(commit,zone=1,exec(set_field:1->ct_mark)),set_field:{PROXY}->eth_dst,output:fsdn-proxy
table=1,ct_state=+est-rpl+trk,ct_mark=1,in_port=web actions=set_field:{PROXY}->eth_dst,\
output:fsdn-proxy
table=1,ct_state=+est+rpl+trk,ct_mark=1,in_port=fsdn-proxy \
actions=set_field:{WEB.mac}->eth_dst,output:web
table=1,ct_state=+new+trk,tcp,in_port=fsdn-proxy,nw_src=10.10.0.11,tp_dst=8080 \
actions=ct(commit,zone=1,exec(set_field:2->ct_mark)),set_field:{SHOP.mac}->eth_dst,output:shop
table=1,ct_state=+new+trk,tcp6,in_port=fsdn-proxy,ipv6_src=fd10:10::11,tp_dst=8080 \
actions=ct(commit,zone=1,exec(set_field:2->ct_mark)),set_field:{SHOP.mac}->eth_dst,output:shop
table=1,ct_state=+est-rpl+trk,ct_mark=2,in_port=fsdn-proxy \
actions=set_field:{SHOP.mac}->eth_dst,output:shop
table=1,ct_state=+est+rpl+trk,ct_mark=2,in_port=shop \
actions=set_field:{PROXY}->eth_dst,output:fsdn-proxy
"""


def listener(name: str, vip: str, target: str) -> dict[str, object]:
    """A transparent listener on a virtual address, and the cluster that it leads to."""
    typed = "type.googleapis.com/envoy.extensions.filters"
    admin = {"prefix": "/admin"}
    denied = {"match": admin, "direct_response": {"status": 403}}
    routes = [denied, {"match": {"prefix": "/"}, "route": {"cluster": target}}]
    manager = {
        "@type": f"{typed}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{typed}.http.router.v3.Router"},
            }
        ],
    }
    source = {"@type": f"{typed}.listener.original_src.v3.OriginalSrc"}
    return {
        "name": name,
        "address": {"socket_address": {"address": vip, "port_value": 80}},
        "transparent": True,
        "freebind": True,
        "listener_filters": [
            {"name": "envoy.filters.listener.original_src", "typed_config": source}
        ],
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def cluster(address: str) -> dict[str, object]:
    endpoint = {"address": {"socket_address": {"address": address, "port_value": 8080}}}
    endpoints = [{"lb_endpoints": [{"endpoint": endpoint}]}]
    assignment = {"cluster_name": address, "endpoints": endpoints}
    return {"name": address, "type": "STATIC", "load_assignment": assignment}


BOOTSTRAP = {
    "static_resources": {
        "listeners": [
            listener("four", "10.10.0.200", "10.10.0.21"),
            listener("six", "fd10:10::ff10", "fd10:10::21"),
        ],
        "clusters": [cluster("10.10.0.21"), cluster("fd10:10::21")],
    }
}


@dataclass(frozen=True, slots=True)
class Bed:
    vswitch: Vswitch
    web: Namespace
    proxy: Namespace


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    prefix = f"fsdnc{os.getpid()}"
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield build(prefix, directory)
    finally:
        netns.remove(netns.existing(prefix))
        shutil.rmtree(directory)


def build(prefix: str, directory: Path) -> Bed:
    host = netns.create(f"{prefix}-host1")
    vswitch = Vswitch(host, directory / "ovs")
    vswitch.start()
    for _ in range(2):  # the second time must change nothing and fail nowhere
        prepare(vswitch, f"{prefix}-proxy")
    vswitch.vsctl("del-controller", "br-int")  # the flows are ours here
    web = attach(f"{prefix}-web", host, WEB)
    shop = attach(f"{prefix}-shop", host, SHOP)
    vswitch.plug("br-int", WEB.port, SHOP.port)
    web.ip(f"neigh add fd10:10::ff10 lladdr {GATEWAY} dev eth0 nud permanent")
    shop.ip(f"neigh add fd10:10::11 lladdr {GATEWAY} dev eth0 nud permanent")
    vswitch.ofctl("add-flows", "br-int", "-", text=FLOWS)
    shop.spawn([sys.executable, "-m", "integration.bed.server", "shop"], directory / "shop.log")
    proxy = Namespace(f"{prefix}-proxy")
    config = directory / "envoy.json"
    config.write_text(json.dumps(BOOTSTRAP))
    argv = [ENVOY, "-c", str(config), "--concurrency", "1", "--disable-hot-restart"]
    proxy.spawn(argv, directory / "envoy.log")
    wait(web, "http://10.10.0.200/")
    return Bed(vswitch, web, proxy)


def prepare(vswitch: Vswitch, proxy: str) -> None:
    controllers = Controllers("tcp:127.0.0.1:1", "tcp:127.0.0.1:2")
    script = "\n".join(map(str, commands(FACTS, controllers, proxy, Datapath.NETDEV)))
    vswitch.namespace.run("sh", "-e", text=script, env=vswitch.environment)


def ask(web: Namespace, url: str, timeout: float = 10.0) -> dict[str, object]:
    """One request; what the load client reports of it."""
    argv = [sys.executable, "-m", "integration.bed.client", url, "--count=1"]
    reported: dict[str, object] = json.loads(web.run(*argv, f"--timeout={timeout}"))
    return reported


def wait(web: Namespace, url: str) -> None:
    until(lambda: ask(web, url, 1.0)["statuses"] == {"200": 1}, lambda: f"no answer from {url}")


@pytest.mark.parametrize(
    ("url", "client"),
    [("http://10.10.0.200/", "10.10.0.11"), ("http://[fd10:10::ff10]/", "fd10:10::11")],
)
def test_a_captured_request_reaches_the_server_with_the_clients_address(
    bed: Bed, url: str, client: str
) -> None:
    report = ask(bed.web, url)
    assert report["names"] == {"shop": 1}
    assert report["peers"] == {client: 1}


def test_the_proxy_denies_by_path(bed: Bed) -> None:
    assert ask(bed.web, "http://10.10.0.200/admin")["statuses"] == {"403": 1}


def test_the_server_cannot_be_reached_around_the_proxy(bed: Bed) -> None:
    report = ask(bed.web, "http://10.10.0.21:8080/", timeout=1.0)
    assert report["answered"] == 0
    assert report["failed"] == 1


def test_both_halves_are_told_apart_by_their_mark(bed: Bed) -> None:
    ask(bed.web, "http://10.10.0.200/")
    table = bed.vswitch.appctl("dpctl/dump-conntrack")
    assert "mark=1" in table
    assert "mark=2" in table
