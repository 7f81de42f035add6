import sys
from pathlib import Path

from integration.compose.node import plan_of
from integration.engine.contained import Contained, contained_bed
from integration.engine.stand import POLICY

SERVICES = (
    "controller",
    "gateway",
    "host1",
    "host2",
    "host3",
    "leaf1",
    "leaf2",
    "spine1",
    "spine2",
)
BED = contained_bed(plan_of(*POLICY), {name: f"c-{name}" for name in SERVICES}, Path("/tmp"))


def test_a_command_runs_in_the_namespace_inside_the_container() -> None:
    namespace = Contained("fsdn-web", "c-host1")
    assert namespace.command(sys.executable, "-m", "x") == [
        *("docker", "exec", "-i", "c-host1", "nsenter", "--net=/run/netns/fsdn-web", "--"),
        *("python3", "-m", "x"),
    ]


def test_each_thing_is_in_the_container_that_holds_it() -> None:
    layout = BED.layout
    near, far = layout.bare_ports()
    places = {
        layout.workload("shop/web"): "c-host1",
        layout.workload("shop/kiosk"): "c-host3",
        layout.namespace("host2"): "c-host2",
        layout.namespace(near.name): f"c-{near.switch}",
        layout.namespace(far.name): f"c-{far.switch}",
        BED.switches["spine1"].namespace: "c-spine1",
    }
    for namespace, container in places.items():
        assert isinstance(namespace, Contained)
        assert namespace.container == container


def test_the_controller_is_asked_in_its_own_container() -> None:
    assert BED.controller.layout.management.command("fsdn") == [
        *("docker", "exec", "-i", "c-controller", "fsdn")
    ]
