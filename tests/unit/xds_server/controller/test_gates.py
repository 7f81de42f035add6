import asyncio
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from tests.devices import xds_resources as make
from xds_server.controller.errors import RefusedError, UnsafeError
from xds_server.controller.gates import GUARDED, check_by_envoy, check_references, check_shrink
from xds_server.controller.targets import Targets
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of


def targets(clusters: int, *others: Resource) -> Targets:
    made = [make.endpoints(f"c{n}") for n in range(clusters)]
    return Targets({"host1": snapshot_of([*made, *others])})


ROUTE = make.route("r", "xds")  # the cluster that every bootstrap has


def test_losing_a_third_is_refused_and_a_quarter_is_not() -> None:
    check_shrink(targets(40), targets(30))
    with pytest.raises(UnsafeError, match=r"host1 would lose 13 of its 40 .*--allow-shrink"):
        check_shrink(targets(40), targets(27))


def test_losing_all_of_a_type_is_refused() -> None:
    with pytest.raises(UnsafeError, match="every RouteConfiguration"):
        check_shrink(targets(40, ROUTE), targets(40))


def test_small_proxies_new_proxies_and_hosts_that_go_are_not_guarded() -> None:
    check_shrink(targets(GUARDED - 1), targets(0))
    check_shrink(Targets(), targets(40))
    check_shrink(targets(40), Targets())


def test_loose_ends_are_refused() -> None:
    check_references(Targets(), targets(1, ROUTE))
    with pytest.raises(RefusedError) as refused:
        check_references(Targets(), targets(1, make.route("r", "nowhere")))
    assert [d.code for d in refused.value.diagnostics] == ["FS6007"]


@dataclass
class _Refusal:
    reason: str
    resource: Resource | None


class _Judge:
    budget: float | None = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def judge(self, node: str, snapshot: Snapshot) -> _Refusal | None:
        self.asked.append(node)
        bad = [r for named in snapshot.resources.values() for r in named.values()]
        blamed = next((r for r in bad if r.origin), None)
        return _Refusal("no", blamed) if len(bad) == 2 else None


def test_only_what_changed_is_judged_and_a_refusal_names_the_line() -> None:
    judge = _Judge()
    same = targets(1)
    asyncio.run(check_by_envoy(judge, same, same))
    assert judge.asked == []
    with pytest.raises(RefusedError) as refused:
        asyncio.run(check_by_envoy(judge, same, targets(1, make.cluster("abc"))))
    (found,) = refused.value.diagnostics
    assert (found.code, found.file, found.line) == ("FS6008", "shop.yaml", 3)
    with pytest.raises(RefusedError, match="1 finding"):
        asyncio.run(check_by_envoy(judge, same, targets(2)))


def test_proxies_that_are_sent_the_same_are_judged_once_and_only_within_the_budget() -> None:
    judge, none = _Judge(), Targets()
    alike = Targets(dict.fromkeys(("host1", "host2"), targets(3).proxies["host1"]))
    asyncio.run(check_by_envoy(judge, none, alike))
    assert len(judge.asked) == 1
    judge.budget = -1.0
    with capture_logs() as logs:
        asyncio.run(check_by_envoy(judge, none, alike))
    assert len(judge.asked) == 1
    assert [(line["event"], line["left"]) for line in logs] == [("not all proxies validated", 1)]
