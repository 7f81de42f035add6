"""A rollback brings numbers back as they were, not as they would be given now."""

from pathlib import Path

from tests.controlling import controlling
from xds_server.controller.service import Controller
from xds_server.controller.values import SourceFile

SMALL = """\
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: t}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: s, tenant: t}
spec: {vni: 7, subnets: [10.0.0.0/24], services: [10.0.0.128/31]}
"""


FIRST_SECOND = ("10.0.0.128", "10.0.0.129")


def _service(name: str) -> SourceFile:
    text = f"""\
apiVersion: fsdn/v1
kind: Service
metadata: {{name: {name}, tenant: t}}
spec:
  segment: s
  selector: {{app: none}}
  ports: [{{name: web, port: 80, protocol: http}}]
"""
    return SourceFile(f"{name}.yaml", text)


def _address(controller: Controller, service: str) -> str:
    (vip,) = controller.state.plan.service[service].vips
    return str(vip)


async def test_a_rollback_restores_the_addresses_of_its_revision(tmp_path: Path) -> None:
    """Both names ask for the pool's first address; whoever comes first has it."""
    async with controlling(tmp_path) as (controller, _):
        await controller.apply([SourceFile("small.yaml", SMALL)], "ann", "")
        await controller.apply([_service("a"), _service("b")], "ann", "")
        assert (_address(controller, "t/a"), _address(controller, "t/b")) == FIRST_SECOND
        await controller.delete(["service/t/a", "service/t/b"], "bob", "")
        await controller.apply([_service("b")], "bob", "")
        assert _address(controller, "t/b") == FIRST_SECOND[0]  # or this test proves nothing
        await controller.rollback(2, "ann", "")
        assert (_address(controller, "t/a"), _address(controller, "t/b")) == FIRST_SECOND
