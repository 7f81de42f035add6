"""Every story's flows, as they were last looked at, and as a real bridge gives them back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.openflow_wire import Wire
from tests.devices.ovs import PrivateOvs
from tests.golden.looked_at import golden
from tests.golden.test_golden_plan import STORIES, compiled
from translators.openflow.encode import encode
from translators.openflow.frames import synthetic_ports
from translators.openflow.render import render, render_meter
from translators.openflow.translate import translate
from translators.plan.model import Plan

PORTS = 32


def _texts(plan: Plan) -> dict[str, str]:
    return {
        f"{host.name}.flows": render(translate(plan, host.name, synthetic_ports(plan, host.name)))
        for host in plan.hosts
    }


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_flows_are_golden(story: Path) -> None:
    got = _texts(compiled(story).plan)
    assert got, "a story without a host shows no flow"
    golden(story / "expected" / "openflow", got)


@pytest.fixture(scope="module")
def bridge() -> Iterator[PrivateOvs]:
    with PrivateOvs() as ovs:
        ovs.add_bridge("br-int", {f"p{n}": n for n in range(1, PORTS + 1)})
        yield ovs


@pytest.mark.device
@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_a_bridge_says_the_golden_back(bridge: PrivateOvs, story: Path) -> None:
    plan = compiled(story).plan
    for host in plan.hosts:
        text = (story / "expected" / "openflow" / f"{host.name}.flows").read_text()
        bridge.ofctl("del-flows", "br-int")
        bridge.ofctl("del-groups", "br-int")
        bridge.ofctl("del-meters", "br-int")
        program = translate(plan, host.name, synthetic_ports(plan, host.name))
        for meter in program.meters:
            bridge.ofctl("add-meter", "br-int", render_meter(meter))
        bridge.add_flows("br-int", text)
        wanted = encode(program)
        wire = Wire(bridge.management_socket("br-int"))
        try:
            # What ovs-ofctl made of the text, what we would send, and what the bridge holds
            # are the same bytes: no match was erased on the way.
            assert wire.flows() == sorted(wanted.flows)
            assert wire.groups() == sorted(wanted.groups)
            wire.load(wanted)
            assert wire.flows() == sorted(wanted.flows)
            assert wire.groups() == sorted(wanted.groups)
        finally:
            wire.close()
