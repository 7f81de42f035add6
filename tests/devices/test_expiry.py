"""A workload hears from its gateway that a packet's TTL ended there: what traceroute lives on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.sessions_bed import Bed, bed

pytestmark = [pytest.mark.device, pytest.mark.root]

ROUTED = """---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: back, tenant: shop}
spec:
  vni: 10020
  subnets: [10.20.0.0/24, "fd10:20::/64"]
  gateways: [10.20.0.1, "fd10:20::1"]
  router: main
---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: spare, tenant: shop}
spec:
  from: [{workload: web}]
  to: [{workload: spare}]
  rules: [{match: {icmp: {}}, action: allow}]
"""
BOTH = (("10.20.0.22", "10.10.0.1"), ("fd10:20::22", "fd10:10::1"))


@pytest.fixture(scope="module")
def made() -> Iterator[Bed]:
    with bed() as made:
        text = made.nouns.replace("PROTOCOL", "tcp")
        text = text.replace("subnets: [10.10.0.0/24]", 'subnets: [10.10.0.0/24, "fd10:10::/64"]')
        text = text.replace("[10.10.0.1]", '[10.10.0.1, "fd10:10::1"], router: main')
        text = text.replace("[10.10.0.11]", '[10.10.0.11, "fd10:10::11"]')
        there = 'segment: back, addresses: [10.20.0.22, "fd10:20::22"]'
        text = text.replace("segment: front, addresses: [10.10.0.22]", there)
        file = Path(made.directory) / "routed.yaml"
        file.write_text(text + ROUTED)
        made.run(file)
        own = "addr add fd10:10::11/64 dev eth0 nodad"
        made.namespaces["web"].ip(own, "route add default via fd10:10::1 dev eth0")
        yield made


@pytest.mark.parametrize(("address", "gateway"), BOTH)
def test_the_gateway_tells_whose_packet_ends_there(made: Bed, address: str, gateway: str) -> None:
    said = made.namespaces["web"].run("sh", "-c", f"ping -nc1 -W5 -t1 {address} || true")
    assert re.search(rf"From {gateway} icmp_seq=1 Time (to live )?exceeded", said), said


def test_nobody_hears_of_what_policy_denies(made: Bed) -> None:
    said = made.namespaces["other"].run("sh", "-c", "ping -nc1 -W1 -t1 10.20.0.22 || true")
    assert "1 transmitted, 0 received" in said.replace("packets ", "")
    assert "exceeded" not in said
