import pytest

from tests.plans import shop_plan
from xds_server.api.asking import Asked, answer
from xds_server.controller.errors import NotFoundError

PLAN = shop_plan()


def asked(destination: str = "reviews", **rest: object) -> Asked:
    return Asked.model_validate({"source": "web", "destination": destination, **rest})


def test_a_request_is_judged_with_its_headers() -> None:
    plain = answer(PLAN, asked(method="get", path="/x"))
    tester = answer(PLAN, asked(method="get", path="/x", header=["X-Tester: 1"]))
    assert plain.rule != tester.rule
    assert tester.action == "allow"


def test_a_connection_to_a_captured_port_is_steered() -> None:
    found = answer(PLAN, asked())
    assert found.steered
    assert found.source.startswith("shop/web (")


def test_a_name_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        answer(PLAN, asked("nothing"))
