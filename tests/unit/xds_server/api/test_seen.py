import pytest

from tests.controlling import shop
from translators.compiler.allocations import Allocations
from translators.plan.model import Plan
from xds_server.api.seen import EntryView, entry_view
from xds_server.controller.compile import compiled, load_files
from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.ring import Numbered


@pytest.fixture(scope="module")
def plan() -> Plan:
    documents, found = load_files(shop())
    return compiled(documents, Allocations(), {}, found).plan


def view(plan: Plan, source: str, destination: str, rule: str = "") -> EntryView:
    entry = Entry(1.0, "host1", Outcome.DENIED, source, 4000, destination, 80, rule=rule)
    return entry_view(plan, Numbered(3, entry))


def test_addresses_get_the_names_of_the_plan(plan: Plan) -> None:
    web = next(e for e in plan.endpoints if e.name == "shop/web")
    service, rule = plan.services[0], plan.rules[0]
    found = view(plan, str(web.addresses[0]), str(service.vips[0]), rule.name)
    assert (found.source, found.service) == ("shop/web", service.name)
    assert (found.rule, found.origin) == (rule.name, str(rule.origin))
    assert found.source_address == f"{web.addresses[0]}:4000"
    assert found.number == 3


def test_strangers_keep_their_addresses(plan: Plan) -> None:
    found = view(plan, "fd99::1", "/run/pipe")
    assert (found.source, found.service) == ("", "")
    assert (found.source_address, found.destination) == ("[fd99::1]:4000", "/run/pipe:80")
